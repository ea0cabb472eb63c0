"""Makes a release: ``python -m scripts.release VERSION [--dry-run]``.

Writes the version into ``api/version.py``, gives the CHANGELOG's Unreleased part its number and
date, commits and tags. ``--dry-run`` shows the change and writes nothing.
"""

import argparse
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
_NUMBER: Final = re.compile(r"(\d+)\.(\d+)\.(\d+)")
_VERSION: Final = re.compile(r'(VERSION: Final = ")([^"]+)(")')
_UNRELEASED: Final = "## [Unreleased]\n"


class ReleaseError(Exception):
    """Said to the caller in one line."""


@dataclass(frozen=True)
class Release:
    """The two files as they will be."""

    version: str
    version_file: str
    changelog: str
    notes: str


def prepare(version: str, version_file: str, changelog: str, today: date) -> Release:
    """The release from the contents of ``api/version.py`` and ``CHANGELOG.md``.

    Raises:
        ReleaseError: the version is no greater one, or there is nothing to release.
    """
    before = _VERSION.search(version_file)
    if before is None:
        raise ReleaseError("api/version.py names no version")
    if _parts(version) <= _parts(before[2]):
        raise ReleaseError(f"{version} is not greater than {before[2]}")
    head, found, rest = changelog.partition(_UNRELEASED)
    notes, heading, older = rest.partition("\n## [")
    if not found or not notes.strip():
        raise ReleaseError("CHANGELOG.md has nothing under Unreleased")
    dated = f"{head}{_UNRELEASED}\n## [{version}] - {today.isoformat()}\n{notes}{heading}{older}"
    return Release(version, _VERSION.sub(rf"\g<1>{version}\g<3>", version_file), dated, notes)


def _parts(version: str) -> tuple[int, ...]:
    match = _NUMBER.fullmatch(version)
    if match is None:
        raise ReleaseError(f"{version} is no version such as 1.2.3")
    return tuple(int(part) for part in match.groups())


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Exit status: 0 released, or shown with ``--dry-run``; 1 refused."""
    parser = argparse.ArgumentParser(prog="python -m scripts.release", description=__doc__)
    parser.add_argument("version", help="such as 1.2.3")
    parser.add_argument("--dry-run", action="store_true", help="write nothing")
    options = parser.parse_args(arguments)
    version_file, changelog = root / "api/version.py", root / "CHANGELOG.md"
    try:
        release = prepare(
            options.version,
            version_file.read_text("utf-8"),
            changelog.read_text("utf-8"),
            date.today(),
        )
        if options.dry_run:
            sys.stdout.write(f"would release {release.version}:\n{release.notes}")
            return 0
        if _git(root, "status", "--porcelain"):
            raise ReleaseError("there are changes that are not committed")
        version_file.write_text(release.version_file, encoding="utf-8")
        changelog.write_text(release.changelog, encoding="utf-8")
        _git(root, "commit", "--all", "--message", f"Release {release.version}")
        _git(root, "tag", "--annotate", f"v{release.version}", "--message", release.notes.strip())
    except ReleaseError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    sys.stdout.write(f"released {release.version}; now: git push --follow-tags\n")
    return 0


def _git(root: Path, *arguments: str) -> str:
    command = ["git", *arguments]  # found by PATH
    done = subprocess.run(  # noqa: S603 - the arguments are this module's own
        command, cwd=root, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise ReleaseError(f"git {arguments[0]} failed: {done.stderr.strip()[:200]}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())

"""Known weaknesses of the image's packages: ``python -m scripts.audit [--strict]``.

Asks pip-audit about ``requirements.lock``. Where advisories cannot be had (offline, or behind a
mirror that has none) it says so and ends with 0, or with 1 when ``--strict``.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

LOCK: Final = Path(__file__).resolve().parent.parent / "requirements.lock"
_SECONDS: Final = 120
COMMAND: Final = (
    *(sys.executable, "-m", "pip_audit", "--requirement", str(LOCK), "--require-hashes"),
    *("--disable-pip", "--format=json", "--progress-spinner=off"),
)


def judge(found: Sequence[dict[str, Any]], *, strict: bool) -> tuple[int, list[str]]:
    """Exit status and what to say about pip-audit's list of dependencies."""
    weak = [
        f"{one['name']} {one['version']}: {flaw['id']}, fixed in {flaw['fix_versions']}"
        for one in found
        for flaw in one.get("vulns", [])
    ]
    unknown = [one["name"] for one in found if "skip_reason" in one]
    if found and len(unknown) == len(found):
        return int(strict), ["audit skipped: the package index here has no advisories"]
    lines = weak + ([f"not audited: {', '.join(unknown)}"] if unknown else [])
    lines.append(f"{len(found) - len(unknown)} of {len(found)} packages audited, {len(weak)} flaws")
    return int(bool(weak) or (strict and bool(unknown))), lines


def main(arguments: Sequence[str] | None = None, command: Sequence[str] = COMMAND) -> int:
    """Exit status: 1 when there is a flaw; with ``--strict`` also when a package is not known."""
    strict = "--strict" in (sys.argv[1:] if arguments is None else arguments)
    try:
        done = subprocess.run(  # noqa: S603 - the command is a constant of this module
            command, capture_output=True, text=True, check=False, timeout=_SECONDS
        )
        found = json.loads(done.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, ValueError, KeyError):
        sys.stderr.write("audit skipped: the advisories could not be asked for\n")
        return int(strict)
    status, lines = judge(found, strict=strict)
    sys.stderr.write("\n".join(lines) + "\n")
    return status


if __name__ == "__main__":
    sys.exit(main())

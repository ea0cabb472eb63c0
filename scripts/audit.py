"""Known weaknesses of the image's packages: ``python -m scripts.audit [--strict]``.

Asks PyPI's advisories about ``requirements.lock``. Where they cannot be had (offline, or behind a
mirror that has none) it says so and ends with 0, or with 1 when ``--strict``.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import httpx

LOCK: Final = Path(__file__).resolve().parent.parent / "requirements.lock"
# A version, because that is what pip-audit asks for, and some mirrors know projects only.
PROBE: Final = "https://pypi.org/pypi/pip/24.0/json"
_SECONDS: Final = 3.0


def advisories_known(url: str = PROBE) -> bool:
    """Whether somebody answers there who knows about advisories."""
    try:
        return "vulnerabilities" in httpx.get(url, timeout=_SECONDS).json()
    except (httpx.HTTPError, ValueError):
        return False


def judge(found: Sequence[dict[str, Any]], *, strict: bool) -> tuple[int, list[str]]:
    """Exit status and what to say about pip-audit's list of dependencies."""
    weak = [
        f"{one['name']} {one['version']}: {flaw['id']}, mended in {flaw['fix_versions']}"
        for one in found
        for flaw in one.get("vulns", [])
    ]
    unknown = [one["name"] for one in found if "skip_reason" in one]
    said = weak + ([f"not audited: {', '.join(unknown)}"] if unknown else [])
    said.append(f"{len(found) - len(unknown)} of {len(found)} packages audited, {len(weak)} flaws")
    return int(bool(weak) or (strict and bool(unknown))), said


def main(arguments: Sequence[str] | None = None, probe: str = PROBE) -> int:
    """Exit status: 1 when there is a flaw; with ``--strict`` also when a package is not known."""
    strict = "--strict" in (sys.argv[1:] if arguments is None else arguments)
    if not advisories_known(probe):
        sys.stderr.write("audit skipped: PyPI's advisories cannot be had from here\n")
        return int(strict)
    options = ["--require-hashes", "--disable-pip", "--format=json", "--progress-spinner=off"]
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(LOCK), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if not done.stdout:
        sys.stderr.write(done.stderr)
        return 1
    status, said = judge(json.loads(done.stdout)["dependencies"], strict=strict)
    sys.stderr.write("\n".join(said) + "\n")
    return status


if __name__ == "__main__":
    sys.exit(main())

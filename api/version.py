"""Which build this is."""

import os
import subprocess
from functools import lru_cache
from pathlib import Path
from typing import Final

VERSION: Final = "0.1.0"


@lru_cache(maxsize=1)
def commit() -> str:
    """The git commit: from the image's ``GIT_COMMIT``, else from the checkout, else unknown."""
    given = os.environ.get("GIT_COMMIT")
    if given:
        return given
    try:
        found = subprocess.run(
            ["git", "rev-parse", "--short=12", "HEAD"],  # noqa: S607 - git is found by PATH
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            timeout=5,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return found.stdout.strip()

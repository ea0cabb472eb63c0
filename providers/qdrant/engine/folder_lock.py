"""One process at a time holds the embedded engine's folder."""

import fcntl
from pathlib import Path
from typing import IO

from errors import FixConfiguration


def hold(folder: Path) -> IO[str]:
    """Makes the folder and locks it, until what is returned is closed or the process ends.

    Raises:
        FixConfiguration: another process holds it, or it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held = (folder / ".lock").open("a")
    except OSError as error:
        raise FixConfiguration(
            f"DATA_DIR: cannot write to {folder} ({error.strerror})", code="retrieval_unavailable"
        ) from error
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        held.close()
        raise FixConfiguration(
            f"another process holds the embedded Qdrant in {folder}: stop it, let the running "
            "service index the book (POST /admin/index), or set QDRANT_URL",
            code="retrieval_unavailable",
        ) from error
    return held

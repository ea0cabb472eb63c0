"""One process at a time holds the embedded engine's folder."""

from pathlib import Path

import portalocker

from errors import FixConfiguration


def hold(folder: Path) -> portalocker.Lock:
    """Makes the folder and locks it.

    Raises:
        FixConfiguration: another process holds it, or it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ".lock").touch()
    except OSError as error:
        raise FixConfiguration(
            f"DATA_DIR: cannot write to {folder} ({error.strerror})", code="retrieval_unavailable"
        ) from error
    held = portalocker.Lock(
        folder / ".lock", "a", timeout=0, flags=portalocker.LOCK_EX | portalocker.LOCK_NB
    )
    try:
        held.acquire()
    except portalocker.exceptions.LockException as error:
        raise FixConfiguration(
            f"another process holds the embedded Qdrant in {folder}: stop it, let the running "
            "service index the book (POST /admin/index), or set QDRANT_URL",
            code="retrieval_unavailable",
        ) from error
    return held

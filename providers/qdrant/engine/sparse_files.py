"""Copies of files that are mostly holes, such as a write-ahead log laid out in advance."""

import os
from pathlib import Path
from typing import Final

_CHUNK: Final = 1 << 20


def copy_with_holes(source: str | Path, target: str | Path) -> str:
    """Copies only what was written; the rest of the copy is holes again. Returns ``target``."""
    with Path(source).open("rb") as read, Path(target).open("wb") as write:
        size = os.fstat(read.fileno()).st_size
        write.truncate(size)
        position = 0
        while position < size:
            try:
                start = os.lseek(read.fileno(), position, os.SEEK_DATA)
            except OSError:  # no data after position
                break
            position = os.lseek(read.fileno(), start, os.SEEK_HOLE)
            os.lseek(read.fileno(), start, os.SEEK_SET)
            os.lseek(write.fileno(), start, os.SEEK_SET)
            _copy(read.fileno(), write.fileno(), position - start)
    return str(target)


def _copy(source: int, target: int, count: int) -> None:
    while count:
        data = os.read(source, min(count, _CHUNK))
        if not data:
            return
        written = 0
        while written < len(data):
            written += os.write(target, data[written:])
        count -= len(data)

"""Gives freed memory back to the system, which glibc keeps for later allocations."""

import contextlib
import ctypes


def give_back() -> None:
    """Returns what was freed; for use after work that is not done again for a long time."""
    with contextlib.suppress(OSError, AttributeError):  # another C library has no such function
        ctypes.CDLL(None).malloc_trim(0)

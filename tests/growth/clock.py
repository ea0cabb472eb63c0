"""CPU time of a call at two sizes; a call that does not end is ended."""

import gc
import signal
import time
from collections.abc import Callable
from types import FrameType
from typing import Final

SHORT: Final = 1_000
_TIMES: Final = 8
LONG: Final = _TIMES * SHORT
"""Characters; a selection has 8,000 at most, a section of a book more."""
ENOUGH: Final = 0.015
"""Seconds of CPU time that an input of ``LONG`` characters may take without a second look."""
_LINEAR: Final = 2.5
"""Times longer than for the same text in eight pieces; the square takes eight times longer."""
_HOPELESS: Final = 3
"""Times more than is allowed, which no other process explains twice."""
_LIMIT: Final = 1.0
_TINY: Final = 0.1


class TooSlow(Exception):
    """The call was stopped."""


def grows(call: Callable[[str], object], make: Callable[[int], str]) -> str | None:
    """What is wrong with ``call`` on ``make(length)``; None if its time is in proportion."""
    for length in (24, 48, 96):
        if seconds(call, make(length), _TINY) > _TINY:
            return f"exponential: over {_TINY} s for {length} characters"
    hopeless = 0
    for _ in range(5):  # another process may have held the caches
        long = seconds(call, make(LONG))
        if long <= ENOUGH:
            return None
        # As much text in short pieces: one of them may take less than the clock can tell.
        text = make(SHORT)
        short = seconds(lambda part: [call(part) for _ in range(_TIMES)], text)
        allowed = min(_LIMIT, _LINEAR * max(short, 0.004))
        if long <= allowed:
            return None
        hopeless += long > _HOPELESS * allowed
        if hopeless == 2:
            break
    return f"{short:.3f} s for {_TIMES} x {SHORT} characters, {long:.3f} s for {LONG}"


def seconds(call: Callable[[str], object], text: str, limit: float = _LIMIT) -> float:
    """CPU time; at most a little over ``limit``."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise TooSlow

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, limit)
    gc.disable()  # a full collection of the suite's objects takes longer than the call
    begun = time.process_time()
    try:
        call(text)
    except TooSlow:
        return limit + 1
    finally:
        gc.enable()
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
    return time.process_time() - begun

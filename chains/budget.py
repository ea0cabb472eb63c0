"""The month's provider calls: near the end comfort is shed first, then the provider."""

from collections.abc import Callable
from enum import Enum
from typing import Final

_NEARLY: Final = 0.9


class Thrift(Enum):
    """How much may still be spent on a question."""

    NONE = "none"
    """Everything."""
    SHED = "shed"
    """No condensing, no reranking."""
    STOP = "stop"
    """No provider call at all."""


class Budget:
    """``total`` calls a month, 0 for no limit; ``spent`` tells how many were made."""

    def __init__(self, total: int = 0, spent: Callable[[], int] = lambda: 0) -> None:
        self._total = total
        self._spent = spent

    def thrift(self) -> Thrift:
        """What the next question may cost."""
        if not self._total:
            return Thrift.NONE
        spent = self._spent()
        if spent >= self._total:
            return Thrift.STOP
        return Thrift.SHED if spent >= _NEARLY * self._total else Thrift.NONE

    def left(self) -> int:
        """Calls that are left this month; meaningless without a limit."""
        return max(0, self._total - self._spent())

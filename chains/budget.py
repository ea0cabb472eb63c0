"""The month's provider calls: near the end condensing and reranking go first."""

from collections.abc import Callable
from enum import Enum
from typing import Final

_NEARLY: Final = 0.9


class BudgetMode(Enum):
    """How much may still be spent on a question."""

    FULL = "full"
    """Everything."""
    REDUCED = "reduced"
    """No condensing, no reranking."""
    EXHAUSTED = "exhausted"
    """No provider call at all."""


class Budget:
    """``total`` calls a month, 0 for no limit; ``spent`` tells how many were made."""

    def __init__(self, total: int = 0, spent: Callable[[], int] = lambda: 0) -> None:
        self._total = total
        self._spent = spent

    def mode(self) -> BudgetMode:
        """What the next question may cost."""
        if not self._total:
            return BudgetMode.FULL
        spent = self._spent()
        if spent >= self._total:
            return BudgetMode.EXHAUSTED
        return BudgetMode.REDUCED if spent >= _NEARLY * self._total else BudgetMode.FULL

    def left(self) -> int:
        """Calls that are left this month; meaningless without a limit."""
        return max(0, self._total - self._spent())

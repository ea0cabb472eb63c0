"""An answer has an end: how long it may become, and what cuts it off."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

Cut = Literal["tokens", "bytes", "characters", "seconds"]

# As providers say it; a provider's own names for the same thing are told apart by case.
_CUT_BY_MODEL: Final[dict[str, Cut]] = {
    "length": "tokens",
    "max_tokens": "tokens",
    "max_bytes": "bytes",
}


@dataclass(frozen=True)
class AnswerLimits:
    """Most characters and seconds of one answer, whichever model writes it."""

    characters: int = 20_000
    seconds: float = 120.0

    def room(self, said: int) -> int:
        """Characters that may still be said."""
        return max(0, self.characters - said)

    def reached(self, said: int, seconds: float, told: Mapping[str, Any]) -> Cut | None:
        """What ends the answer now, if anything does.

        Args:
            said: characters so far.
            seconds: since the answer was asked for.
            told: the model's ``response_metadata``.
        """
        if said >= self.characters:
            return "characters"
        if seconds >= self.seconds:
            return "seconds"
        return _CUT_BY_MODEL.get(str(told.get("finish_reason", "")).lower())

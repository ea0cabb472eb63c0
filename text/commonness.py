"""How common a word is in English at large: what a book does not use may still say nothing."""

import math
from collections.abc import Iterator, Mapping


class Commonness:
    """Words of general English in Latin letters, by rank.

    Args:
        ranks: lower-cased words with their rank, 1 for the commonest; without any, every word
            counts as rare.
    """

    def __init__(self, ranks: Mapping[str, int] | None = None) -> None:
        self._ranks = ranks or {}
        self._scale = math.log(max(self._ranks.values(), default=0) + 1) or 1.0

    def __contains__(self, word: str) -> bool:
        """True for an ordinary word."""
        return word in self._ranks

    def __iter__(self) -> Iterator[str]:
        """The ordinary words."""
        return iter(self._ranks)

    def rarity(self, word: str) -> float:
        """0 for the commonest word, 1 for one that general English hardly uses."""
        rank = self._ranks.get(word)
        return 1.0 if rank is None else math.log(rank) / self._scale

    def rank(self, word: str) -> int | None:
        """Its rank; None for a word that is not ordinary."""
        return self._ranks.get(word)

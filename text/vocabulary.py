"""Which content words a book uses, and in how many of its sections."""

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, Self

from text.abbreviations import explained as abbreviations
from text.transliteration import Loanwords
from text.words import content_words, tokens


class Vocabulary:
    """Document frequencies of stemmed content words over ``documents`` chunks.

    ``spellings`` counts plain words in Latin letters as the book writes them, lower-cased.
    ``explained`` counts, by lower-cased abbreviation, the long forms that the book gives for it.
    """

    def __init__(
        self,
        documents: int = 0,
        frequencies: Mapping[str, int] | None = None,
        spellings: Mapping[str, int] | None = None,
        explained: Mapping[str, Mapping[str, int]] | None = None,
    ) -> None:
        self.documents = documents
        self._frequencies: Counter[str] = Counter(frequencies or {})
        self.spellings: Counter[str] = Counter(spellings or {})
        self._explained = {short: Counter(longs) for short, longs in (explained or {}).items()}

    @cached_property
    def loanwords(self) -> Loanwords:
        """What finds the book's words by their sound; of a vocabulary that is complete."""
        return Loanwords(self.spellings)

    def add(self, text: str) -> None:
        """Counts one chunk."""
        self.documents += 1
        self._frequencies.update(set(content_words(text)))
        self.spellings.update({w for w in tokens(text) if w.isascii() and w.isalpha()})
        for short, long in abbreviations(text):
            self._explained.setdefault(short.lower(), Counter())[long] += 1

    def merge(self, other: "Vocabulary") -> None:
        """Counts the chunks of ``other``, which come after these."""
        self.documents += other.documents
        self._frequencies.update(other._frequencies)
        self.spellings.update(other.spellings)
        for short, longs in other._explained.items():
            self._explained.setdefault(short, Counter()).update(longs)

    def long_form(self, abbreviation: str) -> str | None:
        """What the book says that an abbreviation stands for, as it mostly writes it."""
        longs = self._explained.get(abbreviation.lower(), Counter())
        # Of two that are as frequent always the same one, whatever the order of the pages.
        return min(longs, key=lambda long: (-longs[long], long), default=None)

    def __contains__(self, stem: str) -> bool:
        """True when the book uses the word."""
        return self._frequencies[stem] > 0

    def weight(self, stem: str) -> float:
        """Inverse document frequency: ``ln((N + 1) / (df + 0.5))``, highest for unknown words."""
        return math.log((self.documents + 1) / (self._frequencies[stem] + 0.5))

    def coverage(self, asked: Iterable[str], held: Iterable[str]) -> float:
        """Share of the asked words' weight that ``held`` holds, 0 to 1."""
        there = held if isinstance(held, frozenset) else set(held)
        weights = {stem: self.weight(stem) for stem in asked}
        total = sum(weights.values())
        return sum(w for stem, w in weights.items() if stem in there) / total if total else 0.0

    def dumps(self) -> str:
        """JSON that ``loads`` reads."""
        return json.dumps(self.state(), ensure_ascii=False)

    def state(self) -> list[Any]:
        """What it is made of again, as JSON can hold it."""
        return [self.documents, self._frequencies, self.spellings, self._explained]

    @classmethod
    def loads(cls, text: str) -> Self:
        """The inverse of ``dumps``."""
        return cls(*json.loads(text))

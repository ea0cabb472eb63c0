"""Which content words a book uses, and in how many of its sections."""

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Self

from words import content_words


class Vocabulary:
    """Document frequencies of stemmed content words over ``documents`` chunks."""

    def __init__(self, documents: int = 0, frequencies: Mapping[str, int] | None = None) -> None:
        self.documents = documents
        self._frequencies: Counter[str] = Counter(frequencies or {})

    def add(self, text: str) -> None:
        """Counts one chunk."""
        self.documents += 1
        self._frequencies.update(set(content_words(text)))

    def __contains__(self, stem: str) -> bool:
        """True when the book uses the word."""
        return self._frequencies[stem] > 0

    def weight(self, stem: str) -> float:
        """Inverse document frequency: ``ln((N + 1) / (df + 0.5))``, highest for unknown words."""
        return math.log((self.documents + 1) / (self._frequencies[stem] + 0.5))

    def coverage(self, asked: Iterable[str], held: Iterable[str]) -> float:
        """Share of the asked words' weight that ``held`` holds, 0 to 1."""
        there = set(held)
        weights = {stem: self.weight(stem) for stem in asked}
        total = sum(weights.values())
        return sum(w for stem, w in weights.items() if stem in there) / total if total else 0.0

    def dumps(self) -> str:
        """JSON that ``loads`` reads."""
        return json.dumps([self.documents, self._frequencies], ensure_ascii=False)

    @classmethod
    def loads(cls, text: str) -> Self:
        """The inverse of ``dumps``."""
        documents, frequencies = json.loads(text)
        return cls(documents, frequencies)

"""What a reader is about to type: endings of the last word, and words that are nearly spelt so."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import takewhile
from typing import Final

from rapidfuzz import process
from rapidfuzz.distance import OSA

from text.words import tokens

_MOST_WORDS: Final = 12
_ENDINGS: Final = 6
_CORRECTIONS: Final = 3
_SHORTEST_CORRECTED: Final = 4
_LONGEST_CORRECTED: Final = 40
_TWO_ERRORS_FROM: Final = 8


@dataclass(frozen=True)
class TypedWord:
    """A word as it was typed, and the book's words that it may stand for, likeliest first."""

    typed: str
    words: tuple[str, ...]
    ended: bool
    """False: its ending may still be missing."""

    def matches(self, word: str) -> bool:
        """Whether a lower-case word of the book is what was typed."""
        return word in self.words or (not self.ended and word.startswith(self.typed))


class Completion:
    """Completes and corrects by the words of one version of a book.

    Args:
        spellings: how often the book uses each lower-case word.
    """

    def __init__(self, spellings: Mapping[str, int]) -> None:
        self._counts = spellings
        self._sorted = sorted(spellings)
        self._endings = lru_cache(maxsize=4096)(self._find_endings)
        self._corrections = lru_cache(maxsize=4096)(self._find_corrections)

    def read(self, query: str) -> list[TypedWord]:
        """The words of a query, the last of which may be unfinished."""
        typed = tokens(query)[:_MOST_WORDS]
        last = len(typed) - 1
        ended = query[-1:].isspace()
        return [self._word(word, ended or i != last) for i, word in enumerate(typed)]

    def _word(self, word: str, ended: bool) -> TypedWord:
        found: Sequence[str] = () if ended else self._endings(word)
        # Names such as ros2 and numbers are not among the counted words: they mean themselves.
        if not found and word.isalpha() and word not in self._counts:
            found = self._corrections(word, ended)
        return TypedWord(word, tuple(dict.fromkeys([word, *found])), ended)

    def _find_endings(self, start: str) -> Sequence[str]:
        at = bisect_left(self._sorted, start)
        following = (self._sorted[i] for i in range(at, len(self._sorted)))
        found = takewhile(lambda word: word.startswith(start), following)
        return sorted(found, key=lambda word: -self._counts[word])[:_ENDINGS]

    def _find_corrections(self, word: str, ended: bool) -> Sequence[str]:
        if not _SHORTEST_CORRECTED <= len(word) <= _LONGEST_CORRECTED:
            return ()
        errors = 2 if len(word) >= _TWO_ERRORS_FROM else 1
        near: list[str] = []
        for length in range(len(word) - errors, len(word) + errors + 1):
            near += self._by_length.get(length, ())
        found = self._nearest(word, near, near, errors)
        if not found and not ended:
            # A letter may have been left out: beginnings of this length, and one longer.
            longer = [other for other in self._sorted if len(other) > len(word)]
            for length in (len(word), len(word) + 1):
                begun = [other[:length] for other in longer]
                found = found or self._nearest(word, begun, longer, errors)
        return found

    def _nearest(
        self, word: str, forms: Sequence[str], words: Sequence[str], errors: int
    ) -> list[str]:
        hits = process.extract(
            word, forms, scorer=OSA.distance, score_cutoff=errors, limit=_CORRECTIONS * 4
        )
        found = [(distance, -self._counts[words[at]], words[at]) for _, distance, at in hits]
        return [found_word for _, _, found_word in sorted(found)[:_CORRECTIONS]]

    @cached_property
    def _by_length(self) -> Mapping[int, Sequence[str]]:
        lengths: dict[int, list[str]] = {}
        for word in self._sorted:
            lengths.setdefault(len(word), []).append(word)
        return lengths

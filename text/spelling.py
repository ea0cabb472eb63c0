"""Typing errors in a question, mended by the words of the book and of ordinary English."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

from rapidfuzz.distance import OSA

from text.commonness import Commonness
from text.vocabulary import Vocabulary
from text.words import content_words

_WORD: Final = re.compile(r"(?<![\w.`/@-])[A-Za-z]+(?![\w./@-])")
_SHORTEST: Final = 4
_LONG: Final = 8
"""Words from this length on may hold two errors."""
_SHORT: Final = 5
"""Up to this length another letter makes another word, such as wiki of wifi."""
_EVERYDAY: Final = 3000
"""Ranks of English words that a typing error may stand for though the book does not use them."""
_UNUSUAL: Final = 9000
"""An English word that is rarer and is not in the book may be a slip for a function word."""
_RUN_TOGETHER: Final = frozenset(
    "whats thats hows wheres whos theres dont doesnt didnt isnt arent cant wont im ive lets".split()
)
_FUNCTION: Final = frozenset(
    "what when where which who why how does the this that these those there their with from about"
    " between are can should would could have has and for into".split()
)

_MEANT: Final = _FUNCTION | {word for word in _RUN_TOGETHER if len(word) > _SHORTEST}


class Speller:
    """Mends words that neither the book nor ordinary English knows.

    Args:
        vocabulary: of a book, complete.
    """

    def __init__(self, vocabulary: Vocabulary, commonness: Commonness) -> None:
        self._vocabulary = vocabulary
        self._commonness = commonness
        everyday = (w for w in commonness if (commonness.rank(w) or 0) <= _EVERYDAY)
        self._words = _by_shape([*vocabulary.spellings, *everyday])

    def mended(self, question: str) -> str:
        """The question with its typing errors mended; unchanged when there are none."""
        return _WORD.sub(lambda match: self._mended(match, question), question)

    def _mended(self, match: re.Match[str], question: str) -> str:
        word = match[0]
        if self._is_name(word, match.start(), question):
            return word
        lower = word.lower()
        best = self._function_word(lower) or self._content_word(lower)
        if best is None:
            return word
        return best.capitalize() if word[0].isupper() else best

    @staticmethod
    def _is_name(word: str, start: int, question: str) -> bool:
        """A capital inside a word, or before one that does not begin the question."""
        return word[1:] != word[1:].lower() or (
            word[0].isupper() and bool(question[:start].strip())
        )

    def _function_word(self, word: str) -> str | None:
        """ "teh" and "wat": three letters and more, one error away from a word that asks."""
        rank = self._commonness.rank(word)
        if len(word) < 3 or word in self._vocabulary.spellings or word in _RUN_TOGETHER:
            return None
        if rank is not None and rank <= _UNUSUAL:
            return None
        near = [one for one in _MEANT if OSA.distance(word, one, score_cutoff=1) <= 1]
        near = [one for one in near if one[0] == word[0] or set(one) == set(word)]
        return min(near, key=lambda one: (set(one) != set(word), one)) if near else None

    def _content_word(self, word: str) -> str | None:
        """The word of the book, or else of everyday English, that was probably meant."""
        if len(word) < _SHORTEST or word in _RUN_TOGETHER or self._known(word):
            return None
        allowed = 2 if len(word) >= _LONG else 1
        best: tuple[int, int, int] | None = None
        found = None
        for size in range(len(word) - allowed, len(word) + allowed + 1):
            for one in self._words.get((word[0], size), ()):
                distance = OSA.distance(word, one, score_cutoff=allowed)
                uses = self._vocabulary.spellings[one]
                few = uses == 1 and len(word) <= _SHORT
                if (few or len(word) <= _SHORTEST) and _swaps_a_letter(word, one):
                    continue  # "Musk" is not "must"
                if distance <= allowed:
                    worth = (-distance, int(uses > 0), uses)
                    if best is None or worth > best:
                        best, found = worth, one
        return found

    def _known(self, word: str) -> bool:
        if word in self._commonness or word in self._vocabulary.spellings:
            return True
        return all(stem in self._vocabulary for stem in content_words(word))


def _swaps_a_letter(word: str, other: str) -> bool:
    return len(word) == len(other) and set(word) != set(other)


def _by_shape(words: Iterable[str]) -> Mapping[tuple[str, int], list[str]]:
    """Words by first letter and length: a slip seldom changes the first letter."""
    found: dict[tuple[str, int], list[str]] = defaultdict(list)
    for word in dict.fromkeys(words):
        if len(word) >= _SHORTEST - 1:
            found[word[0], len(word)].append(word)
    return found

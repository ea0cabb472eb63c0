"""Places of a book as people write them: "week 5", "Chapter three", "2nd module", "باب 3"."""

import re
from collections.abc import Iterator
from typing import Final

from text.words import tokens

Place = tuple[str, str]
"""Kind and number, such as ``("chapter", "3")``; numbers may have points (``2.1``)."""

_KINDS: Final = {
    name: kind
    for kind, names in {
        "chapter": "chapter chapters ch chap باب capítulo kapitel chapitre",
        "module": "module modules mod ماڈیول módulo modul",
        "week": "week weeks hafta hafte haftay ہفتہ ہفتے semana woche semaine",
        "part": "part parts حصہ parte teil partie",
        "unit": "unit units یونٹ",
        "lesson": "lesson lessons سبق lección",
        "lecture": "lecture lectures لیکچر",
        "day": "day days",
        "lab": "lab labs",
        "session": "session sessions",
        "appendix": "appendix",
        "exercise": "exercise exercises مشق",
    }.items()
    for name in names.split()
}
_CARDINALS: Final = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
    " sixteen seventeen eighteen nineteen twenty"
).split()
_ORDINALS: Final = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
    " thirteenth fourteenth fifteenth"
).split()
_WORDS: Final = {
    **{word: str(n) for n, word in enumerate(_CARDINALS, 1)},
    **{word: str(n) for n, word in enumerate(_ORDINALS, 1)},
    **dict(zip("i ii iii iv v vi vii viii ix x".split(), map(str, range(1, 11)), strict=True)),
    **dict(zip("pehla dusra teesra chautha".split(), "1234", strict=True)),
    **dict(zip("pehle dusre teesre chauthe".split(), "1234", strict=True)),
}
_ENDS: Final = re.compile(r" ?(?:[-–—,]|to|and) ?")
_NUMBER: Final = re.compile(r"0*(\d{1,3}(?:\.\d{1,3})?)(?:st|nd|rd|th)?")
_MOST_RANGE: Final = 12


def kind_of(word: str) -> str | None:
    """The kind of place that a word names in any of its spellings: ``chapters`` is ``chapter``."""
    return _KINDS.get(word)


def number_of(word: str, *, roman: bool = True) -> str | None:
    """``5``, ``05``, ``5th``, ``five``, ``fifth`` and ``V`` are all ``5``; None for other words."""
    match = _NUMBER.fullmatch(word)
    if match:
        return match[1]
    named = _WORDS.get(word)
    # "I" is a word of most questions.
    return named if named and (roman or len(word) > 2) else None


def places(text: str) -> list[Place]:
    """The numbered places that a text names, in order."""
    return [place for place, _, _ in mentions(tokens(text.replace("-", " ").replace("_", " ")))]


def mentions(words: list[str]) -> Iterator[tuple[Place, int, int]]:
    """Numbered places with the first and one past the last of their words."""
    for at, word in enumerate(words):
        kind = kind_of(word)
        if kind is None:
            continue
        after = number_of(words[at + 1]) if at + 1 < len(words) else None
        before = number_of(words[at - 1], roman=False) if at else None
        if after is not None:
            yield (kind, after), at, at + 2
        elif before is not None and words[at - 1] not in _CARDINALS and not _counted(words[at - 1]):
            yield (kind, before), at - 1, at + 1


def _counted(word: str) -> bool:
    """ "5 chapters" are five of them; "5th chapter" is one."""
    return word.isdecimal()


def row_places(header: str, row: str) -> list[Place]:
    """What a table row stands for: ``| Week | … |`` and ``| 5 | … |`` is week 5.

    A range (``1–2``) stands for each of its numbers.
    """
    first = _first_cell(row)
    named = places(first)
    if named:
        return named
    kind = kind_of(" ".join(tokens(_first_cell(header))))
    ends = [number_of(word) for word in _ENDS.split(" ".join(first.lower().split()))]
    if kind is None or not ends or len(ends) > 2 or not all(ends):
        return []
    numbers = [int(end) for end in ends if end and end.isdecimal()]
    if len(numbers) == 2 and 0 < numbers[1] - numbers[0] <= _MOST_RANGE:
        return [(kind, str(n)) for n in range(numbers[0], numbers[1] + 1)]
    return [(kind, str(end)) for end in ends]


def _first_cell(line: str) -> str:
    return line.split("\n", 1)[0].strip().strip("|").split("|", 1)[0].strip(" *_`\t")

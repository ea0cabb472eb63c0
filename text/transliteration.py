"""English words behind the Urdu of a question: loanwords by their sound, others by a word list.

Technical words are written in Urdu as they sound ("robot", "controller", "node"). A loanword and
the English words of a book are brought to one alphabet of sounds and compared; the book's own
vocabulary decides which word was meant.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import groupby
from typing import Final

from text.urdu_words import COMMON, LETTERS, TERMS
from text.words import STOP_WORDS, tokens

_SOUNDS: Final = {
    "ا": "a", "آ": "a", "ع": "a", "ب": "b", "پ": "p", "ت": "t", "ٹ": "T", "ث": "s", "ج": "j",
    "چ": "c", "ح": "h", "خ": "k", "د": "d", "ڈ": "D", "ذ": "z", "ر": "r", "ز": "z", "ژ": "j",
    "س": "s", "ش": "S", "ص": "s", "ض": "z", "ط": "t", "ظ": "z", "غ": "g", "ف": "f", "ق": "k",
    "ک": "k", "گ": "g", "ل": "l", "م": "m", "ن": "n", "ں": "n", "و": "w", "ہ": "h", "ھ": "",
    "ء": "", "ئ": "y", "ی": "y", "ے": "y", "ؤ": "w", "أ": "a",
}  # fmt: skip
_NATIVE: Final = frozenset("خغقحعصضطظثذڑ")
"""Letters of Arabic, Persian and Indian words; English ones are never written with them."""
_ENGLISH: Final = [
    (re.compile(pattern), sounds)
    for pattern, sounds in (
        ("^kn", "n"), ("^uni", "yuni"), ("or$", "2r"), ("^wr", "r"), ("^x", "z"),
        ("tion", "S2n"), ("sion", "S2n"), ("cian", "S2n"),
        ("cial|tial", "S2l"), ("cious|tious", "S2s"), ("ture", "c2r"), ("dge", "j"), ("tch", "c"),
        ("sch", "sk"), ("sh", "S"), ("ch", "c"), ("ph", "f"), ("gh", ""), ("th", "t"), ("wh", "v"),
        ("ck", "k"), ("que$", "k"), ("qu", "kv"), ("q", "k"), ("x", "ks"), ("c(?=[eiy])", "s"),
        ("c", "k"),
        ("g(?=[eiy])", "j"), ("w", "v"), ("(?<!^)y", "i"), ("mb$", "m"), ("t", "T"), ("d", "D"),
        ("e$", "0"),
    )
]  # fmt: skip
_VOWELS: Final = frozenset("aeiou0123wy")
_SPELLED: Final[dict[tuple[str, str], float]] = {
    ("w", "v"): 0.0, ("w", "o"): 0.0, ("w", "u"): 0.0, ("w", "a"): 0.3, ("w", "2"): 0.1,
    ("y", "i"): 0.0, ("y", "e"): 0.0, ("y", "y"): 0.0, ("y", "a"): 0.15, ("y", "0"): 0.2,
    ("a", "a"): 0.0, ("a", "o"): 0.05, ("a", "u"): 0.25, ("a", "2"): 0.2, ("a", "i"): 0.4,
    ("a", "e"): 0.4, ("t", "T"): 0.35, ("d", "D"): 0.35, ("s", "z"): 0.1, ("z", "s"): 0.1,
    ("s", "S"): 0.3, ("S", "s"): 0.3, ("c", "k"): 0.2, ("k", "c"): 0.2, ("S", "c"): 0.3,
    ("g", "j"): 0.2, ("j", "g"): 0.3, ("j", "z"): 0.3, ("j", "s"): 0.4, ("c", "T"): 0.4,
}  # fmt: skip
_UNWRITTEN: Final = {"0": 0.0, "2": 0.05, "a": 0.12, "e": 0.1, "i": 0.12, "o": 0.2, "u": 0.12}
"""English vowels that Urdu leaves out; a silent e costs nothing."""
_UNSPOKEN: Final = {"a": 0.25, "w": 0.45, "y": 0.35, "h": 0.6}
_MERGED: Final = str.maketrans({"T": "t", "D": "d", "z": "s", "S": "s", "g": "j", "c": "k"})
_FAR: Final = 9.0
_NEAR: Final = 0.17
"""Cost per consonant up to which an Urdu word is taken for an English one."""
_AS_NEAR: Final = 0.05
_RARER: Final = 10
"""Of words that sound alike, one that the book uses so many times less is not meant."""
_SAYS_NOTHING: Final = COMMON | STOP_WORDS
_SHORTEST: Final = 3
_JOINED: Final = 4
"""Consonants that two words must have together to be sought as one, such as "net work"."""
_PLURALS: Final = ("وں", "یں", "ز")


class Loanwords:
    """The English words of a book, found by how they sound in Urdu.

    Args:
        known: lower-cased words with how often the book uses them.
    """

    def __init__(self, known: Mapping[str, int]) -> None:
        self._index = _Index(known)

    def english(self, question: str) -> list[str]:
        """English words for a question in Urdu script, in its order, without repeats."""
        return self.read(question)[0]

    def read(self, question: str) -> tuple[list[str], list[str]]:
        """The English words, and the Urdu ones that say something but became none."""
        found: list[str] = []
        left: list[str] = []
        before = ""
        for token, spelled in _units(tokens(question)):
            joined = self._joined(before, token)
            words = self._spelled(token) if spelled else self._meant(token)
            if joined and left[-1:] == [before]:
                left.pop()
            if not (words or joined or token in _SAYS_NOTHING or len(token) < _SHORTEST):
                left.append(token)
            found += joined + words
            before = token
        return list(dict.fromkeys(word for word in found if word not in STOP_WORDS)), left

    def _spelled(self, abbreviation: str) -> list[str]:
        return [abbreviation] if self._index.holds(abbreviation) else []

    def _meant(self, word: str) -> list[str]:
        if word.isascii():
            return [word]
        if word in TERMS:
            return [term for term in TERMS[word] if self._index.holds(term)] or [*TERMS[word][:1]]
        if word in _SAYS_NOTHING or len(word) < _SHORTEST:
            return []
        return self._index.sounding_like(word)

    def _joined(self, one: str, other: str) -> list[str]:
        """English words that Urdu writes as two."""
        if not one or any(w.isascii() or w in _SAYS_NOTHING or w in TERMS for w in (one, other)):
            return []
        return self._index.sounding_like(one + other, _JOINED)


def _units(words: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """Words; runs of letter names as the abbreviation that they spell, marked True."""
    for spelled, run in groupby(words, key=lambda word: word in LETTERS):
        names = list(run)
        # "کے" is also the commonest of postpositions, "کی" and others stand beside it.
        while names and names[0] == "کے":
            names = names[1:]
        while names and names[-1] == "کے":
            names = names[:-1]
        if spelled and len(names) > 1:
            yield "".join(LETTERS[name] for name in names), True
        elif not spelled:
            yield from ((name, False) for name in names)


class _Index:
    """Words by their consonants."""

    def __init__(self, words: Mapping[str, int]) -> None:
        self._words = words
        self._by_key: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for word in words:
            plain = len(word) >= _SHORTEST and word.isascii() and word.isalpha()
            if plain and word not in STOP_WORDS and _VOWELS & set(word):
                sounds = english_sounds(word)
                self._by_key[_key(sounds)].append((word, sounds))

    def holds(self, word: str) -> bool:
        """The word is known as it stands."""
        return word in self._words

    def sounding_like(self, word: str, consonants: int = 2) -> list[str]:
        """The best English word, and others that sound just as much like it."""
        if _NATIVE & set(word):
            return []
        best: dict[str, float] = {}
        for form in _forms(word):
            sounds = urdu_sounds(form)
            for key in (k for k in _keys(sounds) if len(k) >= consonants):
                for english, theirs in self._by_key.get(key, ()):
                    cost = _cost(sounds, theirs) / max(2, len(key))
                    best[english] = min(best.get(english, _FAR), cost)
        near = min(best.values(), default=_FAR)
        if near > _NEAR:
            return []
        alike = [english for english, cost in best.items() if cost <= near + _AS_NEAR]
        common = max(self._words[english] for english in alike)
        return sorted(english for english in alike if self._words[english] * _RARER >= common)


def _forms(word: str) -> list[str]:
    shorter = [word.removesuffix(end) for end in _PLURALS if word.endswith(end)]
    return [word, *(form for form in shorter if len(form) > 2)]


def urdu_sounds(word: str) -> str:
    """The word in the alphabet of sounds: w and y are vowels or consonants."""
    whole = word.replace("آئ", "ی").replace("ئی", "ی")
    return "".join(_SOUNDS.get(letter, "") for letter in whole)


@lru_cache(maxsize=50_000)
def english_sounds(word: str) -> str:
    """The word in the alphabet of sounds: capitals are the hard T and D and sh, digits are
    weak vowels."""
    done, position = "", 0
    while position < len(word):
        for pattern, sounds in _ENGLISH:
            match = pattern.match(word, position)
            if match:
                done, position = done + sounds, match.end()
                break
        else:
            done, position = done + word[position], position + 1
    return "".join(letter for letter, _ in groupby(done))


def _key(sounds: str) -> str:
    merged = "".join(s for s in sounds if s not in _VOWELS).translate(_MERGED)
    return "".join(letter for letter, _ in groupby(merged))


def _keys(sounds: str) -> set[str]:
    """Consonants of an Urdu word; "و" may be one, and an h may be silent."""
    keys = {""}
    for sound in sounds:
        options = {"v", ""} if sound == "w" else {"h", ""} if sound == "h" else {sound}
        if sound in _VOWELS and sound != "w":
            continue
        keys = {key + option for key in keys for option in options}
    return {_key(key) for key in keys} - {""}


def _cost(urdu: str, english: str) -> float:
    """Weighted edit distance of two words in the alphabet of sounds."""
    row = [0.0]
    for sound in english:
        row.append(row[-1] + _UNWRITTEN.get(sound, 1.0))
    for sound in urdu:
        before, row = row, [row[0] + _UNSPOKEN.get(sound, 1.0)]
        for i, other in enumerate(english):
            same = 0.0 if sound == other else _SPELLED.get((sound, other), 1.0)
            row.append(
                min(
                    before[i] + same,
                    before[i + 1] + _UNSPOKEN.get(sound, 1.0),
                    row[i] + _UNWRITTEN.get(other, 1.0),
                )
            )
    return row[-1]

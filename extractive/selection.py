"""The selected text among the sentences of its section."""

from collections.abc import Sequence
from typing import Final

from extractive.passages import Candidate
from text.words import content_words, tokens

_HELD: Final = 0.6
"""Share of a sentence's words that the selection must hold to be part of it."""
_WITHIN: Final = 0.9
_FAR: Final = 1000
_SHORT_CODE: Final = 12
_SHARED_WORDS: Final = 3
_SELECTED: Final = 0.12
_NEARBY: Final = 0.06
_AROUND: Final = 2
_MOST_WORDS: Final = 120
_ABOUT_THE_TEXT: Final = frozenset(
    content_words(
        "explain summarize summarise passage paragraph sentence text selected selection highlighted"
        " code snippet line word part simple simply detail easy rephrase clarify understand help"
        " tell show bit beginner student term samjhao samajh asan matlab"
    )
)


def is_general(question: str) -> bool:
    """True for "explain this" and the like: nothing is asked but what the text says."""
    return set(content_words(question)) <= _ABOUT_THE_TEXT


def selected(candidates: Sequence[Candidate], selection: str) -> list[Candidate]:
    """The units that the selection touches, in order."""
    mine = set(tokens(selection))
    found = []
    for candidate in candidates:
        theirs = set(tokens(candidate.raw))
        shared = len(theirs & mine)
        # The selection may cover sentences, or be some words of one, or lines of code.
        if theirs and (shared >= _HELD * len(theirs) or shared >= _WITHIN * len(mine) > 0):
            found.append(candidate)
    return found


def lift(
    candidates: Sequence[Candidate], chosen: Sequence[Candidate], scores: Sequence[float]
) -> list[float]:
    """Raises the scores of the selection and its neighbours; selected code the reader has seen."""
    lifted = list(scores)
    for i, candidate in enumerate(candidates):
        nearest = min((_distance(candidate, c) for c in chosen), default=_FAR)
        if nearest == 0:
            lifted[i] += _SELECTED if candidate.kind != "code" else -_SELECTED
        elif nearest <= _AROUND:
            lifted[i] += _NEARBY
    return lifted


def explanation(
    candidates: Sequence[Candidate],
    chosen: Sequence[Candidate],
    selection: str,
    best: Candidate | None = None,
) -> list[Candidate]:
    """What the section says around the selection, in the book's order, ``best`` included.

    First what shares the selection's words, then what is nearest: the sentences beside a code
    block say what it does.
    """
    near = chosen or candidates[:1]
    if not near:
        return []
    mine = [c for c in candidates if c.passage == near[0].passage]
    headers = {c.block for c in chosen if c.kind == "row"}
    wanted = [c for c in mine if c in chosen and not _is_long_code(c)]
    wanted += [c for c in mine if c.kind == "header" and c.block in headers]
    if best is not None and best in mine and best not in wanted:
        wanted.append(best)
    words = frozenset(content_words(selection))
    rest = [c for c in mine if c.kind in ("prose", "item", "math") and c not in wanted]
    rest.sort(key=lambda c: (c.heading != near[0].heading, _rank(c, near, words)))
    taken = sum(c.length for c in wanted if c.kind != "code")
    for candidate in rest:
        if taken + candidate.length <= _MOST_WORDS:
            wanted.append(candidate)
            taken += candidate.length
    return sorted(wanted, key=lambda c: c.position)


def _rank(candidate: Candidate, near: Sequence[Candidate], words: frozenset[str]) -> float:
    distance = min(_distance(candidate, c) for c in near)
    return distance - min(_SHARED_WORDS, len(words & candidate.words))


def _distance(one: Candidate, other: Candidate) -> int:
    return abs(one.position - other.position) if one.passage == other.passage else _FAR


def _is_long_code(candidate: Candidate) -> bool:
    return candidate.kind == "code" and candidate.raw.count("\n") > _SHORT_CODE

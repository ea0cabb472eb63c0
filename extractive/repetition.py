"""No answer of a conversation is given twice."""

from collections.abc import Sequence
from typing import Final

from extractive.passages import Candidate, without_marker
from extractive.wording import Piece

_SAME: Final = 0.6
"""Share of an answer's words in earlier ones from which it says nothing new."""

_LINES: Final = 5
"""Lines of a block that were shown when the block was."""
_TELLING: Final = 12
"""Characters of a line from which it is hardly another block's, too."""


def repeats(pieces: Sequence[Piece], answers: Sequence[str]) -> bool:
    """True when what answers first, or most of the words, were said already."""
    earlier = _folded(" ".join(answers))
    if not earlier or not pieces:
        return False
    if _folded(pieces[0].text) in earlier:
        return True
    lengths = [len(piece.text.split()) for piece in pieces]
    again = (n for n, p in zip(lengths, pieces, strict=True) if _folded(p.text) in earlier)
    return sum(again) >= _SAME * sum(lengths)


def is_last(pieces: Sequence[Piece], answers: Sequence[str]) -> bool:
    """True when the newest answer says no more than this."""
    told = _folded("".join(piece.gap + piece.text for piece in pieces))
    return bool(answers) and len(_folded(answers[-1])) <= len(told)


def said_already(candidates: Sequence[Candidate], answers: Sequence[str]) -> set[int]:
    """Ids of the units that stand in an earlier answer."""
    earlier = _folded(" ".join(answers))
    return {id(c) for c in candidates if c.kind != "header" and _is_said(c, earlier)}


def _is_said(candidate: Candidate, earlier: str) -> bool:
    """It stands in an earlier answer, a long block of code at least in part."""
    if candidate.kind != "code":
        return _unmarked(candidate) in earlier
    lines = [line for text in candidate.text.splitlines() if len(line := _folded(text)) > _TELLING]
    return bool(lines) and sum(line in earlier for line in lines) >= min(_LINES, len(lines))


def _unmarked(candidate: Candidate) -> str:
    """As it stands in an answer, where an item alone has lost its marker."""
    text = _folded(candidate.text)
    return without_marker(text) if candidate.kind == "item" else text


def _folded(text: str) -> str:
    return " ".join(text.split())

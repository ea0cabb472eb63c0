"""From scored sentences to an answer that reads well: what belongs together stays together."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from langchain_core.documents import Document

from providers.extractive_passages import Candidate
from providers.extractive_question import Query

_ENOUGH_WORDS: Final = 60
_MOST_WORDS: Final = 130
_NO_ANSWER: Final = 0.25
_GOOD: Final = 0.62
"""Share of the best sentence's score from which on another one is worth saying."""
_FAIR: Final = 0.5
_MOST_LIST_WORDS: Final = 180
_LEANING: Final = re.compile(
    r"(?:It|This|They|These|Those|That|Its|Their|Both|Such|He|She)\b(?!\s+(?:book|chapter|section|module|page)\b)"
)
_OPEN: Final = re.compile(r"[:,]\s*$|[^.!?…:;۔。！？؟)\"'”*`_\]]\s*$")


@dataclass(frozen=True)
class Piece:
    """A stretch of the answer with one source; ``gap`` is the space before it."""

    text: str
    gap: str
    source_id: str


def compose(
    query: Query, candidates: Sequence[Candidate], passages: Sequence[Document]
) -> list[Piece]:
    """The answer in pieces; empty when no sentence answers."""
    ranked = sorted((c for c in candidates if c.kind != "header"), key=lambda c: -c.score)
    if not ranked or ranked[0].score < _NO_ANSWER:
        return []
    chosen = _choose(query, ranked, candidates)
    return _pieces(_ordered(chosen, ranked[0]), passages)


def _choose(
    query: Query, ranked: Sequence[Candidate], candidates: Sequence[Candidate]
) -> list[Candidate]:
    best = ranked[0]
    chosen: dict[int, Candidate] = {}
    words = 0
    for candidate in ranked:
        share = candidate.score / best.score
        if share < _FAIR or (words >= _ENOUGH_WORDS and share < _GOOD):
            break
        if id(candidate) in chosen or _repeats(candidate, chosen.values()):
            continue
        group = _whole(query, candidate, candidates)
        new = [c for c in group if id(c) not in chosen]
        cost = sum(c.length for c in new if c.kind != "code")
        if chosen and words + cost > _MOST_WORDS:
            continue
        chosen.update({id(c): c for c in new})
        words += cost
    return list(chosen.values())


def _repeats(candidate: Candidate, chosen: Iterable[Candidate]) -> bool:
    mine = candidate.words
    if candidate.kind in ("row", "item", "code") or not mine:
        return False
    return any(len(mine & c.words) > 0.7 * min(len(mine), len(c.words) or 1) for c in chosen)


def _whole(query: Query, candidate: Candidate, candidates: Sequence[Candidate]) -> list[Candidate]:
    """The candidate with what it cannot be understood without."""
    mine = [c for c in candidates if c.passage == candidate.passage]
    at = mine.index(candidate)
    group = {at}
    block = [i for i, c in enumerate(mine) if c.block == candidate.block]
    if candidate.kind == "row":
        group |= {i for i in block if mine[i].kind == "header"}
        if "list" in query.kinds:
            group |= set(block)
    elif candidate.kind == "item" and {"list", "how"} & query.kinds:
        whole = sum(mine[i].length for i in block) <= _MOST_LIST_WORDS
        group |= set(block) if whole else set()
    start, end = min(group), max(group)
    if mine[start].kind in ("code", "math", "item") and start and _OPEN.search(mine[start - 1].raw):
        group.add(start - 1)
    start = min(group)
    while start and start > at - 3 and _leans(mine[start], mine[start - 1]):
        start -= 1
        group.add(start)
    if _OPEN.search(mine[end].raw) and mine[end].kind == "prose" and end + 1 < len(mine):
        group |= _opened(mine, end + 1)
    return [mine[i] for i in sorted(group)]


def _leans(candidate: Candidate, before: Candidate) -> bool:
    if candidate.kind != "prose" or before.kind not in ("prose", "math"):
        return False
    if candidate.raw[:1].islower():
        return True
    return candidate.block == before.block and bool(_LEANING.match(candidate.raw))


def _opened(mine: Sequence[Candidate], at: int) -> set[int]:
    """The block that a sentence ending with a colon announces."""
    block = [i for i, c in enumerate(mine) if c.block == mine[at].block]
    if mine[at].kind in ("code", "math"):
        return {at}
    if mine[at].kind == "item" and sum(mine[i].length for i in block) <= _MOST_LIST_WORDS:
        return set(block)
    return set()


def _ordered(chosen: Sequence[Candidate], best: Candidate) -> list[Candidate]:
    """Passages by their best sentence, sentences as the book has them."""
    strength: dict[int, float] = {}
    for c in chosen:
        strength[c.passage] = max(c.score, strength.get(c.passage, 0.0))
    return sorted(chosen, key=lambda c: (-strength[c.passage], c.passage, c.position))


def _pieces(chosen: Sequence[Candidate], passages: Sequence[Document]) -> list[Piece]:
    pieces: list[Piece] = []
    before: Candidate | None = None
    held = ""
    for candidate in chosen:
        source = str(
            passages[candidate.passage].metadata.get("id") or passages[candidate.passage].id
        )
        if candidate.kind == "header":
            held = candidate.text + "\n"
            continue
        gap = _gap(before, candidate)
        pieces.append(Piece(held + candidate.text, gap, source))
        held, before = "", candidate
    return pieces


def _gap(before: Candidate | None, candidate: Candidate) -> str:
    if before is None:
        return ""
    same = before.passage == candidate.passage and before.block == candidate.block
    if same and candidate.kind == before.kind and candidate.kind in ("item", "row"):
        return "\n"
    if before.kind == candidate.kind == "prose" and before.passage == candidate.passage:
        return " "
    return "\n\n"

"""From scored sentences to an answer that reads well: few, in order, each with its source."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Final

from langchain_core.documents import Document

from extractive.choice import Choice
from extractive.groups import ANNOUNCING, Group, Layout
from extractive.passages import Candidate
from extractive.question import Query
from extractive.wording import worded
from text.words import content_words, language_of

_NO_ANSWER: Final = 0.15
"""No sentence scores higher: the passages do not answer."""
_AS_DIRECT: Final = 0.85
_DOUBTED: Final = 0.5
_AHEAD: Final = 0.1
"""By so much must a passage's score exceed the others' to be surely the one that answers."""

_Heading = tuple[int, str]
"""Number of the passage and the heading inside of it."""


@dataclass(frozen=True)
class Piece:
    """A stretch of the answer; ``gap`` is the space before it.

    Without a ``source_id`` it is no quotation.
    """

    text: str
    gap: str
    source_id: str


def compose(
    query: Query, candidates: Sequence[Candidate], passages: Sequence[Document]
) -> list[Piece]:
    """The answer in pieces; empty when no sentence answers."""
    layout = Layout(query, candidates)
    said = [c for c in candidates if c.kind != "header" and not layout.promises_nothing(c)]
    ranked = sorted(said, key=lambda c: -c.score * (_DOUBTED if c.doubtful else 1.0))
    least = _NO_ANSWER if language_of(query.text) == "en" else _NO_ANSWER / 2
    if not ranked or ranked[0].score < least:
        return []
    choice = Choice(query, layout)
    groups = choice.choose(ranked, ahead=_is_ahead(ranked[0].passage, passages))
    chosen = _kept(_in_order(groups))
    return quote(chosen, passages, ranked[0], _telling_headings(query, chosen))


def quote(
    chosen: Sequence[Candidate],
    passages: Sequence[Document],
    best: Candidate | None = None,
    headings: Collection[_Heading] = (),
) -> list[Piece]:
    """These candidates, in this order, worded so that they stand alone.

    ``best`` always stays; ``headings`` are said before what stands below them.
    """
    sources = [str(p.metadata.get("id") or p.id) for p in passages]
    return list(_pieces(chosen, sources, best, set(headings)))


def _telling_headings(query: Query, chosen: Sequence[Candidate]) -> set[_Heading]:
    """Headings that hold a word of the question which nothing said below them holds."""
    said: dict[_Heading, set[str]] = defaultdict(set)
    for candidate in chosen:
        said[candidate.passage, candidate.heading] |= candidate.words
    return {
        (passage, heading)
        for (passage, heading), words in said.items()
        if (query.words.keys() & set(content_words(heading))) - words
        and not heading.endswith(("?", "؟"))
    }


def _is_ahead(number: int, passages: Sequence[Document]) -> bool:
    """The search found this passage well before any other."""
    scores = [float(p.metadata.get("score") or 0.0) for p in passages]
    others = [score for i, score in enumerate(scores) if i != number]
    return scores[number] - max(others, default=-1.0) >= _AHEAD


def _in_order(groups: Sequence[Group]) -> list[Candidate]:
    """Passages in the order of their best group; inside, the book's order.

    What stands before the best group and is less direct is left out: an answer begins with
    what answers.
    """
    ordered: list[Candidate] = []
    for passage in dict.fromkeys(group.leader.passage for group in groups):
        mine = [group for group in groups if group.leader.passage == passage]
        first = mine[0]
        start = first.members[0].position
        kept = [
            group
            for group in mine
            if group.members[0].position >= start or _may_precede(group, first)
        ]
        members = {c.position: c for group in kept for c in group.members}
        ordered += [members[position] for position in sorted(members)]
    return ordered


def _kept(chosen: Sequence[Candidate]) -> Sequence[Candidate]:
    """Without what announces something ("…:") that is not said then, if anything is left."""
    kept = [
        here
        for here, after in zip_longest(chosen, chosen[1:])
        if not (
            ANNOUNCING.search(here.raw)
            and here.kind in ("prose", "item")
            and not _follows(after, here)
        )
    ]
    return kept or chosen


def _follows(after: Candidate | None, here: Candidate) -> bool:
    place = (here.passage, here.position + 1)
    return after is not None and (after.passage, after.position) == place


def _may_precede(group: Group, best: Group) -> bool:
    same = group.leader.block == best.leader.block and group.leader.kind == best.leader.kind
    return same or group.score >= _AS_DIRECT * best.score


def _pieces(
    chosen: Sequence[Candidate],
    sources: Sequence[str],
    best: Candidate | None,
    headings: set[_Heading],
) -> Iterator[Piece]:
    before: Candidate | None = None
    header = ""
    for candidate in chosen:
        if candidate.kind == "header":
            header = candidate.text + "\n"
            continue
        text = worded(candidate, before, chosen, keep=candidate is best)
        if text:
            gap = _gap(before, candidate)
            place = candidate.passage, candidate.heading
            if place in headings:
                headings.remove(place)
                header, gap = _label(candidate) + header, "\n\n" if before else ""
            yield Piece(header + text, gap, sources[candidate.passage])
            before = candidate
        header = ""


def _label(candidate: Candidate) -> str:
    return (
        f"**{candidate.heading}:** "
        if candidate.kind == "prose"
        else f"**{candidate.heading}**\n\n"
    )


def _gap(before: Candidate | None, candidate: Candidate) -> str:
    if before is None:
        return ""
    same = before.passage == candidate.passage
    if same and before.kind == candidate.kind and candidate.kind in ("item", "row"):
        return "\n" if before.block == candidate.block else "\n\n"
    if same and before.kind == candidate.kind == "prose":
        # The book's own paragraphs stay apart; sentences from here and there make one.
        return "\n\n" if before.block != candidate.block and _follows(candidate, before) else " "
    return "\n\n"

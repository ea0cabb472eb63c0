"""The wording of an answer: excerpts told apart by their headings, each with its source."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from langchain_core.documents import Document

from extractive.code_blocks import cut
from extractive.excerpts import ANNOUNCING, LEANING
from extractive.passages import Candidate, without_marker
from extractive.question import Query
from text.definitions import asks_what_is
from text.words import content_words

CODE_LINES: Final = 24
"""Lines of a block of code that are shown."""
_LINES: Final = {"code": 60, "show": 60, "how": 40}
"""The same, by the first of these that is asked for."""

_STAGE: Final = re.compile(r"\W*(?:step|stage|phase|method|option)\s\w{1,3}\b", re.I)
"""What is below is one of several."""

Excerpt = Sequence[Candidate]


@dataclass(frozen=True)
class Piece:
    """A stretch of the answer; ``gap`` is the space before it.

    Without a ``source_id`` it is no quotation.
    """

    text: str
    gap: str
    source_id: str


def quote(query: Query, excerpts: Sequence[Excerpt], passages: Sequence[Document]) -> list[Piece]:
    """The excerpts as pieces of an answer, each told apart by its heading where that helps."""
    sources = [str(p.metadata.get("id") or p.id) for p in passages]
    found: list[Piece] = []
    for number, excerpt in enumerate(excerpts):
        label = _label(query, excerpt, alone=number == 0)
        pieces = list(_pieces(query, excerpt, sources, label))
        if found and pieces:
            pieces[0] = Piece(pieces[0].text, "\n\n", pieces[0].source_id)
        found += pieces
    return found


def _label(query: Query, excerpt: Excerpt, *, alone: bool) -> str:
    """The heading, where it holds what was asked and not said, or what "It" stands for."""
    first = excerpt[0]
    said = {word for c in excerpt for word in c.words}
    heading = first.heading
    telling = (query.words.keys() & set(content_words(heading))) - said
    leans = first.kind == "prose" and LEANING.match(first.raw)
    if ANNOUNCING.search(first.raw) and first.raw.startswith(("**", "__")):
        return ""  # it stands below a heading of its own
    alike = len(excerpt) > 1 or first.kind == "code"
    bare = first.kind != "prose" and not first.context and alike
    staged = _STAGE.match(heading)
    told = telling or leans or bare or staged or not alone
    if not heading or heading.endswith(("?", "؟")) or not told:
        return ""
    return f"**{heading}:** " if first.kind == "prose" else f"**{heading}**\n\n"


def _pieces(query: Query, excerpt: Excerpt, sources: Sequence[str], label: str) -> Iterator[Piece]:
    before: Candidate | None = None
    prefix = label
    for candidate in excerpt:
        if candidate.kind == "header":
            prefix += candidate.text + "\n"
            continue
        text = prefix + _worded(query, candidate, excerpt)
        yield Piece(text, _gap(before, candidate), sources[candidate.passage])
        before, prefix = candidate, ""


def _worded(query: Query, candidate: Candidate, excerpt: Excerpt) -> str:
    if candidate.kind == "code":
        # What a class is, its first lines say.
        window = (0, 0) if asks_what_is(query.text) else candidate.window
        most = next((_LINES[kind] for kind in _LINES if kind in query.kinds), CODE_LINES)
        return cut(candidate.text, most, window, imports=most > CODE_LINES)
    alone = candidate.kind == "item" and not any(
        c.kind == "item" and c is not candidate for c in excerpt
    )
    return without_marker(candidate.text) if alone else candidate.text


def _gap(before: Candidate | None, candidate: Candidate) -> str:
    if before is None:
        return ""
    same = before.block == candidate.block
    if before.kind == candidate.kind and candidate.kind in ("item", "row"):
        return "\n" if same else "\n\n"
    return " " if same and before.kind == candidate.kind == "prose" else "\n\n"

"""From scored sentences to an answer: what answers first and whole, then what belongs to it."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from langchain_core.documents import Document

from extractive.encoder import SentenceEncoder
from extractive.excerpts import ANNOUNCING, LEANING, Layout
from extractive.passages import Candidate, without_marker
from extractive.question import Query
from extractive.scoring import CODE_WINDOW, inherited, score, tells_nothing
from extractive.selection import explanation, is_general, lift, selected
from text.code import language_of_code, languages_of_code
from text.definitions import asks_what_is
from text.steps import step_number
from text.words import content_words, language_of

_NO_ANSWER: Final = 0.05
"""No sentence scores higher: the passages do not answer."""
_SURE: Final = 0.6
"""A best score below is a doubtful one."""
_ROOM: Final = 140
"""Words of the section that answers."""
_OTHER_ROOM: Final = 60
"""Words of another section beside it."""
_OTHER: Final = 0.8
"""Share of the best score from which another section is worth a word."""
_CODE_LINES: Final = 24
_ASKED_CODE_LINES: Final = 60
_SAME: Final = 0.7
_INSIDE: Final = 0.5
_MORE: Final = 2
_DOUBTFUL: Final = 0.6
"""A best score below is helped by a sentence of a third section."""
_THIRD_ROOM: Final = 20
_OF_WHOLE: Final = 0.4
"""Share of the whole question in the score for one of its parts."""
_BEGINS: Final = re.compile(r"\s*(?:async def|def|class|@|#|//|function|export)")

Ranked = list[tuple[float, Candidate]]
Excerpt = Sequence[Candidate]


@dataclass(frozen=True)
class Piece:
    """A stretch of the answer; ``gap`` is the space before it.

    Without a ``source_id`` it is no quotation.
    """

    text: str
    gap: str
    source_id: str


@dataclass(frozen=True)
class Composer:
    """Answers questions from ``candidates``, the units of ``passages``.

    ``hurried`` embeds no sentences, see ``score``.
    """

    candidates: Sequence[Candidate]
    passages: Sequence[Document]
    embeddings: SentenceEncoder
    hurried: bool = False

    def answer(self, query: Query, said: Collection[int] = ()) -> list[Piece]:
        """The answer; empty when no sentence answers. ``said``: ids of units to pass over."""
        again = bool(said)
        said = {*said, *_in_other_languages(query, self.candidates)}
        barred = self._telling_nothing(query) | said
        parts = query.parts
        excerpts: list[Excerpt] = []
        for part in parts:
            ranked, layout = self._ranked(part, query, barred)
            ranked = [pair for pair in ranked if id(pair[1]) not in said]
            least = _NO_ANSWER if language_of(query.text) == "en" else _NO_ANSWER / 2
            if not ranked or ranked[0][0] < least or (again and id(ranked[0][1]) in barred):
                break
            if excerpts:
                leads = [c for _, c in ranked if not _repeats(c, excerpts)][:1]
                excerpts += [layout.excerpt([lead], _OTHER_ROOM) for lead in leads]
            else:
                excerpts.append(_first(query, ranked, layout, barred))
                if len(parts) == 1:
                    _add_others(query, ranked, layout, excerpts)
        return quote(query, excerpts, self.passages)

    def briefly(self, query: Query) -> list[Piece]:
        """What answers best, alone."""
        barred = self._telling_nothing(query)
        ranked, layout = self._ranked(query.parts[0], query, barred)
        leads = [c for _, c in ranked[:1]]
        return quote(query, [layout.excerpt(leads, 0)] if leads else [], self.passages)

    def explain(self, query: Query, selection: str) -> list[Piece]:
        """What the section says of the selected text, or the answer to a question about it."""
        chosen = selected(self.candidates, selection)
        best = None
        if not is_general(query.text):
            scores = score(
                query, self.candidates, self.passages, self.embeddings, hurried=self.hurried
            )
            lifted = lift(self.candidates, chosen, scores)
            top = max(range(len(lifted)), key=lifted.__getitem__)
            best = self.candidates[top]
        return quote(query, [explanation(self.candidates, chosen, selection, best)], self.passages)

    def _telling_nothing(self, query: Query) -> set[int]:
        return {id(c) for c in self.candidates if tells_nothing(query, c)}

    def _ranked(self, part: Query, query: Query, barred: Collection[int]) -> tuple[Ranked, Layout]:
        scores = score(part, self.candidates, self.passages, self.embeddings, hurried=self.hurried)
        if part.text != query.text:
            whole = score(
                query, self.candidates, self.passages, self.embeddings, hurried=self.hurried
            )
            scores = [
                value + _OF_WHOLE * (other - value)
                for value, other in zip(scores, whole, strict=True)
            ]
        found = inherited(query, self.passages)
        scores = [
            value + found[c.passage] for value, c in zip(scores, self.candidates, strict=True)
        ]
        by_id = {id(c): value for c, value in zip(self.candidates, scores, strict=True)}
        layout = Layout(self.candidates, query.kinds, query.sides, barred, by_id)
        pairs = [
            pair
            for pair in zip(scores, self.candidates, strict=True)
            if pair[1].kind != "header" and not layout.announces_nothing(pair[1])
        ]
        return sorted(pairs, key=lambda pair: -pair[0]), layout


def _in_other_languages(query: Query, candidates: Sequence[Candidate]) -> set[int]:
    """Ids of the blocks that are not in the language of the code that is asked for, if any is."""
    wanted = languages_of_code(query.text) if "code" in query.kinds else frozenset()
    blocks = {id(c): language_of_code(c.raw) for c in candidates if c.kind == "code"}
    if wanted.isdisjoint(blocks.values()):
        return set()
    return {block for block, language in blocks.items() if language not in wanted}


def _first(query: Query, ranked: Ranked, layout: Layout, barred: Collection[int]) -> Excerpt:
    """The section that answers, or the one item that explains a term."""
    _, lead = ranked[0]
    if lead.kind == "item" and query.names_item(lead.raw):
        return [lead]
    return layout.excerpt([lead, *_inside(query, ranked, layout, barred)], _ROOM)


def _add_others(query: Query, ranked: Ranked, layout: Layout, excerpts: list[Excerpt]) -> None:
    """What other sections may add, unless the first says it whole."""
    best, lead = ranked[0]
    whole = "code" in query.kinds and lead.kind == "code"
    whole |= "how" in query.kinds and _is_procedure(excerpts[0])
    rooms = [] if whole else [_OTHER_ROOM, *[_THIRD_ROOM] * (best < _DOUBTFUL)]
    for other in _others(query, ranked, excerpts):
        # One that was added may hold what the next would say.
        if rooms and not _repeats(other, excerpts) and _elsewhere(other, excerpts):
            excerpts.append(layout.excerpt([other], rooms.pop(0)))


def _inside(
    query: Query, ranked: Ranked, layout: Layout, barred: Collection[int]
) -> list[Candidate]:
    """The next best of the same section, when it is good too and no neighbour anyway."""
    code = query.kinds & {"code", "command", "how", "show"}
    best, lead = ranked[0]
    return [
        c
        for value, c in ranked[1:]
        if (c.passage, c.heading) == (lead.passage, lead.heading)
        and value >= best * _INSIDE
        and id(c) not in barred
        and (c.kind != "code" or (code and len(c.lines) <= _CODE_LINES))
        and not ANNOUNCING.search(c.raw)
        and not layout.hangs(c)
        and (c.block != lead.block or c.kind == "prose")
    ][:_MORE]


def _is_procedure(excerpt: Excerpt) -> bool:
    """All steps of something: the steps of another section would be another way."""
    return sum(c.kind == "item" and step_number(c.raw) is not None for c in excerpt) > 1


def _others(query: Query, ranked: Ranked, excerpts: Sequence[Excerpt]) -> list[Candidate]:
    """What another section may add: it scores nearly as well, or the best one is doubtful."""
    best, first = ranked[0]
    listed = "list" in query.kinds
    return [
        candidate
        for value, candidate in ranked
        if value >= best * _OTHER - max(0.0, _SURE - best)
        and _elsewhere(candidate, excerpts)
        and not tells_nothing(query, candidate)
        and candidate.kind in (("prose", "item", "row") if listed else ("prose", "item"))
        and not _repeats(candidate, excerpts)
        and not (candidate.kind == "item" and ANNOUNCING.search(candidate.raw))
        and not (query.defined_by(first.raw) and query.defined_by(candidate.raw))
    ]


def _elsewhere(candidate: Candidate, excerpts: Sequence[Excerpt]) -> bool:
    """Below a heading that was not quoted yet."""
    quoted = {(c.passage, c.heading) for excerpt in excerpts for c in excerpt}
    return (candidate.passage, candidate.heading) not in quoted


def _repeats(candidate: Candidate, excerpts: Sequence[Excerpt]) -> bool:
    mine = candidate.words
    said = [c for excerpt in excerpts for c in excerpt]
    return candidate in said or any(
        len(mine & c.words) > _SAME * min(len(mine), len(c.words) or 1)
        for c in said
        if c.kind != "code"
    )


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
    if not heading or heading.endswith(("?", "؟")) or not (telling or leans or bare or not alone):
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
        most = _ASKED_CODE_LINES if "code" in query.kinds else _CODE_LINES
        # What a class is, its first lines say.
        return _code(candidate, most, (0, 0) if asks_what_is(query.text) else candidate.window)
    alone = candidate.kind == "item" and not any(
        c.kind == "item" and c is not candidate for c in excerpt
    )
    return without_marker(candidate.text) if alone else candidate.text


def _code(candidate: Candidate, most: int, window: tuple[int, int]) -> str:
    """The block, or of a long one the lines that answer, from the start of their function."""
    lines = candidate.text.splitlines()
    if len(lines) <= most or len(lines) < 3:
        return candidate.text
    start, end = window
    start = max(1, min(start, len(lines) - 2))
    for earlier in range(start, max(0, start - CODE_WINDOW // 2), -1):
        if _BEGINS.match(lines[earlier]) or not lines[earlier - 1].strip():
            start = earlier
            break
    kept = lines[start : max(end, start + CODE_WINDOW)]
    if lines[-1] in kept:
        kept = kept[: kept.index(lines[-1])]
    return "\n".join([lines[0], *kept, lines[-1]])


def _gap(before: Candidate | None, candidate: Candidate) -> str:
    if before is None:
        return ""
    same = before.block == candidate.block
    if before.kind == candidate.kind and candidate.kind in ("item", "row"):
        return "\n" if same else "\n\n"
    return " " if same and before.kind == candidate.kind == "prose" else "\n\n"

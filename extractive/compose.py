"""From scored sentences to an answer: what answers first and whole, then what belongs to it."""

import itertools
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from langchain_core.documents import Document

from extractive.code_blocks import is_fragment
from extractive.encoder import SentenceEncoder
from extractive.excerpts import ANNOUNCING, Layout, words
from extractive.passages import Candidate
from extractive.question import Query
from extractive.scoring import handed_down, inherited, score, tells_nothing
from extractive.selection import explanation, is_general, lift, selected
from extractive.wording import CODE_LINES, Excerpt, Piece, quote
from text.code import language_of_code, languages_of_code
from text.comparison import compares, names_of_sides
from text.steps import step_number
from text.words import content_words, language_of

_NO_ANSWER: Final = 0.05
"""No sentence scores higher: the passages do not answer."""
_TELLING: Final = 0.15
"""What scores less does not take the place of what only announces."""
_SURE: Final = 0.6
"""A best score below is a doubtful one."""
_ROOM: Final = 140
"""Words of the section that answers."""
_OTHER_ROOM: Final = 60
"""Words of another section beside it."""
_SIDE_ROOM: Final = 80
"""Words on each of two things that are compared."""
_OTHER: Final = 0.8
"""Share of the best score from which another section is worth a word."""
_OF_BRIEF: Final = 0.5
"""The same beside an answer as brief as a glossary's."""
_BRIEF: Final = 60
"""Words of such an answer."""
_TOLD_BRIEFLY: Final = frozenset(("number", "list", "compare", "code", "command", "show"))
"""What may be answered briefly and whole."""
_FEWEST: Final = 3
"""Items or rows that make a list whole."""
_NEAR: Final = 0.3
"""Less near to the question, a sentence of another section shares its words by chance."""
_SAME: Final = 0.7
_INSIDE: Final = 0.5
_MORE: Final = 2
_DOUBTFUL: Final = 0.6
"""A best score below is helped by a sentence of a third section."""
_THIRD_ROOM: Final = 20
_OF_WHOLE: Final = 0.4
"""Share of the whole question in the score for one of its parts."""

Ranked = list[tuple[float, Candidate]]


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
        if sides := self._side_by_side(query, barred):
            return quote(query, sides, self.passages)
        parts = query.parts
        excerpts: list[Excerpt] = []
        for part in parts:
            ranked, layout = self._ranked(part, query, barred)
            ranked = [pair for pair in ranked if id(pair[1]) not in said]
            if again:
                # What goes on with an answer is about the same.
                ranked = [pair for pair in ranked if _is_near(query, pair[1])]
            ranked = _telling_first(ranked, barred)
            least = _NO_ANSWER if language_of(query.text) == "en" else _NO_ANSWER / 2
            if not ranked or ranked[0][0] < least or (again and id(ranked[0][1]) in barred):
                break
            if excerpts:
                excerpts += _further(part, ranked, layout, excerpts, barred)
            else:
                excerpts.append(_first(query, ranked, layout, barred))
                if len(parts) == 1:
                    _add_others(query, ranked, layout, excerpts)
        return quote(query, excerpts, self.passages)

    def _side_by_side(self, query: Query, barred: Collection[int]) -> list[Excerpt]:
        """What each of two things is, where no sentence compares them but some tell of each."""
        names = names_of_sides(query.text)
        if not names or any(_sets_against(query.sides, c) for c in self.candidates):
            return []
        excerpts: list[Excerpt] = []
        for side in (Query(f"What is {name}?") for name in names):
            ranked, layout = self._ranked(side, side, barred)
            leads = (c for _, c in ranked if id(c) not in barred and _tells_of(side, c))
            lead = next((c for c in leads if not _repeats(c, excerpts)), None)
            if lead is None:
                return []
            told = [lead] if _is_term(side, lead) else layout.excerpt([lead], _SIDE_ROOM)
            excerpts.append(_unsaid(told, excerpts))
        return excerpts

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
        telling = {c.passage for c in self.candidates if id(c) not in barred}
        silent = {c.passage for c in self.candidates} - telling
        found = handed_down(inherited(query, self.passages), self.passages, silent)
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


def _sets_against(sides: Sequence[frozenset[str]], candidate: Candidate) -> bool:
    """It compares the two, or is the head of a table that does."""
    if candidate.kind == "header":
        return all(side <= candidate.words for side in sides)
    return compares(candidate.raw, candidate.words, sides)


def _tells_of(side: Query, candidate: Candidate) -> bool:
    """It names what the side is about, or stands below its heading."""
    prose = candidate.kind in ("prose", "item")
    return prose and side.words.keys() <= candidate.words | set(content_words(candidate.heading))


def _telling_first(ranked: Ranked, barred: Collection[int]) -> Ranked:
    """What tells something leads, unless it is hardly about what was asked."""
    best = next((pair for pair in ranked if id(pair[1]) not in barred), None)
    if best is None or best[0] < _TELLING or ranked[0][0] >= _SURE:
        return ranked
    return [best, *(pair for pair in ranked if pair is not best)]


def _first(query: Query, ranked: Ranked, layout: Layout, barred: Collection[int]) -> Excerpt:
    """The section that answers, or the one item that explains a term."""
    _, lead = ranked[0]
    if _is_term(query, lead):
        return [lead]
    return layout.excerpt([lead, *_inside(query, ranked, layout, barred)], _ROOM)


def _is_term(query: Query, candidate: Candidate) -> bool:
    """An item that says by itself what is asked for, as those of a glossary do."""
    return candidate.kind == "item" and query.names_item(candidate.raw)


def _said(excerpts: Sequence[Excerpt]) -> list[Candidate]:
    return [c for excerpt in excerpts for c in excerpt]


def _unsaid(excerpt: Excerpt, excerpts: Sequence[Excerpt]) -> Excerpt:
    """What of it stands in none of the others."""
    said = _said(excerpts)
    return [c for c in excerpt if c not in said]


def _further(
    part: Query,
    ranked: Ranked,
    layout: Layout,
    excerpts: Sequence[Excerpt],
    barred: Collection[int],
) -> list[Excerpt]:
    """What the next part of a question is answered with, unless that was said already."""
    code = "why" not in part.kinds  # which gives no reasons
    fresh = (
        c
        for _, c in ranked
        if (code or c.kind != "code") and id(c) not in barred and not _repeats(c, excerpts)
    )
    return [
        _unsaid(layout.excerpt([lead], _OTHER_ROOM), excerpts)
        for lead in itertools.islice(fresh, 1)
    ]


def _add_others(query: Query, ranked: Ranked, layout: Layout, excerpts: list[Excerpt]) -> None:
    """What other sections may add, unless the first says it whole."""
    best, lead = ranked[0]
    whole = "code" in query.kinds and lead.kind == "code"
    whole |= "how" in query.kinds and _is_procedure(excerpts[0])
    whole |= "list" in query.kinds and _is_list(excerpts[0])
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
    only_code = "code" in query.kinds and lead.kind == "code"
    return [
        c
        for value, c in ranked[1:]
        if (c.passage, c.heading) == (lead.passage, lead.heading)
        and value >= best * _INSIDE
        and id(c) not in barred
        and (not only_code or c.kind == "code")
        and (c.kind != "code" or (code and len(c.lines) <= CODE_LINES and not is_fragment(c.text)))
        and not ANNOUNCING.search(c.raw)
        and not layout.hangs(c)
        and (c.block != lead.block or c.kind == "prose")
    ][:_MORE]


def _is_procedure(excerpt: Excerpt) -> bool:
    """All steps of something: the steps of another section would be another way."""
    return sum(c.kind == "item" and step_number(c.raw) is not None for c in excerpt) > 1


def _is_list(excerpt: Excerpt) -> bool:
    return sum(c.kind in ("item", "row") for c in excerpt) >= _FEWEST


def _others(query: Query, ranked: Ranked, excerpts: Sequence[Excerpt]) -> list[Candidate]:
    """What another section may add: it scores nearly as well, or the best one says little."""
    best, first = ranked[0]
    listed = "list" in query.kinds
    brief = not query.kinds & _TOLD_BRIEFLY and words(excerpts[0]) <= _BRIEF
    least = best * (_OF_BRIEF if brief else _OTHER) - max(0.0, _SURE - best)
    return [
        candidate
        for value, candidate in ranked
        if value >= least
        and _is_near(query, candidate)
        and _elsewhere(candidate, excerpts)
        and not tells_nothing(query, candidate)
        and candidate.kind in (("prose", "item", "row") if listed else ("prose", "item"))
        and not _repeats(candidate, excerpts)
        and not (candidate.kind == "item" and ANNOUNCING.search(candidate.raw))
        and not (query.defined_by(first.raw) and query.defined_by(candidate.raw))
    ]


def _is_near(query: Query, candidate: Candidate) -> bool:
    """Near in meaning, as far as the model of the sentences reads the question's language."""
    read = language_of(query.text) == "en" and candidate.cosine is not None
    return not read or (candidate.cosine or 0.0) >= _NEAR


def _elsewhere(candidate: Candidate, excerpts: Sequence[Excerpt]) -> bool:
    """Below a heading that was not quoted yet."""
    quoted = {(c.passage, c.heading) for c in _said(excerpts)}
    return (candidate.passage, candidate.heading) not in quoted


def _repeats(candidate: Candidate, excerpts: Sequence[Excerpt]) -> bool:
    mine = candidate.words
    said = _said(excerpts)
    return candidate in said or any(
        len(mine & c.words) > _SAME * min(len(mine), len(c.words) or 1)
        for c in said
        if c.kind != "code"
    )

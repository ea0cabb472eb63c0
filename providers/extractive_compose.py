"""From scored sentences to an answer that reads well: few, in order, each with its source."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from langchain_core.documents import Document

from providers.extractive_groups import Group, Layout
from providers.extractive_passages import Candidate
from providers.extractive_question import Query
from providers.extractive_wording import worded
from words import language_of

_NO_ANSWER: Final = 0.15
"""No sentence scores higher: the passages do not answer."""
_SURE: Final = 0.6
"""A best score below is a doubtful one."""
_FEW_WORDS: Final = 70
_ENOUGH_WORDS: Final = 95
_MOST_WORDS: Final = 150
_MOST_GROUPS: Final = 6
_MOST_CODE: Final = 40
_MOST_CODE_BLOCKS: Final = 2
_NEAR_CODE: Final = 2
# Shares of the best sentence's score from which on another one is worth saying.
_FAIR: Final = 0.5
_LISTED: Final = 0.4
_SAME_PASSAGE: Final = 0.5
_OTHER_PASSAGE: Final = 0.8
_AS_DIRECT: Final = 0.85
_NEW_WORDS: Final = 0.1
_MORE: Final = 0.1


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
    least = _NO_ANSWER if language_of(query.text) == "en" else _NO_ANSWER / 2
    if not ranked or ranked[0].score < least:
        return []
    groups = _Choice(query, Layout(query, candidates)).choose(ranked)
    return quote(_in_order(groups), passages)


def quote(chosen: Sequence[Candidate], passages: Sequence[Document]) -> list[Piece]:
    """These candidates, in this order, worded so that they stand alone."""
    return list(_pieces(chosen, [str(p.metadata.get("id") or p.id) for p in passages]))


class _Choice:
    """Takes the best group, then others while they add something and there is room."""

    def __init__(self, query: Query, layout: Layout) -> None:
        self._query, self._layout = query, layout
        self._groups: list[Group] = []
        self._taken: set[int] = set()
        self._words = 0

    def choose(self, ranked: Sequence[Candidate]) -> list[Group]:
        """Groups, the most direct first."""
        best = ranked[0]
        self._take(best)
        for leader in self._leaders(ranked):
            self._offer(leader)
        for candidate in ranked[1:]:
            if len(self._groups) >= _MOST_GROUPS:
                break
            if self._adds(candidate, best):
                self._offer(candidate)
        self._read_on(_FEW_WORDS if best.score >= _SURE else _ENOUGH_WORDS)
        return self._groups

    def _read_on(self, words: int) -> None:
        """Where single sentences are short or doubtful, the book's own next ones help most."""
        after = self._groups[0].members[-1]
        while self._words < words:
            following = self._layout.following(after)
            if following is None:
                return
            self._offer(following)
            after = following

    def _leaders(self, ranked: Sequence[Candidate]) -> Iterator[Candidate]:
        """The best for each further part of the question, each side, and the list asked for."""
        fair = [c for c in ranked if c.score >= ranked[0].score * _FAIR]
        for number, part in enumerate(self._query.parts):
            mine = [c for c in fair if c.part == number]
            yield from mine[:1]
            if "list" in part.kinds:
                yield from [c for c in ranked if c.part == number and self._is_listed(c)][:1]
            if part.kinds & {"how", "code"}:
                yield from [c for c in mine if c.kind == "code" and self._is_near(c)][:1]
        for side in self._query.sides:
            if not any(side & c.words for group in self._groups for c in group.members):
                yield from [c for c in fair if side & c.words][:1]

    def _is_listed(self, candidate: Candidate) -> bool:
        best = self._groups[0].leader
        share = _LISTED if candidate.passage == best.passage else _OTHER_PASSAGE
        return candidate.kind in ("item", "row") and candidate.score >= share * best.score

    def _is_near(self, code: Candidate) -> bool:
        best = self._groups[0].members
        near = any(abs(code.position - c.position) <= _NEAR_CODE for c in best)
        return near and code.passage == best[0].passage and code.raw.count("\n") <= _MOST_CODE

    def _adds(self, candidate: Candidate, best: Candidate) -> bool:
        share = candidate.score / best.score
        if candidate.kind == "code":
            kinds = self._query.parts[candidate.part].kinds
            return bool(kinds & {"how", "code"}) and share >= _OTHER_PASSAGE
        if candidate.kind == "row" and any(candidate.block == g.leader.block for g in self._groups):
            asked = any(side & candidate.words for side in self._query.sides)
            return share >= (_FAIR if asked else _AS_DIRECT)
        astray = candidate.kind == "item" != best.kind
        near = candidate.passage == best.passage and not astray
        wanted = _SAME_PASSAGE if near else _OTHER_PASSAGE
        if self._words >= _ENOUGH_WORDS:
            wanted += _MORE
        if self._news(candidate):
            wanted -= _NEW_WORDS
        wanted -= max(0.0, _SURE - best.score)
        return share >= wanted

    def _news(self, candidate: Candidate) -> bool:
        """It holds a word of the question that nothing said so far holds."""
        said = {word for group in self._groups for c in group.members for word in c.words}
        return any(word in candidate.words and word not in said for word in self._query.words)

    def _offer(self, candidate: Candidate) -> None:
        if id(candidate) not in self._taken and not self._repeats(candidate):
            self._take(candidate)

    def _take(self, candidate: Candidate) -> None:
        group = self._layout.group(candidate)
        group.members = [c for c in group.members if id(c) not in self._taken]
        cost = sum(c.length for c in group.members if c.kind != "code")
        blocks = [c for g in [*self._groups, group] for c in g.members if c.kind == "code"]
        too_much = self._words + cost > _MOST_WORDS or len(blocks) > _MOST_CODE_BLOCKS
        if self._groups and too_much:
            return
        self._groups.append(group)
        self._taken.update(id(c) for c in group.members)
        self._words += cost

    def _repeats(self, candidate: Candidate) -> bool:
        mine = candidate.words
        if candidate.kind in ("row", "code") or not mine:
            return False
        if self._defines(candidate) and any(self._defines(g.leader) for g in self._groups):
            return True
        said = (c.words for group in self._groups for c in group.members if c.kind != "code")
        return any(len(mine & words) > 0.7 * min(len(mine), len(words) or 1) for words in said)

    def _defines(self, candidate: Candidate) -> bool:
        part = self._query.parts[candidate.part]
        return "define" in part.kinds and part.defined_by(candidate.raw)


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


def _may_precede(group: Group, best: Group) -> bool:
    same = group.leader.block == best.leader.block and group.leader.kind == best.leader.kind
    return same or group.score >= _AS_DIRECT * best.score


def _pieces(chosen: Sequence[Candidate], sources: Sequence[str]) -> Iterator[Piece]:
    before: Candidate | None = None
    header = ""
    for candidate in chosen:
        if candidate.kind == "header":
            header = candidate.text + "\n"
            continue
        text = worded(candidate, before, chosen)
        if text:
            gap = _gap(before, candidate)
            yield Piece(header + text, gap, sources[candidate.passage])
            before = candidate
        header = ""


def _gap(before: Candidate | None, candidate: Candidate) -> str:
    if before is None:
        return ""
    same = before.passage == candidate.passage
    if same and before.kind == candidate.kind and candidate.kind in ("item", "row"):
        return "\n" if before.block == candidate.block else "\n\n"
    return " " if same and before.kind == candidate.kind == "prose" else "\n\n"

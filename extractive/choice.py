"""Which sentences are said: the best, what it needs, and what adds something."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from extractive.groups import Group, Layout
from extractive.passages import Candidate
from extractive.question import Query

_SURE: Final = 0.6
"""A best score below is a doubtful one."""
_FEWEST_WORDS: Final = 60
_FEW_WORDS: Final = 70
_ENOUGH_WORDS: Final = 95
_MOST_WORDS: Final = 150
_MOST_GROUPS: Final = 6
_MOST_CODE: Final = 40
_MOST_CODE_BLOCKS: Final = 2
_NEAR_CODE: Final = 2
_SHORT_PARAGRAPH: Final = 90
"""Words up to which the sentence before the best one comes along: it says what "the same" is."""
_SECTION_WORDS: Final = 100
"""Words that are read of the one section that was found far ahead of the others."""
_POINTS_BACK: Final = re.compile(
    r"\b([Tt]his|[Tt]hese|[Tt]hose|[Ss]uch|the same)\s(?!book|chapter|section|module)[a-z]+"
)
_SHORT_CODE: Final = 10
_ROOM_FOR_TABLE: Final = 40
# Shares of the best sentence's score from which on another one is worth saying.
_FAIR: Final = 0.5
_LISTED: Final = 0.5
_SAME_PASSAGE: Final = 0.5
_OTHER_PASSAGE: Final = 0.8
_AS_DIRECT: Final = 0.85
_NEW_WORDS: Final = 0.1
_MORE: Final = 0.1


class Choice:
    """Takes the best group, then others while they add something and there is room."""

    def __init__(self, query: Query, layout: Layout) -> None:
        self._query, self._layout = query, layout
        self._groups: list[Group] = []
        self._taken: set[int] = set()
        self._words = 0

    def choose(self, ranked: Sequence[Candidate], *, ahead: bool) -> list[Group]:
        """Groups, the most direct first; ``ahead``: the best one's section is surely the one."""
        best = ranked[0]
        self._take(best)
        self._begin_earlier(best)
        for leader in self._leaders(ranked):
            self._offer(leader)
        if ahead:
            self._read_around(best)
        for candidate in ranked[1:]:
            if len(self._groups) >= _MOST_GROUPS:
                break
            if self._adds(candidate, best):
                self._offer(candidate)
        self._read_on(_FEW_WORDS if best.score >= _SURE else _ENOUGH_WORDS)
        self._fill_up(ranked)
        return self._groups

    def _fill_up(self, ranked: Sequence[Candidate]) -> None:
        """Books of short sections: one sentence alone would be a poor answer."""
        for candidate in ranked:
            if self._words >= _FEWEST_WORDS or candidate.score < _FAIR * ranked[0].score:
                return
            if candidate.kind != "code" and not candidate.doubtful:
                self._offer(candidate)

    def _begin_earlier(self, best: Candidate) -> None:
        """The sentence before the best one says what that one goes on about."""
        first = self._groups[0].members[0]
        before = self._layout.at(best.passage, first.position - 1)
        if best.kind != "prose" or before is None or before.kind != "prose" or before.doubtful:
            return
        paragraph = self._layout.block(best)
        if before in paragraph and sum(c.length for c in paragraph) <= _SHORT_PARAGRAPH:
            self._extend(self._groups[0], [before])

    def _read_around(self, best: Candidate) -> None:
        """What stands beside the best sentence: its paragraph first, then the likeliest."""
        passed: set[int] = set()
        while self._words < _SECTION_WORDS:
            beside = [c for c in self._beside(best) if id(c) not in passed]
            if not beside:
                return
            unit = max(beside, key=lambda c: (c.block == best.block, c.score))
            table = unit.kind in ("row", "header")
            members = [c for c in self._layout.block(unit) if id(c) not in self._taken]
            members = members if table else [unit]
            room = _SECTION_WORDS + (_ROOM_FOR_TABLE if table else _MOST_WORDS - _SECTION_WORDS)
            if self._cost(members) + self._words <= room:
                self._extend(self._groups[0], members)
            passed.update(map(id, members))

    def _beside(self, best: Candidate) -> list[Candidate]:
        """Units of the best one's section that touch what is said of it and are short enough."""
        mine = self._layout.passage(best)
        said = {c.position for c in mine if id(c) in self._taken}
        return [
            c
            for c in mine
            if c.position not in said
            and (c.position - 1 in said or (c.position + 1 in said and self._leads_to(c, best)))
            and c.heading == best.heading
            and not c.doubtful
            and (c.kind != "code" or c.raw.count("\n") <= _SHORT_CODE)
        ]

    @staticmethod
    def _leads_to(candidate: Candidate, best: Candidate) -> bool:
        """A sure answer begins with its own paragraph, unless that points back."""
        points_back = _POINTS_BACK.search(best.raw)
        return candidate.block == best.block or best.score < _SURE or bool(points_back)

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
        return candidate.kind in ("item", "row") and candidate.score >= _LISTED * best.score

    def _is_near(self, code: Candidate) -> bool:
        best = self._groups[0].members
        near = any(abs(code.position - c.position) <= _NEAR_CODE for c in best)
        return near and code.passage == best[0].passage and code.raw.count("\n") <= _MOST_CODE

    def _adds(self, candidate: Candidate, best: Candidate) -> bool:
        share = candidate.score / best.score
        if candidate.doubtful:
            return False
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
        cost = self._cost(group.members)
        blocks = [c for g in [*self._groups, group] for c in g.members if c.kind == "code"]
        too_much = self._words + cost > _MOST_WORDS or len(blocks) > _MOST_CODE_BLOCKS
        if self._groups and too_much:
            return
        self._groups.append(group)
        self._taken.update(id(c) for c in group.members)
        self._words += cost

    def _extend(self, group: Group, members: Sequence[Candidate]) -> None:
        group.members = sorted([*group.members, *members], key=lambda c: c.position)
        self._taken.update(id(c) for c in members)
        self._words += self._cost(members)

    @staticmethod
    def _cost(members: Sequence[Candidate]) -> int:
        return sum(c.length for c in members if c.kind != "code")

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

"""What belongs together in a passage: a table row and its header, a list, "It …" and its "It"."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from extractive.passages import Candidate
from extractive.question import Query

_WHOLE_LIST: Final = 300
"""Words up to which a list that was asked for comes whole."""
_ANNOUNCED: Final = 130
"""Words up to which a list comes along that a sentence announces."""
_SHORT_CODE: Final = 14
_LONG_CODE: Final = 45
_ROWS: Final = 12

LEANING: Final = re.compile(
    r"(?:It|This|They|These|Those|That|Its|Their|Both|Such|He|She|Here|So|Then|Otherwise|But"
    r"|However|Therefore|The (?:former|latter|other|others|first|second|third|last|same|two"
    r"|three))\b(?!\s+(?:book|chapter|section|module|page|course)\b)"
)
_OPEN: Final = re.compile(r":[*_]*\s*$|[^.!?…:;۔。！？؟)\"'”’*`_\]|]\s*$|,\s*$")
ANNOUNCING: Final = re.compile(r":[*_]*\s*$|^(\*\*|__)[^*_]+(\*\*|__)\s*$")
"""Ends with a colon, or is a heading in bold letters."""
_COUNTED: Final = re.compile(
    r"\b(two|three|four|five|six|seven|eight|nine|ten|\d+|following|these)\b(\s\S+){0,6}\s?$"
    r"|\b(two|three|four|five|six|seven|eight|nine|ten|following)\b",
    re.I,
)


@dataclass(eq=False)
class Group:
    """A candidate with what it cannot be understood without, in the book's order."""

    leader: Candidate
    members: list[Candidate]

    @cached_property
    def score(self) -> float:
        """The leader's: the others come for its sake."""
        return self.leader.score


class Layout:
    """The candidates by passage and block."""

    def __init__(self, query: Query, candidates: Sequence[Candidate]) -> None:
        self._query = query
        self._passages: dict[int, list[Candidate]] = defaultdict(list)
        self._blocks: dict[tuple[int, int], list[Candidate]] = defaultdict(list)
        for candidate in candidates:
            self._passages[candidate.passage].append(candidate)
            self._blocks[candidate.passage, candidate.block].append(candidate)

    def group(self, leader: Candidate) -> Group:
        """The leader with its table header, list, lead-in, antecedents and announced block."""
        members = {leader.position, *self._block_of(leader)}
        members |= self._before(leader.passage, min(members))
        members |= self._announced(leader)
        mine = self._passages[leader.passage]
        return Group(leader, [mine[i] for i in sorted(members)])

    def block(self, candidate: Candidate) -> Sequence[Candidate]:
        """Its paragraph, list or table."""
        return self._blocks[candidate.passage, candidate.block]

    def passage(self, candidate: Candidate) -> Sequence[Candidate]:
        """All units of its passage."""
        return self._passages[candidate.passage]

    def promises_nothing(self, candidate: Candidate) -> bool:
        """It announces what does not stand below its heading."""
        if candidate.kind != "prose" or not ANNOUNCING.search(candidate.raw):
            return False
        after = self.at(candidate.passage, candidate.position + 1)
        return after is None or after.heading != candidate.heading

    def following(self, candidate: Candidate) -> Candidate | None:
        """The next sentence below the same heading, unless code or a table comes first."""
        after = self.at(candidate.passage, candidate.position + 1)
        if after is None or after.heading != candidate.heading:
            return None
        return after if after.kind in ("prose", "item", "math") else None

    def at(self, passage: int, position: int) -> Candidate | None:
        """The unit at that place of a passage."""
        mine = self._passages[passage]
        return mine[position] if 0 <= position < len(mine) else None

    def _kinds(self, candidate: Candidate) -> frozenset[str]:
        return self._query.parts[candidate.part].kinds

    def _block_of(self, leader: Candidate) -> set[int]:
        block = self._blocks[leader.passage, leader.block]
        kinds = self._kinds(leader)
        if leader.kind == "row":
            whole = "list" in kinds or ("compare" in kinds and self._compares(block))
            return {
                c.position
                for c in block
                if c.kind == "header" or (whole and len(block) <= _ROWS + 1)
            }
        if leader.kind in ("item", "code") and block[0].kind == "item":
            ordered = block[0].raw.lstrip("> ")[0].isdecimal()
            asked = "list" in kinds or ("how" in kinds and ordered)
            if asked and _length(block) <= _WHOLE_LIST:
                return {c.position for c in block}
        return set()

    def _compares(self, block: Sequence[Candidate]) -> bool:
        """The table's columns are the two sides."""
        sides = self._query.sides
        return bool(sides) and all(side & block[0].words for side in sides)

    def _before(self, passage: int, first: int) -> set[int]:
        """What introduces the block, and sentences to which a leading "It" points back."""
        found: set[int] = set()
        for _ in range(3):
            here, before = self.at(passage, first), self.at(passage, first - 1)
            if here is None or before is None or not self._needs(here, before):
                break
            first -= 1
            found.add(first)
        return found

    def _needs(self, here: Candidate, before: Candidate) -> bool:
        if before.kind not in ("prose", "math") or before.heading != here.heading:
            return False
        if here.kind in ("code", "math", "header", "item"):
            opening = bool(_OPEN.search(before.raw))
            return opening if here.kind != "item" else opening and self._is_first(here)
        if here.raw[:1].islower():
            return True
        return here.block == before.block and bool(LEANING.match(here.raw))

    def _is_first(self, candidate: Candidate) -> bool:
        return self._blocks[candidate.passage, candidate.block][0] is candidate

    def _announced(self, leader: Candidate) -> set[int]:
        """The block that a sentence announces ("…:"), or that answers "list the …"."""
        after = self.at(leader.passage, leader.position + 1)
        if leader.kind != "prose" or after is None or after.kind == "prose":
            return set()
        kinds, block = self._kinds(leader), self._blocks[after.passage, after.block]
        listed = "list" in kinds and bool(_COUNTED.search(leader.raw))
        if not (listed or _OPEN.search(leader.raw)):
            return set()
        if after.kind == "code":
            most = _LONG_CODE if kinds & {"how", "code"} else _SHORT_CODE
            return {after.position} if after.raw.count("\n") <= most else set()
        if after.kind == "math":
            return {after.position} | self._continued(after)
        if after.kind == "header" and not listed:
            return set()
        limit = _WHOLE_LIST if kinds & {"list", "how"} else _ANNOUNCED
        return {c.position for c in block} if _length(block) <= limit else set()

    def _continued(self, formula: Candidate) -> set[int]:
        after = self.at(formula.passage, formula.position + 1)
        return {after.position} if after is not None and after.raw[:1].islower() else set()


def _length(block: Sequence[Candidate]) -> int:
    return sum(c.length for c in block if c.kind != "code")

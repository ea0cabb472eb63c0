"""A stretch of one section: a sentence with what it needs and what follows, in the book's order."""

import re
from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Final

from extractive.passages import Candidate
from text.steps import step_number

_WHOLE_LIST: Final = 300
"""Words up to which a list that was asked for comes whole."""
_SHORT_LIST: Final = 90
"""Words up to which any list does."""
_STEPS: Final = 180
"""Words up to which a numbered list does: its fourth step says little alone."""
_ANNOUNCED: Final = 130
"""Words up to which a list comes along that a sentence announces."""
_PARAGRAPH: Final = 80
"""Words up to which the paragraph before a block of code tells what it does."""
_SHORT_CODE: Final = 14
_LINE: Final = 80
"""Characters of a line of code."""
_ONE_LINE: Final = 2
"""Line breaks of a block with one line of code."""
_ROWS: Final = 12
_ANTECEDENTS: Final = 3
_ROOM_FOR_TABLE: Final = 40

LEANING: Final = re.compile(
    r"(?:It|This|They|These|Those|That|Its|Their|Both|Such|He|She|Here|So|Then|Otherwise|But"
    r"|However|Therefore|The (?:former|latter|other|others|first|second|third|last|same|two"
    r"|three))\b(?!\s+(?:book|chapter|section|module|page|course)\b)"
)
_POINTS_BACK: Final = re.compile(
    r"\b([Tt]his|[Tt]hese|[Tt]hose|[Ss]uch|the same)\s(?!book|chapter|section|module)[a-z]+"
)
_OPEN: Final = re.compile(r":[*_]*+\s*+$|[^.!?…:;۔。！？؟)\"'”’*`_\]|\s]\s*+$")
ANNOUNCING: Final = re.compile(r":[*_]*\s*$|^(\*\*|__)[^*_]+(\*\*|__)\s*$")
"""Ends with a colon, or is a heading in bold letters."""
_COUNTED: Final = re.compile(
    r"\b(two|three|four|five|six|seven|eight|nine|ten|\d+|following|these)\b(\s\S+){0,6}\s?$"
    r"|\b(two|three|four|five|six|seven|eight|nine|ten|following)\b",
    re.I,
)


class Layout:
    """The units of the passages by place.

    Args:
        kinds: what the question asks for.
        sides: the words of two things that it compares.
        barred: ids of units that are not said for another's sake.
    """

    def __init__(
        self,
        candidates: Sequence[Candidate],
        kinds: frozenset[str],
        sides: Sequence[frozenset[str]],
        barred: Container[int],
        scores: Mapping[int, float],
    ) -> None:
        self._scores = scores
        self._kinds, self._sides, self._not_said = kinds, sides, barred
        self._places: dict[tuple[int, int], Candidate] = {}
        self._passages: dict[int, list[Candidate]] = defaultdict(list)
        self._blocks: dict[tuple[int, int], list[Candidate]] = defaultdict(list)
        for candidate in candidates:
            self._passages[candidate.passage].append(candidate)
            self._places[candidate.passage, candidate.position] = candidate
            self._blocks[candidate.passage, candidate.block].append(candidate)

    def excerpt(self, leads: Sequence[Candidate], room: int) -> list[Candidate]:
        """The leads with all that they need, then what stands beside them, up to ``room`` words.

        It grows on the side that scores better, the lead's own paragraph first, and stays below
        one heading.
        """
        chosen: list[Candidate] = []
        steps = bool(self._kinds & {"how", "list"})
        for lead in leads:
            whole = self._whole(lead, steps=steps)
            # The fourth step alone says little beside something else.
            if whole != [lead] or not chosen or step_number(lead.raw) is None:
                chosen += [c for c in whole if c not in chosen]
        chosen.sort(key=lambda c: c.position)
        lead, passed = leads[0], set[int]()
        while True:
            beside = [c for c in self._beside(chosen, lead) if id(c) not in passed]
            if not beside:
                return self._kept(chosen)
            unit = max(beside, key=lambda c: (c.block == lead.block, self._scores[id(c)]))
            passed.add(id(unit))
            added = self._with_block(unit, chosen)
            table = unit.kind in ("row", "header")
            extra = _ROOM_FOR_TABLE if table else 0
            if added and words([*chosen, *added]) <= room + extra:
                chosen = sorted([*chosen, *added], key=lambda c: c.position)

    def announces_nothing(self, candidate: Candidate) -> bool:
        """It announces what does not stand below its heading."""
        if candidate.kind not in ("prose", "item") or not ANNOUNCING.search(candidate.raw):
            return False
        after = self._at(candidate.passage, candidate.position + 1)
        return after is None or after.heading != candidate.heading

    def hangs(self, candidate: Candidate) -> bool:
        """It begins with "It" or "The last", and what that stands for cannot be said with it."""
        before = self._at(candidate.passage, candidate.position - 1)
        return bool(LEANING.match(candidate.raw)) and (
            before is None or not self._needs(candidate, before)
        )

    def _barred(self, candidate: Candidate) -> bool:
        return id(candidate) in self._not_said

    def _at(self, passage: int, position: int) -> Candidate | None:
        return self._places.get((passage, position))

    def _block(self, candidate: Candidate) -> Sequence[Candidate]:
        return self._blocks[candidate.passage, candidate.block]

    def _whole(self, lead: Candidate, *, steps: bool) -> list[Candidate]:
        """The lead with its table header, list, lead-in, antecedents and announced block."""
        members = {lead.position, *self._joined(lead)}
        members |= self._procedure(lead) if steps else set()
        members |= self._needed(lead.passage, min(members))
        members |= self._announced(lead)
        return [self._places[lead.passage, place] for place in sorted(members)]

    def _joined(self, lead: Candidate) -> set[int]:
        """The table header of a row; the list of an item, when it is asked for or short."""
        block = self._block(lead)
        if lead.kind == "row":
            asked = "list" in self._kinds or ("compare" in self._kinds and self._compares(block))
            whole = asked and len(block) <= _ROWS + 1
            return {c.position for c in block if c.kind == "header" or whole}
        most = _WHOLE_LIST if "list" in self._kinds else _SHORT_LIST
        listed = lead.kind in ("item", "code") and block[0].kind == "item"
        return {c.position for c in block} if listed and words(block) <= most else set()

    def _procedure(self, lead: Candidate) -> set[int]:
        """All steps of the numbered list that the lead belongs to, with what stands between."""
        mine = self._passages[lead.passage]
        numbers = {c.position: step_number(c.raw) for c in mine if c.kind == "item"}
        begun = [at for at, number in numbers.items() if number == 1 and at <= lead.position]
        if not begun:
            return set()
        first = last = begun[-1]
        expected = 2
        for at, number in numbers.items():
            if at > first and number == expected:
                last, expected = at, expected + 1
        after = self._at(lead.passage, last + 1)
        last += after is not None and after.kind == "code"
        asked = bool(self._kinds & {"how", "list"})
        whole = [c for c in mine if first <= c.position <= last]
        fits = words(whole) <= (_WHOLE_LIST if asked else _STEPS)
        return {c.position for c in whole} if lead.position <= last and fits else set()

    def _compares(self, block: Sequence[Candidate]) -> bool:
        """The table's columns are the two sides."""
        return bool(self._sides) and all(side & block[0].words for side in self._sides)

    def _needed(self, passage: int, first: int) -> set[int]:
        """What introduces the block, and sentences to which a leading "It" points back."""
        found: set[int] = set()
        for _ in range(_ANTECEDENTS):
            here, before = self._at(passage, first), self._at(passage, first - 1)
            if here is None or before is None or not self._needs(here, before):
                break
            first -= 1
            found.add(first)
            if here.kind == "code" and not ANNOUNCING.search(before.raw):
                return found | {c.position for c in self._block(before) if c.position < first}
        return found

    def _needs(self, here: Candidate, before: Candidate) -> bool:
        if before.kind not in ("prose", "math") or before.heading != here.heading:
            return False
        if here.kind == "item":
            return self._block(here)[0] is here and bool(_OPEN.search(before.raw))
        if here.kind == "code":
            short = words(self._block(before)) <= _PARAGRAPH
            return not self._barred(before) and (short or bool(_OPEN.search(before.raw)))
        if here.kind in ("math", "header"):
            return bool(_OPEN.search(before.raw))
        if here.raw[:1].islower():
            return True
        return bool(LEANING.match(here.raw)) and not self._barred(before)

    def _announced(self, lead: Candidate) -> set[int]:
        """The block that a sentence announces ("…:"), or that answers "list the …"."""
        after = self._at(lead.passage, lead.position + 1)
        if lead.kind != "prose" or after is None or after.kind == "prose":
            return set()
        block = self._block(after)
        listed = "list" in self._kinds and bool(_COUNTED.search(lead.raw))
        if not (listed or _OPEN.search(lead.raw) or ANNOUNCING.search(lead.raw)):
            return set()
        if after.kind == "code":
            return {after.position}
        if after.kind == "math":
            return {after.position} | self._continued(after)
        if after.kind == "header" and not listed:
            return set()
        limit = _WHOLE_LIST if self._kinds & {"list", "how"} else _ANNOUNCED
        return {c.position for c in block} if words(block) <= limit else set()

    def _continued(self, formula: Candidate) -> set[int]:
        after = self._at(formula.passage, formula.position + 1)
        return {after.position} if after is not None and after.raw[:1].islower() else set()

    def _kept(self, chosen: list[Candidate]) -> list[Candidate]:
        """Without what announces something that is not said then, if anything is left."""
        places = {c.position for c in chosen}
        kept = [c for c in chosen if c.position + 1 in places or not self._opens(c)]
        return kept or chosen

    def _opens(self, candidate: Candidate) -> bool:
        """It ends with a colon, or in the middle of a sentence that a formula ends."""
        if candidate.kind not in ("prose", "item"):
            return False
        after = self._at(candidate.passage, candidate.position + 1)
        # An item often ends without a point, and only code that is its own goes on with it.
        goes_on = candidate.kind == "prose" or (after and after.block == candidate.block)
        broken = after is not None and after.kind in ("math", "code") and goes_on
        return bool(ANNOUNCING.search(candidate.raw) or (broken and _OPEN.search(candidate.raw)))

    def _beside(self, chosen: Sequence[Candidate], lead: Candidate) -> list[Candidate]:
        """Units that touch the excerpt and may join it."""
        places = {c.position + step for c in chosen for step in (1, -1)}
        places -= {c.position for c in chosen}
        found = (self._at(lead.passage, place) for place in sorted(places))
        return [
            unit
            for unit in found
            if unit is not None
            and unit.heading == lead.heading
            and not self._barred(unit)
            and not self._points_over_a_gap(unit)
            and (unit.position > chosen[0].position or self._leads_to(unit, lead))
        ]

    def _points_over_a_gap(self, unit: Candidate) -> bool:
        before = self._at(unit.passage, unit.position - 1)
        return before is None and bool(LEANING.match(unit.raw))

    def _leads_to(self, unit: Candidate, lead: Candidate) -> bool:
        """It stands in the same paragraph, or the lead speaks of "this variable"."""
        points = unit.kind == "prose" and _POINTS_BACK.search(lead.raw)
        return unit.block == lead.block or bool(points)

    def _with_block(self, unit: Candidate, chosen: Sequence[Candidate]) -> list[Candidate]:
        """The unit with the rest of its list or table, or with what it announces."""
        if unit.kind == "row" and any(c.block == unit.block for c in chosen):
            return []  # who got the row that answers does not need the table
        added = list(self._block(unit)) if unit.kind in ("item", "row", "header") else [unit]
        if unit.kind == "prose" and ANNOUNCING.search(unit.raw):
            announced = self._announced(unit)
            known = any(c.position == unit.position + 1 for c in chosen)
            if not announced and not known:
                return []
            added += [self._places[unit.passage, place] for place in sorted(announced)]
        most = _SHORT_CODE if self._kinds & {"how", "code", "command"} else _ONE_LINE
        if any(c.kind == "code" and _is_longer(c.raw, most) for c in added):
            return []
        return [c for c in added if c not in chosen]


def _is_longer(code: str, line_breaks: int) -> bool:
    return code.count("\n") > line_breaks or len(code) > _LINE * (line_breaks + 1)


def words(units: Iterable[Candidate]) -> int:
    """Words outside of code."""
    return sum(c.length for c in units if c.kind != "code")

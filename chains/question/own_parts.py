"""Questions about the book itself that a part of it answers, by what its headings say.

For whom it is, what it takes to begin, how long it takes, how it is marked.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from text.outline import Outline, Page, Section
from text.words import content_words, stem

_AUDIENCE: Final = re.compile(r"\bwho\b.{0,20}\bfor\b|\baudience\b|\bwho should\b", re.I)
_PREREQUISITES: Final = re.compile(
    r"\bprerequisites?\b|\bwhat you need\b|\brequirements\b|\bbefore you (?:start|begin)\b", re.I
)
_NEEDED: Final = re.compile(
    r"\bprerequisites?\b|\bwhat you(?:['’]ll| will)? need\b|\bbefore you (?:start|begin)\b"
    r"|\b(?:system|hardware|software|knowledge|technical|minimum|recommended)"
    r" (?:requirements|specifications)\b|\brequired knowledge\b"
    r"|\b(?:hardware|equipment|laptop|computer|workstation)\b",
    re.I,
)
_MARKED: Final = re.compile(
    r"(?<![-\w])(?:assessments?|grading|grades?|marking|marks|exams?|examinations?|certificates?"
    r"|evaluation criteria|how you (?:are|will be) \w+ed)\b",
    re.I,
)
_PLANNED: Final = re.compile(
    r"\b(?:schedule|timetable|timeline|calendar|syllabus|duration|how long|pace|weekly|weeks"
    r"|time commitment|(?:course|study) plan|(?:book|course) is organi[sz]ed)\b",
    re.I,
)
_LISTED: Final = frozenset("what are is the any there list tell me do have i".split())
_MARKS: Final = frozenset(
    content_words("pass fail grade grading mark exam certificate certification assess assessment")
)
_OF_MARKS: Final = _MARKS | frozenset(
    content_words("course class subject semester student final score decide calculate end rule")
)
_ASKS_NEED: Final = re.compile(
    r"\W*(?:(?:so|and|but|ok|also)\s)?(?:(?P<may>can|could|may)|do|must|should|will|would)"
    r" (?:i|we|you|one)\b(?: (?:really|actually|also|still|already))?"
    r" (?:need|have|know|own|use|buy|install)\b(?P<what>[^:?]{0,60})\W*",
    re.I,
)
_IS_NEEDED: Final = re.compile(
    r"\W*(?:is|are) (?P<what>[^:?]{2,50}?) (?:required|needed|necessary|mandatory|a must)\W*", re.I
)
_TO_KNOW: Final = re.compile(r"\b(?:know|understand|learn)\b", re.I)
_ASKS_TIME: Final = re.compile(r"\bhow (?:long|much time|many (?:hours|weeks|months|days))\b", re.I)
_OF_TIME: Final = frozenset(
    content_words(
        "take finish complete last spend course book read study hour week month day learn do need"
        " time long whole entire all"
    )
)
_TIMES: Final = frozenset(content_words("weeks hours months semester"))
_MOST_NAMED: Final = 2
_MOST_OF_A_PAGE: Final = 4
_MOST_SECTIONS: Final = 12


@dataclass(frozen=True)
class Asked:
    """Sections that may tell what is asked of the book, the likeliest first."""

    sections: Sequence[str]
    words: frozenset[str] = frozenset()
    """Stems of which one is sought in them."""
    must: bool = False
    """Without one of the words a section tells nothing."""
    known: bool = False
    """It is asked what to know: what is not among the prerequisites is not needed."""

    def told_by(self, held: Mapping[str, frozenset[str]]) -> tuple[str | None, bool]:
        """The section that tells it, and whether by one of the words.

        ``held``: the words of each section by its id.
        """
        for section in self.sections:
            if held.get(section, frozenset()) & self.words:
                return section, True
        spare = next((i for i in self.sections if i in held), None)
        return None if self.must else spare, self.known


def part_of(words: Sequence[str], outline: Outline) -> list[str]:
    """The section that tells whom the book is for, what it asks of them, or how it is marked."""
    asked = frozenset(words)
    if _asks_for_marks(words):
        told = _headed(outline, _MARKED)
        # What only opens a page says little.
        same = (ident for ident in told if ident.startswith(told[0].partition("#")[0]))
        return list(same)[:_MOST_OF_A_PAGE]
    book = asked & {"book", "course", "kitab", "textbook"}
    whom = asked & {"who", "whom", "me", "beginner", "beginners", "someone", "audience"}
    if (book and whom and asked & {"for", "audience"}) or asked == {"who", "is", "this", "for"}:
        return (_first(outline, _AUDIENCE) or _first(outline, _PREREQUISITES))[:1]
    before = asked & {"before", "start", "starting", "begin", "beginning", "already"}
    needed = asked & {"know", "need", "needed", "required", "prerequisites", "prerequisite"}
    named = asked & {"prerequisites", "prerequisite"} and (book or len(asked - _LISTED) == 1)
    sought = needed and ((book and before) or named)
    return _first(outline, _PREREQUISITES)[:1] if sought else []


def asked_of(question: str, outline: Outline) -> Asked | None:
    """What "do I need a GPU?" and "how long does it take?" may be told by, if by any part."""
    if asks_how_long(question):
        return Asked(_headed(outline, _PLANNED), _TIMES, must=True)
    match = _ASKS_NEED.fullmatch(question) or _IS_NEEDED.fullmatch(question)
    if match is None:
        return None
    named = frozenset(content_words(match["what"])) - {"know", stem("learn"), "own", "buy"}
    if not 0 < len(named) <= _MOST_NAMED:
        return None
    known = bool(_TO_KNOW.search(question))
    headings = _PREREQUISITES if known else _NEEDED
    must = bool(match.groupdict().get("may"))
    return Asked(_first(outline, headings), named, must, known)


def asks_how_long(question: str) -> bool:
    """ "How long does it take?", which names nothing else that may take long."""
    asked = frozenset(content_words(question))
    return bool(_ASKS_TIME.search(question)) and asked <= _OF_TIME


def is_of_the_reader(question: str) -> bool:
    """What a reader needs, and how long it takes, is about the book and not its subject."""
    return bool(_ASKS_NEED.fullmatch(question)) or asks_how_long(question)


def _asks_for_marks(words: Sequence[str]) -> bool:
    asked = frozenset(content_words(" ".join(words)))
    return bool(asked & _MARKS) and asked <= _OF_MARKS | {"book", "get", "work", "kitab"}


def _first(outline: Outline, headings: re.Pattern[str]) -> list[str]:
    """Sections with such a heading, in reading order."""
    sections = [s for page in outline.pages for s in page.sections]
    return [s.id for s in sections if headings.search(s.heading)][:_MOST_SECTIONS]


def _headed(outline: Outline, headings: re.Pattern[str]) -> list[str]:
    """Those that are called so and nothing else first, then those on such a page."""
    found: list[tuple[int, str]] = []
    for page in outline.pages:
        titled = bool(headings.search(page.title))
        for section in page.sections:
            if headings.search(section.heading) or titled:
                found.append((_besides(section, page, headings), section.id))
    found.sort(key=lambda one: one[0])
    return [ident for besides, ident in found if besides <= 1][:_MOST_SECTIONS]


def _besides(section: Section, page: Page, headings: re.Pattern[str]) -> int:
    """How many words a heading has besides; more for one that only stands on such a page."""
    own = bool(headings.search(section.heading))
    left = headings.sub("", section.heading if own else page.title)
    words = [word for word in content_words(left) if not word.isdigit()]
    return len(words) + (0 if own else 1)

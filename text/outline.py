"""The structure of a book: its pages in reading order, their headings, numbers and questions."""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, Self

from text.places import Place, places
from text.words import content_words

LOOKED_UP: Final = frozenset(
    "glossary appendix appendices references bibliography tutorial".split()
)
"""Words in the names of pages that nobody reads from the beginning."""
_SUGGESTIONS: Final = 3
_OPENING: Final = re.compile(
    r"(?:welcome(?: to)?|introduction(?: to)?|intro|home|overview|preface|readme)\b(?: the\b)?\W*",
    re.I,
)
"""What the first page of a book is called before, or in place of, the book's name."""


@dataclass(frozen=True)
class Section:
    """One heading of a page; ``level`` is 0 for what stands before the page's first heading."""

    id: str
    heading: str
    url: str
    level: int
    echo: bool = False
    """It only asks: exercises, a quiz."""
    question: str = ""
    """A question that it surely answers, if one is known."""
    places: tuple[Place, ...] = ()
    """Weeks, modules … that rows of its tables or items of its lists tell of."""

    @cached_property
    def words(self) -> frozenset[str]:
        """Stems of its heading."""
        return frozenset(content_words(self.heading))


@dataclass(frozen=True)
class Page:
    """A page (a chapter, mostly) with its sections in order; ``groups`` are what it stands in."""

    path: str
    title: str
    url: str
    locale: str
    groups: tuple[str, ...]
    sections: Sequence[Section]

    @cached_property
    def words(self) -> frozenset[str]:
        """Stems of its title."""
        return frozenset(content_words(self.title))

    @cached_property
    def numbers(self) -> frozenset[Place]:
        """What it is called: "Chapter 3: …", ``chapter-3-urdf.md``."""
        own = places(self.title) or places(self.name)
        return frozenset(own)

    @cached_property
    def within(self) -> frozenset[Place]:
        """The numbered parts that it stands in, or that it opens."""
        folders = self.path.rpartition("/")[0].split("/")
        return frozenset(p for name in (*self.groups, *folders) for p in places(name))

    @property
    def name(self) -> str:
        """The file's name without its ending; the folder's for an index page."""
        stem = self.path.rpartition("/")[2].rpartition(".")[0].lower()
        if stem in ("index", "readme") and "/" in self.path:
            return self.path.split("/")[-2].lower()
        return stem

    @property
    def opens(self) -> bool:
        """It is the first page of its folder and tells of the whole."""
        return self.path.rpartition("/")[2].rpartition(".")[0].lower() in ("index", "readme")

    @property
    def order(self) -> int | None:
        """The number that its file's name begins with."""
        match = re.match(r"(\d{1,3})[-_. ]", self.path.rpartition("/")[2])
        return int(match[1]) if match else None


@dataclass
class Outline:
    """Pages in reading order: what opens the book first, glossaries and the like last."""

    pages: Sequence[Page] = field(default_factory=list)
    others: Mapping[str, "Outline"] = field(default_factory=dict)
    """Outlines of the versions that readers do not get by default."""

    def of(self, version: str | None) -> "Outline":
        """The outline for a reader of ``version``."""
        return self.others.get(version or "", self)

    @cached_property
    def by_section(self) -> Mapping[str, tuple[Page, int]]:
        """The page of each section, and its place there."""
        return {s.id: (page, i) for page in self.pages for i, s in enumerate(page.sections)}

    @cached_property
    def suggestions(self) -> list[str]:
        """Three questions to begin with, from the beginning, the middle and the end.

        Of what a third of the book answers, the one whose words the book's headings use most.
        """
        read = [page for page in self.pages if not _is_looked_up(page)]
        asked = [s for page in read for s in page.sections if s.question]
        used = Counter(word for page in read for s in page.sections for word in s.words)
        third = -(-len(asked) // _SUGGESTIONS)
        found: list[str] = []
        for part in (asked[i : i + third] for i in range(0, len(asked), third or 1)):
            best = max(part, key=lambda s: sum(used[w] for w in s.words) / (len(s.words) + 1))
            found.append(best.question)
        spare = (_about(page) for page in read[:: max(1, len(read) // _SUGGESTIONS)])
        return list(dict.fromkeys([*found, *spare]))[:_SUGGESTIONS]

    @property
    def title(self) -> str:
        """The title of what opens the book, as the book is called and not as it is opened."""
        if not self.pages:
            return ""
        first = self.pages[0]
        names = [first.title, *(s.heading for s in first.sections[:1])]
        called = [_OPENING.sub("", name) for name in names]
        return next((name for name in called if name), first.title)

    def dumps(self) -> str:
        """JSON that ``loads`` reads."""
        rows = [_packed(page) for page in self.pages]
        others = {name: [_packed(page) for page in o.pages] for name, o in self.others.items()}
        return json.dumps({"": rows, **others} if others else rows, ensure_ascii=False)

    @classmethod
    def loads(cls, text: str) -> Self:
        """The inverse of ``dumps``."""
        read = json.loads(text)
        parts = read if isinstance(read, dict) else {"": read}
        outlines = {name: cls([_unpacked(row) for row in rows]) for name, rows in parts.items()}
        own = outlines.pop("")
        own.others = outlines
        return own


def _is_looked_up(page: Page) -> bool:
    return bool(set(re.split(r"[\W_]+", page.name)) & LOOKED_UP)


def _about(page: Page) -> str:
    title = page.title.partition(": ")[2] if page.numbers else page.title
    return f"What does the book say about {title or page.title}?"


def _packed(page: Page) -> list[Any]:
    sections = [
        [
            _without(s.id, page.path),
            s.heading,
            _without(s.url, page.url),
            s.level,
            int(s.echo),
            s.question,
            [list(place) for place in s.places],
        ]
        for s in page.sections
    ]
    return [page.path, page.title, page.url, page.locale, list(page.groups), sections]


def _unpacked(row: Sequence[Any]) -> Page:
    path, title, url, locale, groups, sections = row
    return Page(
        path,
        title,
        url,
        locale,
        tuple(groups),
        [
            Section(
                _with(ident, path),
                heading,
                _with(address, url),
                level,
                bool(echo),
                question,
                tuple((str(kind), str(number)) for kind, number in told),
            )
            for ident, heading, address, level, echo, question, told in sections
        ],
    )


def _without(text: str, prefix: str) -> str:
    """Most ids and addresses begin as their page's does: those are kept short."""
    return f"^{text.removeprefix(prefix)}" if text.startswith(prefix) else text


def _with(text: str, prefix: str) -> str:
    return prefix + text[1:] if text.startswith("^") else text

"""Makes the outline of a book from its chunks, and adds up those of its files."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypedDict

from text.heading_questions import question_for
from text.outline import LOOKED_UP, Outline, Page, Section
from text.places import Place, places, row_places
from text.sentences import split_units

_FIRST: Final = frozenset("intro introduction index readme preface welcome start overview".split())
_FIRST_SENTENCES: Final = 3
_DIGITS: Final = re.compile(r"(\d+)")


class _DraftSection(TypedDict):
    heading: str
    url: str
    depth: int
    echo: bool
    question: str
    places: list[Place]


class DraftPage(TypedDict):
    """What is known of a page while its chunks come; JSON can hold it."""

    title: str
    url: str
    locale: str
    version: str
    breadcrumb: list[str]
    sections: dict[str, _DraftSection]


@dataclass
class OutlineBuilder:
    """Takes the chunks of a book as they come; ``pages`` are by path."""

    pages: dict[str, DraftPage] = field(default_factory=dict)

    def add(self, text: str, metadata: Mapping[str, Any]) -> None:
        """One chunk of a section, see ``ChunkMetadata``."""
        if metadata["path"] not in self.pages:
            self.pages[metadata["path"]] = DraftPage(
                title=metadata["title"],
                url=metadata["url"].partition("#")[0],
                locale=metadata["locale"],
                version=metadata.get("version", ""),
                breadcrumb=list(metadata["breadcrumb"]),
                sections={},
            )
        sections, units = self.pages[metadata["path"]]["sections"], split_units(text)
        if metadata["section_id"] not in sections:
            sections[metadata["section_id"]] = _draft(metadata, units)
        told = sections[metadata["section_id"]]["places"]
        told += [place for place in dict.fromkeys(_told(units)) if place not in told]

    def merge(self, other: "OutlineBuilder") -> None:
        """Takes over pages of ``other``, which come after these."""
        for path, page in other.pages.items():
            sections = self.pages.setdefault(path, page)["sections"]
            for ident, section in page["sections"].items():
                sections.setdefault(ident, section)

    def outline(self, locale: str, versions: Sequence[str] = ()) -> Outline:
        """The pages in that language; ``versions`` of the book, the default one first."""
        own: list[Page] = []
        others: dict[str, list[Page]] = {version: [] for version in versions[1:]}
        for path, draft in self.pages.items():
            if draft["locale"] == locale:
                page, version = _page(path, draft), draft["version"]
                belongs = [others[version]] if version in others else [own]
                # A page of no version belongs to all of them.
                for pages in belongs if version else [own, *others.values()]:
                    pages.append(page)
        return Outline(
            sorted(own, key=_reading_order),
            {name: Outline(sorted(pages, key=_reading_order)) for name, pages in others.items()},
        )


def _draft(metadata: Mapping[str, Any], units: Sequence[Any]) -> _DraftSection:
    question = ""
    if metadata["kind"] == "text":
        opening = [u.text for u in units if u.kind == "prose"][:_FIRST_SENTENCES]
        question = question_for(metadata["heading"], opening)
    return _DraftSection(
        heading=metadata["heading"],
        url=metadata["url"],
        depth=len(metadata["breadcrumb"]),
        echo=metadata["kind"] == "echo",
        question=question,
        places=[],
    )


def _page(path: str, draft: DraftPage) -> Page:
    title, crumbs = draft["title"], draft["breadcrumb"]
    above = crumbs.index(title) if title in crumbs else 0
    sections = [
        Section(
            ident,
            s["heading"],
            s["url"],
            max(0, s["depth"] - above - 1),
            s["echo"],
            s["question"],
            tuple((kind, number) for kind, number in s["places"]),
        )
        for ident, s in draft["sections"].items()
    ]
    return Page(path, title, draft["url"], draft["locale"], tuple(crumbs[:above]), sections)


def _told(units: Sequence[Any]) -> Iterator[Place]:
    header = ""
    for unit in units:
        if unit.kind == "header":
            header = unit.text
        elif unit.kind == "row":
            yield from row_places(header, unit.text)
        elif unit.kind == "item":
            label = unit.text.partition(":")[0]
            if len(label.split()) <= 4:
                yield from places(label)


def _reading_order(page: Page) -> tuple[Any, ...]:
    """By folder and number; introductions first, what is looked up last."""
    steps: list[tuple[int, list[tuple[int, int, str]]]] = []
    parts = page.path.lower().split("/")
    for part in parts:
        stem = part.partition(".")[0]
        words = set(re.split(r"[\W_]+", stem))
        rank = 0 if words & _FIRST else 2 if words & LOOKED_UP else 1
        if part == parts[-1] and len(parts) == 1 and rank == 1 and not _DIGITS.search(stem):
            rank = 2  # loose pages beside the folders of the chapters
        steps.append((rank, _natural(stem)))
    return tuple(steps)


def _natural(text: str) -> list[tuple[int, int, str]]:
    pieces = [piece for piece in _DIGITS.split(text) if piece]
    return [(0, int(p), "") if p.isdecimal() else (1, 0, p) for p in pieces]

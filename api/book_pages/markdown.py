"""A page's chunks back together: Markdown with its headings."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from langchain_core.documents import Document

_DEEPEST: Final = 6
_FENCES: Final = ("```", "~~~")


@dataclass(frozen=True)
class PageSection:
    """A heading with the text below it."""

    level: int
    """1 is the page's title; headings below it begin at 2."""
    heading: str
    anchor: str
    """Fragment that citations name; empty for the title and for headings without text."""
    text: str


def sections_of(title: str, chunks: Sequence[Document]) -> Iterator[PageSection]:
    """Sections in reading order; headings that have no text of their own are told too."""
    before: list[str] = []
    for section in _grouped(chunks):
        first = section[0].metadata
        trail = _below(title, first["breadcrumb"])
        shared = _shared(before, trail)
        # A heading above that has no text appears nowhere else.
        for depth in range(shared, len(trail) - 1):
            yield PageSection(min(depth + 2, _DEEPEST), trail[depth], "", "")
        text = _joined([chunk.page_content for chunk in section])
        heading = trail[-1] if trail else title
        level = min(len(trail) + 1, _DEEPEST)
        yield PageSection(level, heading, unquote(first["url"].partition("#")[2]), text)
        before = trail


def markdown_of(title: str, chunks: Sequence[Document]) -> str:
    """The page as Markdown, its title first."""
    parts = [f"# {title}"]
    for section in sections_of(title, chunks):
        if section.level > 1:
            parts.append(f"{'#' * section.level} {section.heading}")
        if section.text:
            parts.append(section.text)
    return "\n\n".join(parts) + "\n"


def _grouped(chunks: Sequence[Document]) -> Iterator[list[Document]]:
    current: list[Document] = []
    for chunk in chunks:
        if current and current[-1].metadata["section_id"] != chunk.metadata["section_id"]:
            yield current
            current = []
        current.append(chunk)
    if current:
        yield current


def _below(title: str, breadcrumb: Sequence[str]) -> list[str]:
    """The headings below the page's title."""
    crumbs = list(breadcrumb)
    return crumbs[crumbs.index(title) + 1 :] if title in crumbs else crumbs


def _shared(before: Sequence[str], trail: Sequence[str]) -> int:
    count = 0
    for one, other in zip(before, trail, strict=False):
        if one != other:
            break
        count += 1
    return count


def _joined(texts: Sequence[str]) -> str:
    """The splitter repeats the fence of a code block and the head of a table; once is enough."""
    whole = ""
    for text in texts:
        whole = _continued(whole, text) if whole else text
    return whole


def _continued(whole: str, text: str) -> str:
    lines, following = whole.split("\n"), text.split("\n")
    opening = following[0]
    if opening.startswith(_FENCES) and lines[-1].strip() == opening[:3]:
        opened = next((line for line in reversed(lines[:-1]) if line.startswith(opening[:3])), "")
        if opened == opening:
            return "\n".join([*lines[:-1], "", *following[1:]])
    if opening.startswith("|") and lines[-1].startswith("|") and len(following) > 2:
        top = len(lines)
        while top and lines[top - 1].startswith("|"):
            top -= 1
        if lines[top : top + 2] == following[:2]:
            return "\n".join([*lines, *following[2:]])
    return f"{whole}\n\n{text}"

"""Tables of contents: which pages a book has, in which order, and what stands above each."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

_LINK: Final = re.compile(
    r"(?P<indent>[ \t]*)(?:[-*+][ \t]+)?\[(?P<title>[^\]\n]+)\]\((?P<target>[^)\n]*)\)"
)
_LONGEST_LINE: Final = 1000


@dataclass(frozen=True)
class Entry:
    """One page of a table of contents; ``above`` are the labels that it stands below."""

    path: str
    title: str
    above: tuple[str, ...] = ()


def of_summary(text: str) -> list[Entry]:
    """Entries of mdBook's ``SUMMARY.md``, which alone decides what is published.

    A chapter without a target is a draft: it has no page, only chapters below it.
    """
    entries: list[Entry] = []
    part: tuple[str, ...] = ()
    parents: list[tuple[int, str]] = []
    for line in text.splitlines():
        if line.startswith("# ") and entries:
            part, parents = (line[2:].strip(),), []
        match = _LINK.match(line[:_LONGEST_LINE])
        if match is None:
            continue
        depth = len(match["indent"].expandtabs(4))
        parents = [parent for parent in parents if parent[0] < depth]
        target = match["target"].strip().strip("<>").partition("#")[0].replace("%20", " ")
        if target:
            above = (*part, *(title for _, title in parents))
            entries.append(Entry(_normal(target), match["title"].strip(), above))
        parents.append((depth, match["title"].strip()))
    return entries


def of_nav(nav: object, above: tuple[str, ...] = ()) -> list[Entry]:
    """Entries of MkDocs' ``nav``: pages and named sections, nested as they like."""
    return list(_nav_entries(nav, above)) if isinstance(nav, list) else []


def _nav_entries(nav: Sequence[object], above: tuple[str, ...]) -> Iterator[Entry]:
    for item in nav:
        if isinstance(item, str):
            yield from _nav_page(item, "", above)
        elif isinstance(item, dict):
            for title, value in item.items():
                if isinstance(value, str):
                    yield from _nav_page(value, str(title), above)
                elif isinstance(value, list):
                    yield from _nav_entries(value, (*above, str(title)))


def _nav_page(path: str, title: str, above: tuple[str, ...]) -> Iterator[Entry]:
    if "://" not in path and path.lower().endswith((".md", ".markdown", ".ipynb")):
        yield Entry(_normal(path), title, above)


def _normal(path: str) -> str:
    return PurePosixPath(path.removeprefix("./")).as_posix()

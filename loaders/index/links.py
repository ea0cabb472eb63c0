"""Which pages of a book are linked most: readers are likeliest to ask about them."""

import posixpath
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote, urlsplit

_PAGE_SUFFIXES: Final = (".md", ".mdx", ".html", ".htm", ".xhtml")
_FRONT_PAGES: Final = ("/index", "/readme")


class Links:
    """Counts links between the pages of a book while they go by."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def add(self, metadata: Mapping[str, Any]) -> None:
        """Counts the links of a section's page; those of a page to itself do not count."""
        own = _keys(metadata)
        for target in metadata.get("links", ()):
            for key in {_resolved(target, base) for base in (metadata["path"], metadata["url"])}:
                if key and key not in own:
                    self.counts[key] += 1

    def merge(self, other: "Links") -> None:
        """Counts the links of other pages."""
        self.counts.update(other.counts)

    def to(self, path: str, url: str) -> int:
        """How many links lead to a page."""
        return max(self.counts[key] for key in (_bare(path), _bare(urlsplit(url).path)))


def _keys(metadata: Mapping[str, Any]) -> set[str]:
    return {_bare(metadata["path"]), _bare(urlsplit(metadata["url"]).path)}


def _resolved(target: str, base: str) -> str:
    try:
        parts = urlsplit(target)
    except ValueError:
        return ""
    if not parts.path or parts.scheme not in ("", "http", "https"):
        return ""
    if parts.scheme:
        return _bare(parts.path)
    return _bare(posixpath.join(posixpath.dirname(urlsplit(base).path), parts.path))


def _bare(path: str) -> str:
    """A page's path or route without what different spellings of it do not share."""
    bare = posixpath.normpath(unquote(path)).lower().strip("/")
    for suffix in _PAGE_SUFFIXES:
        bare = bare.removesuffix(suffix)
    for suffix in _FRONT_PAGES:
        bare = bare.removesuffix(suffix)
    return bare

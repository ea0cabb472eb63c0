"""Where a page's pictures are published; those of other sites stay out."""

import posixpath
from collections.abc import Callable, Iterable
from typing import Final
from urllib.parse import unquote, urljoin, urlsplit

from loaders.document import Address, escape
from loaders.mdx.pictures import Picture
from schema import Figure

_MOST: Final = 6
"""Of one section."""
_LONGEST: Final = 500
Resolve = Callable[[str], str]
"""Public URL of a picture, by how Markdown names it; empty if it is not known."""


def figures(pictures: Iterable[Picture], page_url: str, resolve: Resolve) -> list[Figure]:
    """Pictures with a description that the page's own site publishes, each once."""
    found: dict[str, Figure] = {}
    for picture in pictures:
        url = _address(picture, page_url, resolve)
        if url and picture.alt and len(url) <= _LONGEST:
            found.setdefault(url, Figure(url=escape(url), alt=picture.alt[:_LONGEST]))
    return list(found.values())[:_MOST]


def _address(picture: Picture, page_url: str, resolve: Resolve) -> str:
    """Empty for what is not known, is of another site, or is no address."""
    try:
        src = picture.src if picture.markup else resolve(picture.src)
        url = urljoin(page_url, src)
        same_site = urlsplit(url)[:2] == urlsplit(page_url)[:2]
    except ValueError:
        return ""
    return url if src and same_site else ""


def of_docusaurus(address: Address) -> Resolve:
    """Of a site's ``static`` folder; the others get names that only its build knows."""

    def resolve(src: str) -> str:
        src = src.removeprefix("pathname://").removeprefix("@site/static")
        if src.startswith(("http://", "https://", "//")):
            return src
        return address.url(src) if src.startswith("/") else ""

    return resolve


def beside_pages(address: Address, path: str) -> Resolve:
    """Of a tool that publishes pictures where they lie, such as MkDocs and mdBook."""

    def resolve(src: str) -> str:
        if src.startswith("/") or urlsplit(src).scheme:
            return src
        place = posixpath.normpath(posixpath.join(posixpath.dirname(path), unquote(src)))
        return "" if place.startswith("..") else address.url(place)

    return resolve


def as_written(src: str) -> str:
    """Of a page that was published already."""
    return src

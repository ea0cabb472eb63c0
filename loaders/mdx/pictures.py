"""Pictures of a page, as its source names them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from markdown_it.token import Token

from loaders.mdx.jsx import Tag, read_tag


@dataclass(frozen=True)
class Picture:
    """``src`` as written. ``markup``: in HTML or JSX, whose addresses no tool changes."""

    src: str
    alt: str
    markup: bool = False


def of_inline(tokens: Iterable[Token]) -> Iterator[Picture]:
    """Those among inline tokens."""
    for token in tokens:
        if token.type == "image":
            yield Picture(str(token.attrGet("src") or ""), _line(token.content))
        elif token.type == "jsx_inline" and (tag := read_tag(token.content, 0)):
            yield from of_tag(tag)


def of_tag(tag: Tag) -> Iterator[Picture]:
    """An ``<img>``, or a component that takes a picture as one does."""
    if tag.name == "img" or tag.name[:1].isupper():
        yield from of_attributes(tag.attributes)


def of_attributes(attributes: Mapping[str, str | None]) -> Iterator[Picture]:
    """The picture of an ``<img>`` with these attributes."""
    src, alt = attributes.get("src"), attributes.get("alt")
    if src and alt:
        yield Picture(src, _line(alt), markup=True)


def _line(text: str) -> str:
    return " ".join(text.split())

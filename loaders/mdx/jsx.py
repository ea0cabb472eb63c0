"""Finds where JSX tags, ``{expressions}`` and comments of MDX end, as a JavaScript reader would."""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

# A tag longer than this is prose with a stray ``<``.
_LIMIT: Final = 200_000
_NAME: Final = re.compile(r"[A-Za-z_$][\w$.:-]*")
_ATTRIBUTE: Final = re.compile(r"[A-Za-z_$][\w$.:-]*")
_SPACE: Final = re.compile(r"\s*")
_SHOWN: Final = ("label", "title", "summary", "caption", "alt")
_HTML: Final = frozenset(
    """
a abbr address article aside audio b blockquote body br button canvas caption center cite code col
colgroup dd del details dfn dialog div dl dt em embed fieldset figcaption figure font footer form
h1 h2 h3 h4 h5 h6 head header hr html i iframe img input ins kbd label legend li link main map mark
math menu meta nav noscript object ol option p param picture pre progress q s samp script section
select small source span strike strong style sub summary sup svg table tbody td template textarea
tfoot th thead time title tr track tt u ul var video wbr path g circle rect line polyline polygon
""".split()
)
HIDDEN: Final = frozenset({"script", "style", "svg", "head", "Head", "iframe", "template"})
"""Elements whose content a reader never sees as text."""


@dataclass(frozen=True)
class Tag:
    """One JSX or HTML tag: ``<Name …>``, ``</Name>``, ``<Name …/>`` or a fragment's."""

    name: str
    end: int
    closing: bool = False
    void: bool = False
    attributes: dict[str, str] = field(default_factory=dict)

    @property
    def known(self) -> bool:
        """A component or an HTML element; ``vector<int>`` in prose is neither."""
        name = self.name
        return not name or name[0].isupper() or "." in name or "-" in name or name in _HTML

    @property
    def shown(self) -> str:
        """Text that the tag itself shows, such as a tab's label; empty for most."""
        if self.closing or self.name in ("a", "abbr", "iframe", "link", "html", "Head"):
            return ""
        return next((self.attributes[k] for k in _SHOWN if self.attributes.get(k)), "")


def comment_end(src: str, pos: int) -> int | None:
    """Position after the HTML comment that begins at ``pos``, or None."""
    if not src.startswith("<!--", pos):
        return None
    end = src.find("-->", pos + 4)
    return None if end < 0 else end + 3


@lru_cache(maxsize=16)
def _known_ends(src: str) -> dict[int, int | None]:
    """What ``expression_end`` has found in ``src``; filled as it goes."""
    return {}


def expression_end(src: str, pos: int) -> int | None:
    """Position after the balanced ``{…}`` that begins at ``pos``, or None.

    Strings, template literals and comments inside may hold braces of their own. Each brace is
    looked at once: of thousands that nothing closes, only the first is followed to the end.
    """
    known = _known_ends(src)
    if pos not in known:
        _follow(src, pos, known)
    return known[pos]


def _follow(src: str, pos: int, known: dict[int, int | None]) -> None:
    """Finds the end of the expression at ``pos`` and of all those inside of it."""
    opened = [pos]
    i: int | None = pos + 1
    while i is not None and i < len(src):
        char = src[i]
        if char == "{" and i in known:
            i = known[i]
            continue
        if char == "{":
            opened.append(i)
        elif char == "}":
            known[opened.pop()] = i + 1
            if not opened:
                return
        elif char in "\"`'":
            i = _string_end(src, i)
            continue
        elif src.startswith("/*", i):
            close = src.find("*/", i + 2)
            i = None if close < 0 else close + 2
            continue
        i += 1
    known.update(dict.fromkeys(opened))


def _string_end(src: str, pos: int) -> int:
    """Position after a string; an apostrophe that closes nowhere on its line is no string."""
    quote, i = src[pos], pos + 1
    while i < len(src):
        if src[i] == "\\":
            i += 2
            continue
        if src[i] == quote:
            return i + 1
        if src[i] == "\n" and quote != "`":
            return pos + 1
        i += 1
    return pos + 1


def read_tag(src: str, pos: int) -> Tag | None:
    """The tag that begins at ``pos``, or None when there is none."""
    if pos >= len(src) or src[pos] != "<":
        return None
    closing = src.startswith("</", pos)
    i = pos + (2 if closing else 1)
    name = _NAME.match(src, i)
    if name is None:
        return Tag("", i + 1, closing) if src.startswith(">", i) else None
    return _read_attributes(src, name.end(), name.group(), closing)


def _read_attributes(src: str, pos: int, name: str, closing: bool) -> Tag | None:
    attributes: dict[str, str] = {}
    i = pos
    while True:
        after = _SPACE.match(src, i)
        start = after.end() if after else i
        if src.startswith("/>", start):
            return Tag(name, start + 2, closing, True, attributes)
        if src.startswith(">", start):
            return Tag(name, start + 1, closing, False, attributes)
        if src.startswith("{", start):  # {...spread}
            end = expression_end(src, start)
            if end is None:
                return None
            i = end
            continue
        key = _ATTRIBUTE.match(src, start)
        if key is None or start == i or start - pos > _LIMIT:
            return None
        value = _read_value(src, key.end())
        if value is None:
            return None
        attributes[key.group()], i = value


def _read_value(src: str, pos: int) -> tuple[str, int] | None:
    """Text and end of ``="value"`` at ``pos``; ("", pos) when there is no value."""
    space = _SPACE.match(src, pos)
    i = space.end() if space else pos
    if not src.startswith("=", i):
        return "", pos
    space = _SPACE.match(src, i + 1)
    i = space.end() if space else i + 1
    if src[i : i + 1] in ("'", '"'):
        end = src.find(src[i], i + 1)
        return None if end < 0 else (src[i + 1 : end], end + 1)
    if src.startswith("{", i):
        expression = expression_end(src, i)
        return None if expression is None else (literal(src[i:expression]), expression)
    bare = re.compile(r"[^\s<>\"'=`{}]+").match(src, i)
    return (bare.group(), bare.end()) if bare else None


def literal(expression: str) -> str:
    """Text of an expression that is one string literal, such as ``{' '}``; else empty."""
    inner = expression[1:-1].strip()
    if len(inner) >= 2 and inner[0] == inner[-1] and inner[0] in "\"'`":
        text = inner[1:-1]
        return "" if inner[0] in text or "${" in text else text
    return ""


def element_end(src: str, tag: Tag) -> int:
    """End of the tag, or of its element when the content is never shown."""
    if tag.name in HIDDEN and not tag.closing and not tag.void:
        close = src.find(f"</{tag.name}>", tag.end)
        if close >= 0:
            return close + len(tag.name) + 3
    return tag.end

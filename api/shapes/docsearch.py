"""Hits as DocSearch's box draws them: a hierarchy of headings, and highlighted snippets.

DocSearch puts the highlighted values into the page as HTML: all text is escaped here, and the
only tag is ``<mark>``.
"""

import re
from collections.abc import Sequence
from html import escape
from typing import Final

from api.public_address import absolute
from schema import Source
from text.completion import TypedWord

_WORD: Final = re.compile(r"\w+")
_MARKS: Final = str.maketrans(dict.fromkeys("`*|#>", " "))
_SNIPPET: Final = 160
_LEAD: Final = 40
_LEVELS: Final = 7


def hits(
    sources: Sequence[Source], words: Sequence[TypedWord], base: str
) -> list[dict[str, object]]:
    """One hit for each source, in their order."""
    return [_hit(source, words, base) for source in sources]


def _hit(source: Source, words: Sequence[TypedWord], base: str) -> dict[str, object]:
    url = absolute(source.url, base)
    page, _, anchor = url.partition("#")
    levels = _hierarchy(source)
    names = [f"lvl{i}" for i in range(_LEVELS)]
    marked = {
        name: _highlight(text, words) if text else None
        for name, text in zip(names, levels, strict=True)
    }
    snippet = _snippet(source.text, words)
    deepest = max(i for i, text in enumerate(levels) if text)
    # A heading that says what was typed is shown as itself, else the text below it.
    named = (marked[f"lvl{deepest}"] or {}).get("matchLevel") in ("full", "partial")
    shown = {
        "content": {"value": snippet["value"], "matchLevel": snippet["matchLevel"]},
        "hierarchy": {name: found for name, found in marked.items() if found},
    }
    return {
        "objectID": source.id,
        "url": url,
        "url_without_anchor": page,
        "anchor": anchor or None,
        "type": f"lvl{deepest}" if named else "content",
        "content": None if named else snippet["plain"],
        "hierarchy": dict(zip(names, levels, strict=True)),
        "_snippetResult": shown,
        "_highlightResult": shown,
    }


def _hierarchy(source: Source) -> list[str | None]:
    """The page's place above, its title, the headings down to the section."""
    crumbs = list(source.breadcrumb) or [source.title]
    at = crumbs.index(source.title) if source.title in crumbs else 0
    above = crumbs[at - 1] if at else source.title
    levels = [above, source.title, *crumbs[at + 1 :]][:_LEVELS]
    return [*levels, *[None] * (_LEVELS - len(levels))]


def _highlight(text: str, words: Sequence[TypedWord]) -> dict[str, object]:
    value, found = _marked(text, words)
    level = "full" if words and len(found) == len(words) else "partial" if found else "none"
    return {"value": value, "matchLevel": level, "matchedWords": sorted(found)}


def _snippet(text: str, words: Sequence[TypedWord]) -> dict[str, object]:
    """A stretch around the densest matches."""
    plain = " ".join(text.translate(_MARKS).split())
    places = [m.start() for m in _WORD.finditer(plain) if _match(m[0], words)]
    start = _densest(places)
    start = plain.rfind(" ", 0, start - _LEAD) + 1 if start > _LEAD else 0
    end = start + _SNIPPET
    if end < len(plain):
        end = max(plain.rfind(" ", start, end), start + 1)
    cut = plain[start:end]
    marked = _highlight(cut, words)
    before, after = "… " if start else "", " …" if end < len(plain) else ""
    return {**marked, "value": f"{before}{marked['value']}{after}", "plain": cut}


def _densest(places: Sequence[int]) -> int:
    best, most = 0, 0
    for i, place in enumerate(places):
        near = sum(1 for other in places[i : i + 20] if other < place + _SNIPPET - _LEAD)
        if near > most:
            best, most = place, near
    return best


def _marked(text: str, words: Sequence[TypedWord]) -> tuple[str, set[str]]:
    parts: list[str] = []
    found: set[str] = set()
    at = 0
    for match in _WORD.finditer(text):
        typed = _match(match[0], words)
        if typed is None:
            continue
        found.add(typed)
        parts += [escape(text[at : match.start()]), f"<mark>{escape(match[0])}</mark>"]
        at = match.end()
    return "".join(parts) + escape(text[at:]), found


def _match(word: str, words: Sequence[TypedWord]) -> str | None:
    lower = word.lower()
    return next((typed.typed for typed in words if typed.matches(lower)), None)

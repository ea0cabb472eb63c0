"""Splits Markdown into sentences; the same when indexing and when answering.

What must stay in one piece is one unit: a code block, a formula, a list item, a table row, a
heading. Every unit is a literal part of the text.
"""

import re
from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

Kind = Literal["prose", "item", "header", "row", "code", "math", "heading", "markup"]


class Unit(NamedTuple):
    """One unit of a text. Units of one paragraph, list or table share their ``block``."""

    kind: Kind
    text: str
    block: int


_FENCE: Final = re.compile(r"[ \t>]*(`{3,}|~{3,})")
_HEADING: Final = re.compile(r" {0,3}#{1,6}(\s|$)")
_ITEM: Final = re.compile(r"[ \t>]*([-*+•]|\d{1,3}[.)])[ \t]+\S")
_FIRST_ITEM: Final = re.compile(r"[ \t>]*([-*+•]|1[.)])[ \t]+\S")
_RULE: Final = re.compile(r"[ \t|]*+:?-{2,}+:?[ \t]*+(?:\|[ \t]*+:?-{2,}+:?[ \t]*+)*+\|?[ \t]*+$")
_MARKUP: Final = re.compile(
    r"[ \t>]*(:{3}.*|</?[A-Za-z!][^>]*>|([-*_][ \t]*){3,}|!\[[^]]*\]\([^)]*\)"
    r"|\[Figure: [^]]*\])[ \t]*$"
)
_MASKED: Final = re.compile(r"`[^`\n]+`|\$[^$\n]+\$|\]\((?:[^])\s]|\](?!\())*+\)|https?://\S*[\w/]")
# A run of marks is looked at once, from its first: whatever follows it fails for each of them.
_END: Final = re.compile(
    r"(?<![.!?…])[.!?…]++[\"'”’)\]*_]*+\s++|(?<![۔。！？؟])[۔。！？؟]++[\"'”’)\]*_]*+\s*+"
)
_NEAR: Final = 60
_OPENING: Final = "\"'“‘([*_~"
_ABBREVIATIONS: Final = frozenset("e.g i.e eg ie vs cf fig figs eq eqs al approx resp ca".split())
_TITLES: Final = frozenset("Dr Mr Mrs Ms Prof".split())
_BEFORE_NUMBER: Final = frozenset("no nos sec ch chap p pp vol art tab ex st".split())


def split_sentences(text: str) -> list[str]:
    """Sentences, list items, table rows and whole code blocks in order, stripped, none empty."""
    return [unit.text for unit in split_units(text)]


def split_units(text: str) -> list[Unit]:
    """As ``split_sentences``, with what each unit is."""
    return list(_Scanner(text).units())


class _Scanner:
    """Walks over the lines of a Markdown text, one block at a time."""

    def __init__(self, text: str) -> None:
        self._lines = text.splitlines(keepends=True)
        self._at = 0
        self._block = 0
        self._in_list = False

    def units(self) -> Iterator[Unit]:
        while self._at < len(self._lines):
            line = self._lines[self._at]
            if not line.strip():
                self._at += 1
                continue
            # Code and paragraphs that are indented below an item belong to its list.
            is_item = bool(_ITEM.match(line))
            if not (self._in_list and (is_item or line[0] in " \t")):
                self._block += 1
                self._in_list = is_item
            yield from self._next(line)

    def _next(self, line: str) -> Iterator[Unit]:
        fence = _FENCE.match(line)
        if fence:
            yield from self._take("code", self._fence_end(fence.group(1)))
        elif line.lstrip().startswith("$$"):
            yield from self._take("math", self._math_end())
        elif _HEADING.match(line):
            yield from self._take("heading", self._at + 1)
        elif self._is_table():
            yield from self._table()
        elif _MARKUP.match(line):
            yield from self._take("markup", self._at + 1)
        elif _ITEM.match(line):
            yield from self._take("item", self._paragraph_end())
        else:
            for unit in self._take("prose", self._paragraph_end()):
                for sentence in _sentences(unit.text):
                    yield unit._replace(text=sentence)

    def _take(self, kind: Kind, end: int) -> Iterator[Unit]:
        text = "".join(self._lines[self._at : end]).strip()
        self._at = end
        yield Unit(kind, text, self._block)

    def _fence_end(self, mark: str) -> int:
        for i in range(self._at + 1, len(self._lines)):
            closing = self._lines[i].strip(" \t>\r\n")
            if closing.startswith(mark) and not closing.strip(mark[0]):
                return i + 1
        return len(self._lines)

    def _math_end(self) -> int:
        if self._lines[self._at].strip().endswith("$$") and len(self._lines[self._at].strip()) > 4:
            return self._at + 1
        for i in range(self._at + 1, len(self._lines)):
            if self._lines[i].rstrip().endswith("$$"):
                return i + 1
        return len(self._lines)

    def _is_table(self) -> bool:
        line = self._lines[self._at]
        return line.lstrip(" \t>").startswith("|") or self._has_rule(self._at)

    def _has_rule(self, at: int) -> bool:
        following = self._lines[at + 1].lstrip(" \t>") if at + 1 < len(self._lines) else ""
        return "|" in self._lines[at] and "|" in following and bool(_RULE.match(following))

    def _table(self) -> Iterator[Unit]:
        if self._has_rule(self._at):
            yield from self._take("header", self._at + 2)
        while self._at < len(self._lines) and "|" in self._lines[self._at]:
            yield from self._take("row", self._at + 1)

    def _paragraph_end(self) -> int:
        starts = _ITEM.match if self._in_list else _FIRST_ITEM.match
        for i in range(self._at + 1, len(self._lines)):
            line = self._lines[i]
            if not line.strip() or starts(line) or self._begins_block(i):
                return i
        return len(self._lines)

    def _begins_block(self, at: int) -> bool:
        line = self._lines[at]
        return bool(
            _FENCE.match(line)
            or _HEADING.match(line)
            or _MARKUP.match(line)
            or line.lstrip().startswith(("$$", "|"))
            or self._has_rule(at)
        )


def _sentences(paragraph: str) -> Iterator[str]:
    # Points inside code, formulas and addresses end nothing; the lengths stay the same.
    masked = _MASKED.sub(lambda m: m[0][0] + "x" * (len(m[0]) - 2) + m[0][-1], paragraph)
    start = 0
    for match in _END.finditer(masked):
        if match.end() < len(masked) and _ends(masked, start, match):
            yield paragraph[start : match.end()].strip()
            start = match.end()
    if paragraph[start:].strip():
        yield paragraph[start:].strip()


def _ends(text: str, start: int, match: re.Match[str]) -> bool:
    following = text[match.end() :].lstrip(_OPENING)[:1]
    if not match[0].startswith("."):
        return not following.islower()
    # No further back than the longest row of initials: a text may end no sentence at all.
    near = text[max(start, match.start() - _NEAR) : match.start()]
    words = near.split()
    word = words[-1].lstrip("(\"'“‘[*_") if words else ""
    if word.lower() in _ABBREVIATIONS or word in _TITLES:
        return False
    if word.lower() in _BEFORE_NUMBER and following.isdigit():
        return False
    # "J. Smith", at the start of a sentence or after another initial
    initials = match.start() - start < _NEAR and all(
        len(w.rstrip(".")) == 1 and w[0].isupper() for w in words
    )
    return not following.islower() and not initials

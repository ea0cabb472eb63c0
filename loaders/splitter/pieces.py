"""Cuts a section's Markdown at its own joints into pieces of a bounded number of tokens."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from markdown_it.token import Token

from loaders.mdx.blocks import closing
from loaders.mdx.parser import parser
from text.sentences import split_sentences

_BLANK: Final = re.compile(r"\n\s*\n")
# Text with more characters per token than this does not exist; so it need not be counted.
_MOST_CHARACTERS: Final = 16

Count = Callable[[str], int]


def pieces(text: str, count: Count, room: int) -> Iterator[tuple[str, int]]:
    """Stretches of ``text`` of at most ``room`` tokens each, with their token counts.

    Whole if it fits; else by blocks, lists by items, tables by rows with the header repeated,
    code at blank lines, prose by lines and sentences; a word that is too long is cut.
    """
    if len(text) <= room * _MOST_CHARACTERS and (tokens := count(text)) <= room:
        yield text, tokens
        return
    yield from _packed(list(_Cutter(text, count, room).atoms()), room)


@dataclass(frozen=True)
class _Atom:
    """A stretch that is not cut.

    ``joint`` stands between it and the one before in the same ``group``; ``before`` and
    ``after``, of ``frame`` tokens, are repeated around each run of a group.
    """

    text: str
    tokens: int
    group: int
    joint: str = "\n\n"
    before: str = ""
    after: str = ""
    frame: int = 0


def _packed(atoms: Sequence[_Atom], room: int) -> Iterator[tuple[str, int]]:
    """Runs of neighbouring atoms, as even in size as the joints allow, none above ``room``."""
    total = sum(atom.tokens + 1 for atom in atoms)
    fair = total / max(1, -(-total // room))
    current: list[_Atom] = []
    size = 0
    for atom in atoms:
        cost = _cost(current, atom)
        if current and (size + cost > room or size + cost / 2 > fair):
            # A line such as "Run these commands:" goes with what it announces.
            carried = current[-1:] if len(current) > 1 and _announces(current[-1], atom) else []
            done = current[: len(current) - len(carried)]
            if carried and _size([*carried, atom]) > room:
                done, carried = current, []
            yield _joined(done), _size(done)
            current = carried
            size = _size(current)
            cost = _cost(current, atom)
        current.append(atom)
        size += cost
    if current:
        yield _joined(current), size


def _announces(atom: _Atom, following: _Atom) -> bool:
    return atom.group != following.group and atom.text.rstrip("*_ ").endswith((":", "："))


def _cost(current: Sequence[_Atom], atom: _Atom) -> int:
    together = bool(current) and current[-1].group == atom.group
    return atom.tokens + 1 + (0 if together else atom.frame)


def _size(atoms: Sequence[_Atom]) -> int:
    return sum(_cost(atoms[max(0, i - 1) : i], atom) for i, atom in enumerate(atoms))


def _joined(atoms: Sequence[_Atom]) -> str:
    parts: list[str] = []
    for i, atom in enumerate(atoms):
        if i and atoms[i - 1].group == atom.group:
            parts.append(atom.joint)
        else:
            parts.append(("\n\n" if i else "") + atom.before)
        parts.append(atom.text)
        if i + 1 == len(atoms) or atoms[i + 1].group != atom.group:
            parts.append(atom.after)
    return "".join(parts)


class _Cutter:
    """Cuts one section that does not fit."""

    def __init__(self, text: str, count: Count, room: int) -> None:
        self._lines = text.split("\n")
        self._tokens = parser(mdx=True).parse(text, {})
        self._count, self._room = count, room - 1
        self._group = 0

    def atoms(self) -> Iterator[_Atom]:
        i = 0
        while i < len(self._tokens):
            close = closing(self._tokens, i)
            block = self._source(self._tokens[i])
            self._group += 1
            size = self._fits(block)
            if size is not None:
                yield _Atom(block, size, self._group)
            elif block:
                yield from self._cut(i, close, block)
            i = close + 1

    def _fits(self, text: str, room: int | None = None) -> int | None:
        """Tokens of ``text`` if it fits, else None."""
        limit = self._room if room is None else room
        if len(text) > limit * _MOST_CHARACTERS:
            return None
        tokens = self._count(text)
        return tokens if tokens <= limit else None

    def _source(self, token: Token) -> str:
        first, after = token.map or (0, len(self._lines))
        return "\n".join(self._lines[first:after]).strip("\n")

    def _cut(self, i: int, close: int, block: str) -> Iterator[_Atom]:
        token = self._tokens[i]
        if token.type == "fence":
            yield from self._code(token)
        elif token.type == "table_open":
            yield from self._table(block)
        elif token.type in ("bullet_list_open", "ordered_list_open"):
            yield from self._list(i, close)
        else:
            yield from self._prose(block, self._room)

    def _code(self, token: Token) -> Iterator[_Atom]:
        before, after = f"{token.markup}{token.info}\n", f"\n{token.markup}"
        frame = self._count(before + after)
        room = max(8, self._room - frame)
        for part in _BLANK.split(token.content.strip("\n")):
            size = self._fits(part, room)
            if size is not None:
                yield _Atom(part, size, self._group, "\n\n", before, after, frame)
                continue
            joint = "\n\n"
            for line in part.split("\n"):
                for bit, cost in self._words(line, room):
                    yield _Atom(bit, cost, self._group, joint, before, after, frame)
                    joint = "\n"

    def _table(self, block: str) -> Iterator[_Atom]:
        lines = block.split("\n")
        before = "\n".join(lines[:2]) + "\n"
        frame = self._count(before)
        if frame > self._room // 2:
            before, frame = "", 0
            lines = ["", "", *lines]
        room = self._room - frame
        for row in lines[2:]:
            for bit, size in self._words(row, room):
                yield _Atom(bit, size, self._group, "\n", before, "", frame)

    def _list(self, i: int, close: int) -> Iterator[_Atom]:
        k = i + 1
        while k < close:
            item = self._source(self._tokens[k])
            size = self._fits(item)
            if size is not None:
                yield _Atom(item, size, self._group, "\n")
            else:
                yield from self._prose(item, self._room)
            k = closing(self._tokens, k) + 1

    def _prose(self, text: str, room: int) -> Iterator[_Atom]:
        """Lines, then sentences, then words."""
        for line in filter(str.strip, text.split("\n")):
            joint = "\n"
            size = self._fits(line, room)
            if size is not None:
                yield _Atom(line, size, self._group, joint)
                continue
            for sentence in split_sentences(line):
                for bit, cost in self._words(sentence, room):
                    yield _Atom(bit, cost, self._group, joint)
                    joint = " "

    def _words(self, text: str, room: int) -> Iterator[tuple[str, int]]:
        """Stretches of whole words; a word longer than ``room`` is cut by characters."""
        whole = self._fits(text, room)
        if whole is not None:
            yield text, whole
            return
        current, size = list[str](), 0
        for word in text.split(" "):
            for bit, cost in self._bits(word, room):
                if current and size + cost > room:
                    yield " ".join(current), size
                    current, size = [], 0
                current.append(bit)
                size += cost
        if current:
            yield " ".join(current), size

    def _bits(self, word: str, room: int) -> Iterator[tuple[str, int]]:
        size = self._fits(word, room)
        if size is not None:
            yield word, size
            return
        # A character is at most four bytes, and a token at least one.
        step = max(1, room // 4)
        for k in range(0, len(word), step):
            yield word[k : k + step], self._count(word[k : k + step])

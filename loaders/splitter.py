"""Cuts sections into chunks that fit the embedding model, at the text's own joints."""

import re
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from langchain_core.documents import Document
from markdown_it.token import Token

from loaders.blocks import closing
from loaders.mdx import parser
from schema import ChunkMetadata
from sentences import split_sentences

VERSION: Final = "1"
"""Part of the fingerprint: another number embeds every book anew."""

_NAMESPACE: Final = uuid.UUID("6a1c2a0e-5d9b-5c0e-9c1f-2f6f0f1a7b52")
_LINES: Final = re.compile(r"\n+")
_WORDS: Final = re.compile(r"\s+")

Count = Callable[[str], int]


@dataclass
class Splitter:
    """Sections to chunks.

    Args:
        count_tokens: the embedding model's own tokenizer.
        budget: most tokens that one embedded text may have, heading path included.
        fingerprint: of the embedding model and this splitter; part of every chunk's id.
    """

    count_tokens: Count
    budget: int
    fingerprint: str
    _seen: Counter[str] = field(default_factory=Counter)
    _page: tuple[str, int] = ("", 0)

    def split(self, sections: Iterable[Document]) -> Iterator[Document]:
        """Chunks in reading order; ``metadata`` is a ``ChunkMetadata``."""
        for section in sections:
            prefix = heading_path(section.metadata["headings"], self.count_tokens, self.budget // 3)
            room = max(16, self.budget - self.count_tokens(prefix) - 2)
            for text, tokens in pieces(section.page_content, self.count_tokens, room):
                yield self._chunk(section.metadata, prefix, text, tokens + self.budget - room)

    def _chunk(self, section: dict[str, Any], prefix: str, text: str, tokens: int) -> Document:
        path, index = self._page
        index = index + 1 if path == section["path"] else 0
        self._page = (section["path"], index)
        embed_text = f"{prefix}\n\n{text}"
        # Pages may repeat a passage word for word under the same headings: each is a chunk.
        key = f"{self.fingerprint}\0{embed_text}"
        self._seen[key_digest := str(uuid.uuid5(_NAMESPACE, key))] += 1
        repeat = self._seen[key_digest]
        chunk_id = str(uuid.uuid5(_NAMESPACE, f"{key}\0{repeat}")) if repeat > 1 else key_digest
        metadata = ChunkMetadata(
            path=section["path"],
            title=section["title"],
            heading=section["heading"],
            breadcrumb=section["breadcrumb"],
            url=section["url"],
            section_id=section["section_id"],
            index=index,
            locale=section["locale"],
            kind=section["kind"],
            scopes=section["scopes"],
            tokens=tokens,
            embed_text=embed_text,
        )
        return Document(text, id=chunk_id, metadata=dict(metadata))


def heading_path(headings: Sequence[str], count: Count, limit: int) -> str:
    """``Title > … > Heading``; the middle goes first when it is longer than ``limit`` tokens."""
    kept = list(headings)
    while len(kept) > 2 and count(" > ".join(kept)) > limit:
        kept.pop(len(kept) // 2)
    path = " > ".join(kept)
    while len(path) > 8 and count(path) > limit:
        path = path[: len(path) * 3 // 4]
    return path


def pieces(text: str, count: Count, room: int) -> Iterator[tuple[str, int]]:
    """Stretches of ``text`` of at most ``room`` tokens each, with their token counts.

    Whole if it fits; else by blocks, lists by items, tables by rows with the header repeated,
    code at blank lines, prose by sentences; a single word that is too long is cut.
    """
    tokens = count(text)
    if tokens <= room:
        yield text, tokens
        return
    yield from _packed(_atoms(text, count, room), count, room)


@dataclass(frozen=True)
class _Atom:
    """A stretch that is not cut; ``before`` and ``after`` are repeated around each group."""

    text: str
    joint: str = "\n\n"
    before: str = ""
    after: str = ""
    group: int = 0

    def around(self, texts: str) -> str:
        return f"{self.before}{texts}{self.after}"


def _packed(atoms: Iterable[_Atom], count: Count, room: int) -> Iterator[tuple[str, int]]:
    """Fills each chunk with neighbouring atoms as far as they fit."""
    done, current = "", list[_Atom]()
    size = 0
    for atom in atoms:
        cost = count(atom.text) + (0 if _same(current, atom) else count(atom.before + atom.after))
        if current and size + cost + 1 > room:
            done = _joined(current)
            yield done, count(done)
            current, size = [], 0
            cost = count(atom.around(atom.text))
        current.append(atom)
        size += cost + 1
    if current:
        done = _joined(current)
        yield done, count(done)


def _same(current: Sequence[_Atom], atom: _Atom) -> bool:
    return bool(current) and bool(atom.group) and current[-1].group == atom.group


def _joined(atoms: Sequence[_Atom]) -> str:
    text, run = "", list[_Atom]()
    for atom in [*atoms, None]:
        if run and (atom is None or not _same(run, atom)):
            inner = run[0].text + "".join(a.joint + a.text for a in run[1:])
            text += ("\n\n" if text else "") + run[0].around(inner)
            run = []
        if atom is not None:
            run.append(atom)
    return text


def _atoms(text: str, count: Count, room: int) -> Iterator[_Atom]:
    tokens = parser(mdx=True).parse(text, {})
    lines = text.split("\n")
    i = group = 0
    while i < len(tokens):
        close = closing(tokens, i)
        first, after = tokens[i].map or (0, len(lines))
        block = "\n".join(lines[first:after]).strip("\n")
        group += 1
        if count(block) <= room:
            yield _Atom(block)
        else:
            yield from _cut(tokens, i, close, block, lines, group, count, room)
        i = close + 1


def _cut(
    tokens: Sequence[Token],
    i: int,
    close: int,
    block: str,
    lines: Sequence[str],
    group: int,
    count: Count,
    room: int,
) -> Iterator[_Atom]:
    kind = tokens[i].type
    if kind == "fence":
        fence, info = tokens[i].markup, tokens[i].info
        yield from _code(tokens[i].content, f"{fence}{info}\n", f"\n{fence}", group, count, room)
    elif kind == "table_open":
        header, rows = block.split("\n")[:2], block.split("\n")[2:]
        before = "\n".join(header) + "\n"
        space = room - count(before)
        if space < room // 3:
            before, space = "", room
        for row in rows:
            for part in _text(row, count, space):
                yield _Atom(part, "\n", before, "", group)
    elif kind in ("bullet_list_open", "ordered_list_open"):
        for item in _items(tokens, i, close, lines):
            if count(item) <= room:
                yield _Atom(item, "\n", group=group)
            else:
                yield from (_Atom(part, "\n", group=group) for part in _text(item, count, room))
    else:
        yield from (_Atom(part, " ", group=group) for part in _text(block, count, room))


def _items(tokens: Sequence[Token], i: int, close: int, lines: Sequence[str]) -> Iterator[str]:
    k = i + 1
    while k < close:
        first, after = tokens[k].map or (0, 0)
        yield "\n".join(lines[first:after]).rstrip("\n")
        k = closing(tokens, k) + 1


def _code(
    content: str, before: str, after: str, group: int, count: Count, room: int
) -> Iterator[_Atom]:
    """Code at blank lines, then at lines."""
    space = max(8, room - count(before + after))
    for part in re.split(r"\n\s*\n", content.strip("\n")):
        if count(part) <= space:
            yield _Atom(part, "\n\n", before, after, group)
            continue
        for line in part.split("\n"):
            for bit in _words(line, count, space):
                yield _Atom(bit, "\n", before, after, group)


def _text(text: str, count: Count, room: int) -> Iterator[str]:
    """Prose at line ends, then at sentence ends, then at words."""
    for line in _LINES.split(text):
        if count(line) <= room:
            yield line
            continue
        for sentence in split_sentences(line):
            yield from _words(sentence, count, room)


def _words(text: str, count: Count, room: int) -> Iterator[str]:
    """Stretches of whole words; a word longer than ``room`` is cut by characters."""
    if count(text) <= room:
        yield text
        return
    words = [part for word in text.split(" ") for part in _bits(word, count, room)]
    current, size = list[str](), 0
    for word in words:
        cost = count(word)
        if current and size + cost > room:
            yield " ".join(current)
            current, size = [], 0
        current.append(word)
        size += cost
    if current:
        yield " ".join(current)


def _bits(word: str, count: Count, room: int) -> Iterator[str]:
    if len(word) <= room or count(word) <= room:
        yield word
        return
    # No tokenizer makes more tokens than characters of a text it can read byte by byte.
    step = max(1, room // 2)
    yield from (word[k : k + step] for k in range(0, len(word), step))

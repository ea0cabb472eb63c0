"""The sentences of the passages as candidates for an answer."""

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from langchain_core.documents import Document
from numpy.typing import NDArray

from extractive.encoder import unpack_vectors
from text.code import code_words
from text.sentences import Kind, Unit, split_units
from text.words import content_words

_COMMENT: Final = r"\{/\*(?:[^*{]|\*(?!/)|\{(?!/\*))*+\*/\}"
_HEADING_MARKS: Final = re.compile(
    r"^#+\s*|(?:(?<!\s)\s++)?(?:\{#[^{}]*+\}|" + _COMMENT + r")\s*+$|(?<!\s)\s++#++\s*+$|[`*]"
)
_LABEL: Final = re.compile(r"\s*:{3,}\s*[\w-]*\s*\[?(?P<title>[^\]]*)\]?")
_LINK: Final = re.compile(r"!?\[([^\[\]]*+)\]\((?:[^()\s]|\([^()\s]*+\))*+(?:\s++\"[^\"]*+\")?\)")
_TAG: Final = re.compile(
    r"</?[A-Za-z][^<>]*>|<!--(?:[^<-]|<(?!!--)|-(?!->))*+-->|" + _COMMENT + r"|\[\^[\w-]+\]:?"
)
_VERBATIM: Final = re.compile(r"(`[^`]+`|\$[^$]+\$)")
_QUOTE: Final = re.compile(r"(?m)^[ \t]*>[ \t]?")
_LABELS: Final = re.compile(r"\n[ \t]*(?=(?:\*\*|__)[^*_\n]{1,60}(?::(?:\*\*|__)|(?:\*\*|__)\s?:))")
"""Line breaks before "**Solution**:": Markdown joins the lines, a book lays them out."""
_MARKER: Final = re.compile(r"(?<!\s)\s*+(?:[-*+•]|\d{1,3}[.)])\s+")
_CHUNK: Final = 10_000
"""More blocks than a chunk can have."""


@dataclass(eq=False)
class Candidate:
    """One unit of a passage, with what stands around it."""

    kind: Kind
    raw: str
    passage: int
    position: int
    """Its place in the passage; a gap stands where the passage leaves something out."""
    block: int
    heading: str
    context: str
    """The sentence, list lead-in or table header that it leans on."""
    echo: bool = False
    vector: NDArray[np.float32] | None = None
    cosine: float | None = None
    """To the question, where it has a vector; set by ``score``."""
    window: tuple[int, int] = (0, 0)
    """The lines of a code block that hold most of the question: first, and one past the last."""

    @cached_property
    def text(self) -> str:
        """As shown to the reader: no links, tags or line breaks; code and tables as they are."""
        return shown(self.raw, self.kind)

    @cached_property
    def words(self) -> frozenset[str]:
        """Stems of its content words, without the number of a step."""
        text = without_marker(self.raw) if self.kind == "item" else self.raw
        return frozenset(content_words(text))

    @cached_property
    def lines(self) -> Sequence[frozenset[str]]:
        """Stems of each line's content words, those within names too."""
        return [code_words(line) for line in self.raw.splitlines()]

    @cached_property
    def around(self) -> frozenset[str]:
        """Stems of the content words of heading and context."""
        return frozenset(content_words(f"{self.heading} {self.context}"))

    @cached_property
    def length(self) -> int:
        """Words."""
        return len(self.text.split())


def shown(text: str, kind: Kind = "prose") -> str:
    """Markdown without what means nothing outside of its page."""
    if kind in ("code", "math"):
        # Code of a list item lost the indent of its first line only.
        first, _, rest = text.partition("\n")
        return f"{first}\n{textwrap.dedent(rest)}" if rest else first
    parts = _VERBATIM.split(text)
    parts[::2] = [_TAG.sub("", _LINK.sub(r"\1", part)) for part in parts[::2]]
    plain = _QUOTE.sub("", "".join(parts))
    if kind == "header":
        return "\n".join(line.strip() for line in plain.splitlines())
    if kind == "prose":
        return "\n\n".join(" ".join(part.split()) for part in _LABELS.split(plain))
    return " ".join(plain.split())


def without_marker(item: str) -> str:
    """The text of a list item."""
    return _MARKER.sub("", item, count=1)


def read(passages: Sequence[Document], dimensions: int) -> list[Candidate]:
    """All units of the passages in order; those with stored vectors carry them."""
    found: list[Candidate] = []
    for number, passage in enumerate(passages):
        found += _Reader(number, passage, dimensions).candidates()
    return found


class _Reader:
    def __init__(self, number: int, passage: Document, dimensions: int) -> None:
        self._number = number
        self._chunks: Sequence[Document] = passage.metadata.get("chunks") or [passage]
        self._dimensions = dimensions
        self._label = str(passage.metadata.get("heading") or "")
        self._lead = ""
        self._seen: set[str] = set()
        self._position = -1

    def candidates(self) -> list[Candidate]:
        found: list[Candidate] = []
        before = None
        for order, chunk in enumerate(self._chunks):
            index = chunk.metadata.get("index", order)
            follows = before is not None and index == before + 1
            if before is not None and not follows:
                self._position += 1  # what stands on the two sides of a gap is not beside it
            self._read(chunk, order * _CHUNK, found, joint=follows)
            before = index
        return found

    def _read(self, chunk: Document, shift: int, found: list[Candidate], *, joint: bool) -> None:
        units = split_units(chunk.page_content)
        vectors = _vectors(chunk, units, self._dimensions)
        blocks: dict[int, int] = {}
        for row, unit in enumerate(units):
            last = found[-1] if joint and found else None
            if not self._is_new(unit):
                continue
            joint = False
            if last is not None and (_goes_on(last, unit) or _next_step(found, unit)):
                blocks[unit.block] = last.block
                if _absorbed(last, unit):
                    continue
            block = blocks.get(unit.block, shift + unit.block)
            vector = None if vectors is None else vectors[row]
            found.append(self._candidate(unit, block, vector, chunk))

    def _is_new(self, unit: Unit) -> bool:
        """Headings only name what follows; chunks may overlap."""
        if unit.kind in ("heading", "markup"):
            self._relabel(unit)
            return False
        if not shown(unit.text, unit.kind):
            return False
        if unit.kind in ("prose", "item", "code"):
            if unit.text in self._seen:
                return False
            self._seen.add(unit.text)
        return True

    def _relabel(self, unit: Unit) -> None:
        self._lead = ""
        if unit.kind == "heading":
            self._label = _HEADING_MARKS.sub("", unit.text).strip()
        else:
            match = _LABEL.match(unit.text)
            self._label = (match and match["title"].strip()) or self._label

    def _candidate(
        self, unit: Unit, block: int, vector: NDArray[np.float32] | None, chunk: Document
    ) -> Candidate:
        self._position += 1
        lead = self._lead
        # Items and rows all lean on what stands before the first of them.
        if unit.kind in ("prose", "header"):
            self._lead = unit.text
        return Candidate(
            unit.kind,
            unit.text,
            self._number,
            self._position,
            block,
            self._label,
            lead,
            chunk.metadata.get("kind") == "echo",
            vector,
        )


def _goes_on(last: Candidate, unit: Unit) -> bool:
    """True for a list, table or code block that was cut between two chunks."""
    if last.kind == "code" == unit.kind:
        return last.raw.partition("\n")[0] == unit.text.partition("\n")[0]
    return (last.kind, unit.kind) in (("item", "item"), ("row", "row"), ("row", "header"))


def _next_step(found: Sequence[Candidate], unit: Unit) -> bool:
    """True for an item that follows the code of the item before it."""
    block = (c for c in reversed(found) if c.block == found[-1].block)
    return unit.kind == "item" and found[-1].kind == "code" and any(c.kind == "item" for c in block)


def _absorbed(last: Candidate, unit: Unit) -> bool:
    """The rest of a code block joins its beginning; a repeated table header goes."""
    if unit.kind == "code" and "\n" in unit.text:
        body = unit.text.partition("\n")[2]
        last.raw = last.raw[: last.raw.rindex("\n")] + "\n\n" + body
    return unit.kind in ("code", "header")


def _vectors(chunk: Document, units: Sequence[Unit], dimensions: int) -> NDArray[np.float32] | None:
    packed = chunk.metadata.get("sentence_vectors")
    if not packed:
        return None
    vectors = unpack_vectors(packed, dimensions)
    # A collection written by another splitter has other rows.
    return vectors if len(vectors) == len(units) else None

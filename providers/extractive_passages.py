"""The sentences of the passages as candidates for an answer."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from langchain_core.documents import Document
from numpy.typing import NDArray

from providers.embedded import unpack_vectors
from sentences import Kind, Unit, split_units
from words import content_words

_HEADING_MARKS: Final = re.compile(r"^#+\s*|\s*\{#[^}]*\}\s*$|\s*\{/\*.*\*/\}\s*$|\s+#+\s*$")
_LABEL: Final = re.compile(r":{3,}\s*[\w-]*\s*\[?(?P<title>[^\]]*)\]?")
_LINK: Final = re.compile(r"!?\[([^\]]*)\]\([^)\s]*(?:\s+\"[^\"]*\")?\)")
_TAG: Final = re.compile(r"</?[A-Za-z][^<>]*>|<!--.*?-->|\{/\*.*?\*/\}|\[\^[\w-]+\]:?", re.S)
_CODE_SPAN: Final = re.compile(r"(`[^`]+`|\$[^$]+\$)")


@dataclass(eq=False)
class Candidate:
    """One unit of a passage, with what stands around it."""

    kind: Kind
    raw: str
    passage: int
    position: int
    block: int
    heading: str
    context: str
    """The sentence, list lead-in or table header that it leans on."""
    echo: bool = False
    vector: NDArray[np.float32] | None = None
    score: float = 0.0

    @cached_property
    def text(self) -> str:
        """As shown to the reader: no links, tags or line breaks; code and tables as they are."""
        return self.raw if self.kind in ("code", "math") else shown(self.raw, self.kind)

    @cached_property
    def words(self) -> frozenset[str]:
        """Stems of its content words."""
        return frozenset(content_words(self.raw))

    @cached_property
    def around(self) -> frozenset[str]:
        """Stems of the content words of heading and context."""
        return frozenset(content_words(f"{self.heading} {self.context}"))

    @property
    def length(self) -> int:
        """Words."""
        return len(self.text.split())


def shown(text: str, kind: Kind = "prose") -> str:
    """Markdown without what means nothing outside of its page."""
    parts = _CODE_SPAN.split(text)
    parts[::2] = [_TAG.sub("", _LINK.sub(r"\1", part)) for part in parts[::2]]
    plain = "".join(parts)
    if kind == "header":
        return "\n".join(line.strip(" \t>") for line in plain.splitlines())
    return " ".join(re.sub(r"(?m)^[ \t]*>[ \t]?", "", plain).split())


def read(passages: Sequence[Document], dimensions: int) -> list[Candidate]:
    """All units of the passages in order; those with stored vectors carry them."""
    found: list[Candidate] = []
    for number, passage in enumerate(passages):
        found += _read_passage(number, passage, dimensions)
    return found


def _read_passage(number: int, passage: Document, dimensions: int) -> Iterator[Candidate]:
    seen: set[str] = set()
    heading = str(passage.metadata.get("heading") or "")
    lead, label, block = "", heading, -1
    position = 0
    for order, chunk in enumerate(passage.metadata.get("chunks") or [passage]):
        units = split_units(chunk.page_content)
        vectors = _vectors(chunk, units, dimensions)
        echo = chunk.metadata.get("kind") == "echo"
        for row, unit in enumerate(units):
            key = order * 1000 + unit.block
            if unit.kind == "heading":
                label = _HEADING_MARKS.sub("", unit.text).strip()
            elif unit.kind == "markup":
                match = _LABEL.match(unit.text)
                label = match["title"].strip() if match and match["title"] else label
            if unit.kind in ("heading", "markup"):
                lead = ""
                continue
            if unit.text in seen and unit.kind in ("prose", "item"):
                continue
            seen.add(unit.text)
            vector = vectors[row] if vectors is not None else None
            yield Candidate(unit.kind, unit.text, number, position, key, label, lead, echo, vector)
            position += 1
            # Items and rows all lean on what stands before the first of them.
            if unit.kind in ("prose", "header") or (unit.kind == "item" and key != block):
                lead = unit.text if unit.kind != "item" else lead
            block = key


def _vectors(chunk: Document, units: Sequence[Unit], dimensions: int) -> NDArray[np.float32] | None:
    packed = chunk.metadata.get("sentence_vectors")
    if not packed:
        return None
    vectors = unpack_vectors(packed, dimensions)
    # A collection written by another splitter has other rows.
    return vectors if len(vectors) == len(units) else None

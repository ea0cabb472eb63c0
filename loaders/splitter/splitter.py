"""Cuts sections into chunks that fit the embedding model, at the text's own joints."""

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from langchain_core.documents import Document

from loaders.splitter.pieces import Count, pieces
from schema import ChunkMetadata

VERSION: Final = "1"
"""Part of the fingerprint: another number embeds every book anew."""

_NAMESPACE: Final = uuid.UUID("6a1c2a0e-5d9b-5c0e-9c1f-2f6f0f1a7b52")


@dataclass
class Splitter:
    """Sections to chunks.

    A chunk's id names what is embedded. Pages may repeat a passage word for word under the same
    headings: such chunks have one id, see ``ChunkIds``.

    Args:
        count_tokens: the embedding model's own tokenizer.
        budget: most tokens that one embedded text may have, heading path included.
        fingerprint: of the embedding model and this splitter; part of every chunk's id.
    """

    count_tokens: Count
    budget: int
    fingerprint: str

    def split(self, sections: Iterable[Document]) -> Iterator[Document]:
        """Chunks in reading order; ``metadata`` is a ``ChunkMetadata``."""
        path, index = "", 0
        for section in sections:
            headings = section.metadata["headings"]
            prefix, used = heading_path(headings, self.count_tokens, self.budget // 3)
            room = max(16, self.budget - used)
            figures = section.metadata.get("figures")
            for text, tokens in pieces(section.page_content, self.count_tokens, room):
                index = index + 1 if path == section.metadata["path"] else 0
                path = section.metadata["path"]
                chunk = self._chunk(section.metadata, index, prefix, text, tokens + used)
                if figures:
                    chunk.metadata["figures"], figures = figures, None
                yield chunk

    def _chunk(
        self, section: dict[str, Any], index: int, prefix: str, text: str, tokens: int
    ) -> Document:
        embed_text = f"{prefix}\n\n{text}"
        key = f"{self.fingerprint}\0{embed_text}"
        if version := section.get("version"):
            # A passage that stands in two versions of a book is two chunks, in any order.
            key += f"\0version {version}"
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
        if version:
            metadata["version"] = version
        return Document(text, id=str(uuid.uuid5(_NAMESPACE, key)), metadata=dict(metadata))


class ChunkIds:
    """Tells chunks of one book apart that repeat each other word for word."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, chunk_id: str) -> str:
        """``chunk_id`` for the first chunk that has it, another one for each that comes later."""
        own, repeat = chunk_id, 1
        while own in self._taken:
            repeat += 1
            own = str(uuid.uuid5(uuid.UUID(chunk_id), str(repeat)))
        self._taken.add(own)
        return own

    def give_back(self, ids: Iterable[str]) -> None:
        """As if they had never been taken."""
        self._taken.difference_update(ids)


def heading_path(headings: Sequence[str], count: Count, limit: int) -> tuple[str, int]:
    """``Title > … > Heading`` and its tokens; shortened in the middle to ``limit`` tokens."""
    kept = list(headings)
    path = " > ".join(kept)
    tokens = count(path)
    while tokens > limit and len(kept) > 2:
        kept.pop(len(kept) // 2)
        path = " > ".join(kept)
        tokens = count(path)
    while tokens > limit and len(path) > 8:
        path = path[: len(path) * 3 // 4]
        tokens = count(path)
    return path, tokens

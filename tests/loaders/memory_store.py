"""A working IndexStore in memory, and embeddings that count what they embed."""

import asyncio
import copy
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings

from errors import FixConfiguration, RetryLater
from loaders.index.store import IndexStore
from schema import CollectionInfo
from text.outline import Outline
from text.vocabulary import Vocabulary


@dataclass
class Collection:
    """One physical collection."""

    info: CollectionInfo
    chunks: dict[str, Document] = field(default_factory=dict)
    vectors: dict[str, list[float]] = field(default_factory=dict)


class MemoryStore(IndexStore):
    """Collections in a dict; ``alias`` names the served one, ``previous`` the one before."""

    def __init__(self) -> None:
        self.collections: dict[str, Collection] = {}
        self.alias: str | None = None
        self.previous: str | None = None
        self.writes: list[str] = []
        self.vocabulary: Vocabulary | None = None
        self.outline: Outline | None = None
        self._busy = False

    @property
    def book(self) -> dict[str, Document]:
        """Chunks that readers get."""
        return self.collections[self.alias].chunks if self.alias else {}

    async def served(self) -> tuple[str, CollectionInfo] | None:
        return (self.alias, self.collections[self.alias].info) if self.alias else None

    async def create(self, info: CollectionInfo, dimensions: int) -> str:
        name = f"book--{len(self.collections) + 1}"
        self.writes.append("create")
        self.collections[name] = Collection(info)
        return name

    async def unfinished(self, fingerprint: str) -> str | None:
        known = (self.alias, self.previous)
        for name, collection in self.collections.items():
            if name not in known and collection.info.fingerprint == fingerprint:
                return name
        return None

    async def digests(self, collection: str) -> dict[str, str]:
        chunks = self.collections[collection].chunks
        return {key: chunk.metadata["digest"] for key, chunk in chunks.items()}

    async def upsert(
        self,
        collection: str,
        chunks: Sequence[Document],
        vectors: Sequence[Sequence[float]] | None = None,
    ) -> None:
        self.writes.append("upsert")
        for chunk in chunks:
            self.collections[collection].chunks[str(chunk.id)] = copy.deepcopy(chunk)
        if vectors is not None:
            self._set(collection, chunks, vectors)

    async def pending(self, collection: str) -> list[Document]:
        held = self.collections[collection]
        return [chunk for key, chunk in held.chunks.items() if key not in held.vectors]

    async def to_embed(self, collection: str, ids: Sequence[str]) -> list[Document]:
        held = self.collections[collection].chunks
        return [copy.deepcopy(held[key]) for key in ids if key in held]

    async def set_vectors(
        self, collection: str, chunks: Sequence[Document], vectors: Sequence[Sequence[float]]
    ) -> None:
        self.writes.append("vectors")
        self._set(collection, chunks, vectors)

    def _set(
        self, collection: str, chunks: Sequence[Document], vectors: Sequence[Sequence[float]]
    ) -> None:
        held = self.collections[collection]
        for chunk, vector in zip(chunks, vectors, strict=True):
            held.vectors[str(chunk.id)] = list(vector)
            if "sentence_vectors" in chunk.metadata:
                sentences = chunk.metadata["sentence_vectors"]
                held.chunks[str(chunk.id)].metadata["sentence_vectors"] = sentences

    async def settle(self, collection: str) -> None:
        self.writes.append("settle")

    async def update_payloads(self, collection: str, chunks: Sequence[Document]) -> None:
        self.writes.append("update")
        stored = self.collections[collection].chunks
        for chunk in chunks:
            metadata = {**stored[str(chunk.id)].metadata, **chunk.metadata}
            stored[str(chunk.id)] = Document(chunk.page_content, id=chunk.id, metadata=metadata)

    async def delete(self, collection: str, ids: Sequence[str]) -> None:
        self.writes.append("delete")
        for key in ids:
            del self.collections[collection].chunks[key]
            self.collections[collection].vectors.pop(key, None)

    async def write_info(
        self,
        collection: str,
        info: CollectionInfo,
        vocabulary: Vocabulary | None = None,
        outline: Outline | None = None,
    ) -> None:
        self.writes.append("info")
        self.vocabulary = vocabulary or self.vocabulary
        self.outline = outline or self.outline
        self.collections[collection].info = info

    async def switch(self, collection: str) -> None:
        self.writes.append("switch")
        self.previous, self.alias = self.alias, collection

    async def rollback(self) -> str:
        if self.previous is None:
            raise FixConfiguration("there is no collection to go back to")
        self.alias, self.previous = self.previous, self.alias
        return str(self.alias)

    @asynccontextmanager
    async def exclusive(self) -> AsyncIterator[None]:
        if self._busy:
            raise FixConfiguration("another indexer is at work on this collection")
        self._busy = True
        try:
            yield
        finally:
            self._busy = False


class CountingEmbeddings(Embeddings):
    """Three numbers per text; remembers every text it embedded.

    Args:
        refusals: errors to raise at the first calls, in order.
    """

    dimensions = 3
    billable = True

    def __init__(self, fingerprint: str = "counting/3", max_batch: int = 96) -> None:
        self.fingerprint = fingerprint
        self.max_batch = max_batch
        self.texts: list[str] = []
        self.refusals: list[RetryLater] = []
        self.at_once = self.most_at_once = 0

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [[float(len(text)), float(sum(map(ord, text)) % 97), 1.0] for text in texts]

    def embed_query(self, text: str) -> list[float]:
        return self.embed_documents([text])[0]

    async def aembed_documents(self, texts: list[str]) -> list[list[float]]:
        if self.refusals:
            raise self.refusals.pop(0)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0)
        self.at_once -= 1
        self.texts += texts
        return self.embed_documents(texts)

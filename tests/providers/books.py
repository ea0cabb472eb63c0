"""A small book, embeddings that need no model, and stores opened both ways."""

import hashlib
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings

from providers.factory import open_stores
from providers.qdrant.index_store import QdrantIndexStore
from providers.qdrant.vector_store import BookVectorStore
from schema import ChunkMetadata, CollectionInfo
from settings import Settings

DIMENSIONS = 32


class WordEmbeddings(Embeddings):
    """A text's vector is the sum of random directions of its words; synonyms share theirs."""

    def __init__(self, synonyms: dict[str, str] | None = None) -> None:
        self.synonyms = synonyms or {}
        self.queries: list[str] = []
        self.fails: Exception | None = None

    def _vector(self, text: str) -> list[float]:
        total = np.full(DIMENSIONS, 1e-6)
        for word in text.lower().split():
            word = self.synonyms.get(word, word)
            seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:4])
            total += np.random.default_rng(seed).standard_normal(DIMENSIONS)
        unit: list[float] = (total / np.linalg.norm(total)).tolist()
        return unit

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [self._vector(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        if self.fails is not None:
            raise self.fails
        self.queries.append(text)
        return self._vector(text)

    async def aembed_query(self, text: str) -> list[float]:
        return self.embed_query(text)


def chunk(
    text: str,
    *,
    path: str = "module-1/ros.md",
    section: str = "",
    index: int = 0,
    locale: str = "en",
    scopes: Sequence[str] = (),
    digest: str = "",
    **more: Any,
) -> Document:
    """A chunk as the loaders hand it over."""
    digest = digest or hashlib.sha256(text.encode()).hexdigest()
    section_id = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{path}#{section}"))
    metadata = ChunkMetadata(
        path=path,
        title="A page",
        heading=section or "A page",
        breadcrumb=["A page", section],
        url=f"/docs/{path}#{section}",
        section_id=section_id,
        index=index,
        locale=locale,
        kind="text",
        scopes=list(scopes) or [path.split("/")[0], path],
        tokens=len(text.split()),
        embed_text=text,
    )
    return Document(
        id=str(uuid.uuid5(uuid.NAMESPACE_URL, text)),
        page_content=text,
        metadata={
            **metadata,
            "digest": digest or hashlib.sha256(text.encode()).hexdigest(),
            **more,
        },
    )


@asynccontextmanager
async def stores_at(
    embeddings: Embeddings, folder: Path, url: str | None = None, **settings: Any
) -> AsyncIterator[tuple[BookVectorStore, QdrantIndexStore]]:
    """Embedded under ``folder``, or at ``url``."""
    chosen = Settings(_env_file=None, data_dir=folder, qdrant_url=url, **settings)  # type: ignore[call-arg]  # pydantic-settings' own argument
    async with open_stores(chosen, embeddings) as opened:
        yield opened


async def fill(
    index: QdrantIndexStore,
    chunks: Sequence[Document],
    *,
    fingerprint: str = "model/32",
    language: str = "en",
    serve: bool = True,
    embeddings: WordEmbeddings | None = None,
    versions: Sequence[str] = (),
) -> str:
    """A new collection that holds ``chunks``, served unless said otherwise; its name."""
    info = CollectionInfo(fingerprint=fingerprint, language=language, versions=list(versions))
    name = await index.create(info, DIMENSIONS)
    vectors = (embeddings or WordEmbeddings()).embed_documents([c.page_content for c in chunks])
    await index.upsert(name, chunks, vectors)
    done = info.model_copy(update={"complete": True, "chunks": len(chunks), "book_version": name})
    await index.write_info(name, done)
    if serve:
        await index.switch(name)
    return name

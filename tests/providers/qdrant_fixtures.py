"""The same cases run against the embedded engine and, over HTTP, against a Qdrant server."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from providers.qdrant.index_store import QdrantIndexStore
from providers.qdrant.vector_store import BookVectorStore
from standins.qdrant import QdrantStandIn
from standins.server import serve
from tests.providers.books import WordEmbeddings, stores_at


@dataclass
class Opened:
    """One open pair of stores, and what is behind it."""

    kind: str
    search: BookVectorStore
    index: QdrantIndexStore
    embeddings: WordEmbeddings
    server: QdrantStandIn | None
    folder: Path


@pytest.fixture(scope="module")
def served_qdrant() -> Iterator[tuple[QdrantStandIn, str]]:
    """A Qdrant server for the module's tests, and its URL."""
    app = QdrantStandIn()
    with serve(app) as url:
        yield app, url


@pytest.fixture
def qdrant(served_qdrant: tuple[QdrantStandIn, str]) -> tuple[QdrantStandIn, str]:
    """The server with nothing in it and nothing wrong."""
    served_qdrant[0].reset()
    return served_qdrant


@pytest.fixture(params=["embedded", "server"])
async def opened(
    request: pytest.FixtureRequest, tmp_path: Path, qdrant: tuple[QdrantStandIn, str]
) -> AsyncIterator[Opened]:
    """Stores of both kinds, one after the other."""
    app, url = qdrant
    kind = str(request.param)
    embeddings = WordEmbeddings()
    at = url if kind == "server" else None
    async with stores_at(embeddings, tmp_path, at) as (search, index):
        server = app if kind == "server" else None
        yield Opened(kind, search, index, embeddings, server, tmp_path)

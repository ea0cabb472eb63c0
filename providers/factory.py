"""From settings to providers: the one place that chooses between them."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, cast

from langchain_core.embeddings import Embeddings

from providers.interfaces import Embedder
from providers.qdrant import server as qdrant
from providers.qdrant.index_lock import Lease, OneAtATime
from providers.qdrant.index_store import QdrantIndexStore
from providers.qdrant.vector_store import BookVectorStore
from settings import Settings


@asynccontextmanager
async def open_stores(
    settings: Settings, embeddings: Embedder | Embeddings
) -> AsyncIterator[tuple[BookVectorStore, QdrantIndexStore]]:
    """The store that answers and the store that indexes, over one embedded engine or server.

    Opening a server's stores makes no request, so a service starts while Qdrant is away.

    Raises:
        FixConfiguration: another process holds the embedded engine's folder.
    """
    async with AsyncExitStack() as stack:
        opened = _server if settings.qdrant_url else _embedded
        # LangChain's class is a base, not a protocol; ours has all of its methods.
        yield await opened(settings, cast(Embeddings, embeddings), stack)


async def _embedded(
    settings: Settings, embeddings: Embeddings, stack: AsyncExitStack
) -> tuple[BookVectorStore, QdrantIndexStore]:
    from providers.qdrant.engine.async_client import (
        AsyncEdgeClient,  # the engine is for those who use it
    )
    from providers.qdrant.engine.client import EdgeClient

    client = EdgeClient(settings.data_dir / "qdrant")
    engine = AsyncEdgeClient(client)
    stack.push_async_callback(engine.close)
    await engine.look()
    alias = settings.qdrant_collection
    # The adapter has the methods that are called here, not all of the client's.
    same, same_async = cast(Any, client), cast(Any, engine)
    return (
        BookVectorStore(same, same_async, alias, embeddings),
        QdrantIndexStore(
            same_async,
            alias,
            exclusive=OneAtATime(client.shards.require_room).hold,
            settle=engine.optimize,
            options=qdrant.CollectionOptions.of(settings),
        ),
    )


async def _server(
    settings: Settings, embeddings: Embeddings, stack: AsyncExitStack
) -> tuple[BookVectorStore, QdrantIndexStore]:
    reader = qdrant.open_async(settings, qdrant.SEARCH_SECONDS)
    stack.push_async_callback(reader.close)
    writer = qdrant.open_async(settings, qdrant.INDEX_SECONDS)
    stack.push_async_callback(writer.close)
    blocking = qdrant.open_sync(settings, qdrant.SEARCH_SECONDS)
    stack.callback(blocking.close)
    alias = settings.qdrant_collection
    return (
        BookVectorStore(blocking, reader, alias, embeddings),
        QdrantIndexStore(
            writer,
            alias,
            exclusive=Lease(writer, alias).hold,
            settle=qdrant.settles_itself,
            options=qdrant.CollectionOptions.of(settings),
        ),
    )

"""From the sources of a book to its index, whoever asks for it."""

import asyncio
import os
from collections.abc import Iterable

from loaders.index.embedding import Embedder
from loaders.index.options import IndexOptions, IndexSummary, Progress
from loaders.index.run import index_book
from loaders.index.store import IndexStore
from loaders.sources import load_all


async def index_sources(
    sources: Iterable[str | os.PathLike[str]],
    *,
    book_url: str,
    store: IndexStore,
    embeddings: Embedder,
    options: IndexOptions,
    progress: Progress,
) -> IndexSummary:
    """Reads several sources as one book and indexes it; raises what ``index_book`` raises."""
    book = await asyncio.to_thread(load_all, sources, book_url=book_url, cache=options.cache)
    return await index_book(
        book, store=store, embeddings=embeddings, options=options, progress=progress
    )

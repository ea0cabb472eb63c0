"""The index's side of the store: physical collections behind one alias.

``QDRANT_COLLECTION`` is an alias. It names ``<alias>--<n>``; ``<alias>--previous`` names the
collection that was served before, for rollback. Everything the index knows is in the store.
"""

import re
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Final

from langchain_core.documents import Document
from qdrant_client import AsyncQdrantClient, models

from errors import FixConfiguration
from providers.qdrant.info_point import CHUNKS, read_info, write_details, write_info
from providers.qdrant.pending import chunks_to_embed, pending_chunks, set_vectors
from providers.qdrant.points import DENSE, PENDING, SPARSE, batches, point_of, set_payload
from providers.qdrant.server import CollectionOptions, translated
from providers.qdrant.sparse import encoder_for
from schema import CollectionInfo
from text.outline import Outline
from text.vocabulary import Vocabulary

INDEXED: Final = (
    *("metadata.scopes", "metadata.section_id", "metadata.path", "metadata.locale"),
    PENDING,
)
VERSION: Final = "metadata.version"
"""Indexed where the book has versions."""
_BATCH: Final = 64
_PAGE: Final = 2000

Exclusive = Callable[[], AbstractAsyncContextManager[None]]
Settle = Callable[[str], Awaitable[None]]


class QdrantIndexStore:
    """Implements ``loaders.index.store.IndexStore`` over any client with qdrant-client's methods.

    Args:
        client: asynchronous client.
        alias: name under which the book is served.
        exclusive: held while a book is indexed.
        settle: called when a collection is complete; the embedded engine builds its vector
            index then, a server does so by itself.
        options: shards, replicas, quantisation, memory of new collections.
    """

    def __init__(
        self,
        client: AsyncQdrantClient,
        alias: str,
        *,
        exclusive: Exclusive,
        settle: Settle,
        options: CollectionOptions,
    ) -> None:
        self._client, self._alias = client, alias
        self._exclusive, self._settle, self._options = exclusive, settle, options
        self._previous = f"{alias}--previous"
        self._physical = re.compile(re.escape(alias) + r"--(\d+)")

    async def served(self) -> tuple[str, CollectionInfo] | None:
        """The physical collection behind the alias; None if there is none or it is not a book."""
        name = (await self._aliases()).get(self._alias)
        info = await read_info(self._client, name) if name else None
        return (name, info[0]) if name and info else None

    async def create(self, info: CollectionInfo, dimensions: int) -> str:
        """A new, empty collection; its sparse vectors will be made for ``info.language``."""
        existing = await self._collections()
        if self._alias in existing:
            raise FixConfiguration(
                f"QDRANT_COLLECTION: a collection is called {self._alias} already, "
                "so the name cannot be an alias; choose another",
                code="retrieval_unavailable",
            )
        name = f"{self._alias}--{max(map(self._number, existing), default=0) + 1}"
        with translated():
            await self._client.create_collection(
                name,
                vectors_config={DENSE: self._options.dense(dimensions)},
                sparse_vectors_config={
                    SPARSE: models.SparseVectorParams(modifier=models.Modifier.IDF)
                },
                **self._options.collection(),
            )
            for field in INDEXED:
                await self._client.create_payload_index(
                    name, field, field_schema=models.PayloadSchemaType.KEYWORD, wait=True
                )
        await write_info(self._client, name, info, info.language)
        return name

    async def unfinished(self, fingerprint: str) -> str | None:
        """The newest collection with this fingerprint that no alias names."""
        named = set((await self._aliases()).values())
        left = [name for name in await self._collections() if self._number(name)]
        for name in sorted(left, key=self._number, reverse=True):
            info = await read_info(self._client, name) if name not in named else None
            if info and info[0].fingerprint == fingerprint:
                return name
        return None

    async def digests(self, collection: str) -> dict[str, str]:
        """Payload digest of every chunk by id."""
        found: dict[str, str] = {}
        offset: Any = None
        while True:
            with translated():
                page, offset = await self._client.scroll(
                    collection,
                    scroll_filter=CHUNKS,
                    limit=_PAGE,
                    offset=offset,
                    with_payload=["digest"],
                )
            found.update((str(p.id), (p.payload or {}).get("digest", "")) for p in page)
            if offset is None:
                return found

    async def upsert(
        self,
        collection: str,
        chunks: Sequence[Document],
        vectors: Sequence[Sequence[float]] | None = None,
    ) -> None:
        """Writes chunks; the sparse vectors are made here. Without ``vectors`` they are pending."""
        encoder = encoder_for(await self._language(collection))
        texts = [chunk.metadata.get("embed_text", chunk.page_content) for chunk in chunks]
        terms = encoder.embed_documents(texts)
        dense = [None] * len(chunks) if vectors is None else vectors
        points = (point_of(*row) for row in zip(chunks, dense, terms, strict=True))
        for batch in batches(points, _BATCH):
            with translated():
                await self._client.upsert(collection, points=batch, wait=True)

    async def pending(self, collection: str) -> list[Document]:
        """Chunks without vectors, in no order: id, ``path``, ``url`` and ``index`` only."""
        return await pending_chunks(self._client, collection)

    async def to_embed(self, collection: str, ids: Sequence[str]) -> list[Document]:
        """Chunks with their ``embed_text``, in the order of ``ids``."""
        return await chunks_to_embed(self._client, collection, ids)

    async def set_vectors(
        self, collection: str, chunks: Sequence[Document], vectors: Sequence[Sequence[float]]
    ) -> None:
        """Gives pending chunks their vectors, and the ``sentence_vectors`` of their metadata."""
        await set_vectors(self._client, collection, chunks, vectors)

    async def update_payloads(self, collection: str, chunks: Sequence[Document]) -> None:
        """Writes payloads of chunks whose vectors stay, sentence vectors included."""
        for batch in batches(chunks, _BATCH):
            operations = [operation for chunk in batch for operation in set_payload(chunk)]
            with translated():
                await self._client.batch_update_points(
                    collection, update_operations=operations, wait=True
                )

    async def delete(self, collection: str, ids: Sequence[str]) -> None:
        """Removes chunks by id."""
        for batch in batches(ids, _PAGE):
            with translated():
                await self._client.delete(
                    collection, points_selector=models.PointIdsList(points=list(batch)), wait=True
                )

    async def write_info(
        self,
        collection: str,
        info: CollectionInfo,
        vocabulary: Vocabulary | None = None,
        outline: Outline | None = None,
    ) -> None:
        """What the collection says of itself, after the words and outline of the book."""
        # The language of the sparse vectors is fixed when the collection is made; that of the
        # book is known when all of it has been read.
        given = {"vocabulary": vocabulary, "outline": outline}
        details = {name: part.dumps() for name, part in given.items() if part is not None}
        if details:
            await write_details(self._client, collection, details)
        if info.versions:
            with translated():  # it is no error that there is one already
                await self._client.create_payload_index(
                    collection, VERSION, field_schema=models.PayloadSchemaType.KEYWORD, wait=True
                )
        await write_info(self._client, collection, info, await self._language(collection))

    async def settle(self, collection: str) -> None:
        """Makes a filled collection fast to search."""
        with translated():
            await self._settle(collection)

    async def switch(self, collection: str) -> None:
        """Serves ``collection`` in one step; older ones than the one before are dropped."""
        aliases = await self._aliases()
        before = aliases.get(self._alias)
        changes = {self._alias: collection}
        if before and before != collection:
            changes[self._previous] = before
        await self._point(aliases, changes)
        kept = {collection, before or "", {**aliases, **changes}.get(self._previous, "")}
        for name in await self._collections():
            if self._number(name) and name not in kept:
                with translated():
                    await self._client.delete_collection(name)

    async def rollback(self) -> str:
        """Serves the collection before again; a second rollback undoes the first."""
        aliases = await self._aliases()
        before, now = aliases.get(self._previous), aliases.get(self._alias)
        if before is None or now is None:
            raise FixConfiguration(
                "there is no earlier version of the book to go back to",
                code="retrieval_unavailable",
            )
        await self._point(aliases, {self._alias: before, self._previous: now})
        return before

    def exclusive(self) -> AbstractAsyncContextManager[None]:
        """Held while indexing.

        Raises:
            FixConfiguration: on entry, if somebody else is indexing this collection.
        """
        return self._exclusive()

    async def _point(self, aliases: dict[str, str], changes: dict[str, str]) -> None:
        operations: list[Any] = [
            models.DeleteAliasOperation(delete_alias=models.DeleteAlias(alias_name=alias))
            for alias in changes
            if alias in aliases
        ]
        operations += [
            models.CreateAliasOperation(
                create_alias=models.CreateAlias(alias_name=alias, collection_name=collection)
            )
            for alias, collection in changes.items()
        ]
        with translated():
            await self._client.update_collection_aliases(change_aliases_operations=operations)

    async def _aliases(self) -> dict[str, str]:
        with translated():
            found = await self._client.get_aliases()
        return {item.alias_name: item.collection_name for item in found.aliases}

    async def _collections(self) -> list[str]:
        with translated():
            found = await self._client.get_collections()
        return [item.name for item in found.collections]

    def _number(self, collection: str) -> int:
        match = self._physical.fullmatch(collection)
        return int(match[1]) if match else 0

    async def _language(self, collection: str) -> str:
        info = await read_info(self._client, collection)
        return info[1] if info else "en"

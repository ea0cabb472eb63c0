"""The indexer's end of the pipes: the service's store, as if it were here.

The embedded engine lets one process hold its folder, and that is the service. So the indexer
reads, splits and embeds, and the service writes what it is handed.
"""

import asyncio
import os
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any, BinaryIO, Final, Self

from langchain_core.documents import Document

from loaders.index import frames
from schema import CollectionInfo
from text.outline import Outline
from text.vocabulary import Vocabulary

STORE_METHODS: Final = (
    *("served", "create", "unfinished", "digests", "upsert", "pending", "to_embed"),
    *("set_vectors", "update_payloads", "delete", "write_info", "settle", "switch"),
)


class Service:
    """The service that started this process; must be made inside the event loop.

    When the service is gone, this process ends at once: what is written is in the store.
    """

    def __init__(self, source: BinaryIO, target: BinaryIO) -> None:
        self._source, self._target = source, target
        self._loop = asyncio.get_running_loop()
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._sent = 0
        self.start: asyncio.Future[tuple[Any, ...]] = self._loop.create_future()
        """What the service asks for."""
        threading.Thread(target=self._listen, name="service", daemon=True).start()

    @classmethod
    def on_standard_streams(cls) -> Self:
        """Over stdin and stdout; whatever else this process prints goes to stderr."""
        target = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        return cls(sys.stdin.buffer, target)

    def send(self, *message: Any) -> None:
        """Tells the service something; the first part of ``message`` is its kind."""
        self._target.write(frames.encoded(*message))
        self._target.flush()

    async def call(self, method: str, *arguments: Any) -> Any:
        """What ``method`` of the service returns, or raises."""
        self._sent += 1
        answer = self._waiting[self._sent] = self._loop.create_future()
        self.send("call", self._sent, method, arguments)
        return await answer

    def _listen(self) -> None:
        while (message := frames.read(self._source)) is not None:
            self._loop.call_soon_threadsafe(self._take, *message)
        os._exit(1)

    def _take(self, kind: str, *parts: Any) -> None:
        if kind == "start":
            self.start.set_result(parts)
            return
        number, value = parts
        answer = self._waiting.pop(number)
        if answer.done():  # cancelled meanwhile
            return
        if kind == "error":
            answer.set_exception(value)
        else:
            answer.set_result(value)


class RemoteStore:
    """The service's ``IndexStore``; each method is one call over the pipe."""

    def __init__(self, service: Service) -> None:
        self._call = service.call

    async def served(self) -> tuple[str, CollectionInfo] | None:
        found: tuple[str, CollectionInfo] | None = await self._call("served")
        return found

    async def create(self, info: CollectionInfo, dimensions: int) -> str:
        return str(await self._call("create", info, dimensions))

    async def unfinished(self, fingerprint: str) -> str | None:
        found: str | None = await self._call("unfinished", fingerprint)
        return found

    async def digests(self, collection: str) -> dict[str, str]:
        found: dict[str, str] = await self._call("digests", collection)
        return found

    async def upsert(
        self,
        collection: str,
        chunks: Sequence[Document],
        vectors: Sequence[Sequence[float]] | None = None,
    ) -> None:
        await self._call("upsert", collection, chunks, vectors)

    async def pending(self, collection: str) -> list[Document]:
        found: list[Document] = await self._call("pending", collection)
        return found

    async def to_embed(self, collection: str, ids: Sequence[str]) -> list[Document]:
        found: list[Document] = await self._call("to_embed", collection, ids)
        return found

    async def set_vectors(
        self, collection: str, chunks: Sequence[Document], vectors: Sequence[Sequence[float]]
    ) -> None:
        # The text does not go back to where it came from.
        bare = [Document("", id=chunk.id, metadata=_sentences(chunk)) for chunk in chunks]
        await self._call("set_vectors", collection, bare, vectors)

    async def update_payloads(self, collection: str, chunks: Sequence[Document]) -> None:
        await self._call("update_payloads", collection, chunks)

    async def delete(self, collection: str, ids: Sequence[str]) -> None:
        await self._call("delete", collection, ids)

    async def write_info(
        self,
        collection: str,
        info: CollectionInfo,
        vocabulary: Vocabulary | None = None,
        outline: Outline | None = None,
    ) -> None:
        await self._call("write_info", collection, info, vocabulary, outline)

    async def settle(self, collection: str) -> None:
        await self._call("settle", collection)

    async def switch(self, collection: str) -> None:
        await self._call("switch", collection)

    async def rollback(self) -> str:
        return str(await self._call("rollback"))

    def exclusive(self) -> AbstractAsyncContextManager[None]:
        """The service holds the lock while this process lives."""
        return nullcontext()


def _sentences(chunk: Document) -> dict[str, Any]:
    return {k: v for k, v in chunk.metadata.items() if k == "sentence_vectors"}


class RemoteSearch:
    """What a calibration asks of the service's search."""

    def __init__(self, service: Service) -> None:
        self._call: Callable[..., Any] = service.call

    async def nearest(self, collection: str, vectors: Sequence[Sequence[float]]) -> list[float]:
        """Cosine of the nearest chunk of a collection to each vector."""
        found: list[float] = await self._call("nearest", collection, vectors)
        return found

"""One indexer at a time: within a process, or among all that share a Qdrant server."""

import asyncio
import contextlib
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final
from uuid import UUID

from qdrant_client import AsyncQdrantClient, models
from qdrant_client.http.exceptions import UnexpectedResponse

from errors import BookChatError, FixConfiguration
from providers.qdrant.server import translated

_MARK: Final = str(UUID(int=1))
_GONE: Final = -1
_log = logging.getLogger(__name__)


def busy() -> FixConfiguration:
    """What a second indexer is told."""
    return FixConfiguration(
        "this book is being indexed by somebody else; try again when that is done", code="busy"
    )


class OneAtATime:
    """Within one process, which is all that the embedded engine allows.

    Args:
        may_begin: raises what speaks against indexing now, such as a full disk.
    """

    def __init__(self, may_begin: Callable[[], None] = lambda: None) -> None:
        self._held = False
        self._may_begin = may_begin

    @asynccontextmanager
    async def hold(self) -> AsyncIterator[None]:
        """Raises FixConfiguration at once if it is held already."""
        if self._held:
            raise busy()
        self._may_begin()
        self._held = True
        try:
            yield
        finally:
            self._held = False


class Lease:
    """Among all processes that share a server: an empty collection ``<alias>--lock-<n>``.

    Qdrant has no transactions, but of two requests to create a collection one is refused. The
    holder counts up a mark inside; a lease whose mark stands still for ``patience`` seconds was
    left by a crash, and the next number may be taken. No two clocks are compared.
    """

    def __init__(
        self,
        client: AsyncQdrantClient,
        alias: str,
        *,
        renew: float = 5.0,
        patience: float = 15.0,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._client, self._sleep = client, sleep
        self._renew, self._patience = renew, patience
        self._prefix = f"{alias}--lock-"
        self._pattern = re.compile(re.escape(self._prefix) + r"(\d+)")

    @asynccontextmanager
    async def hold(self) -> AsyncIterator[None]:
        """Raises FixConfiguration when another holder is alive, after a few seconds at most."""
        number = await self._take()
        renewal = asyncio.create_task(self._keep(number))
        try:
            yield
        finally:
            renewal.cancel()
            await asyncio.gather(renewal, return_exceptions=True)
            # If this fails, the lease counts as left by a crash, which is what it then is.
            with contextlib.suppress(BookChatError):
                await self._drop(number)

    async def _take(self) -> int:
        left = await self._numbers()
        if left and await self._is_alive(max(left)):
            raise busy()
        number = max(left, default=0) + 1
        with translated():
            try:
                await self._client.create_collection(self._name(number), vectors_config={})
            except UnexpectedResponse as error:
                if error.status_code in (400, 409):
                    raise busy() from error
                raise
        await self._mark(number, 0)
        for stale in left:
            await self._drop(stale)
        if max(await self._numbers()) != number:
            await self._drop(number)
            raise busy()
        return number

    async def _is_alive(self, number: int) -> bool:
        before = await self._count(number)
        waited = 0.0
        while waited < self._patience:
            await self._sleep(1.0)
            waited += 1.0
            now = await self._count(number)
            if now == _GONE:
                return False
            if now != before:
                return True
        return False

    async def _keep(self, number: int) -> None:
        count = 0
        while True:
            await self._sleep(self._renew)
            count += 1
            try:
                await self._mark(number, count)
            except BookChatError as error:
                _log.warning("the indexing lease was not renewed: %s", error.detail)

    async def _numbers(self) -> list[int]:
        with translated():
            found = await self._client.get_collections()
        matches = [self._pattern.fullmatch(item.name) for item in found.collections]
        return [int(match[1]) for match in matches if match]

    async def _count(self, number: int) -> int | None:
        with translated():
            try:
                found = await self._client.retrieve(self._name(number), [_MARK])
            except UnexpectedResponse as error:
                if error.status_code == 404:
                    return _GONE
                raise
        return int((found[0].payload or {})["count"]) if found else None

    async def _mark(self, number: int, count: int) -> None:
        point = models.PointStruct(id=_MARK, vector={}, payload={"count": count})
        with translated():
            await self._client.upsert(self._name(number), points=[point], wait=True)

    async def _drop(self, number: int) -> None:
        with translated():
            await self._client.delete_collection(self._name(number))

    def _name(self, number: int) -> str:
        return f"{self._prefix}{number}"

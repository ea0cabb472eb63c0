"""One indexer at a time among all that share a server."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from qdrant_client import AsyncQdrantClient, models

from errors import FixConfiguration
from providers.qdrant.index_lock import Lease
from providers.qdrant.server import open_async
from settings import Settings
from standins.qdrant import Fault, QdrantStandIn
from tests.providers.qdrant_fixtures import qdrant, served_qdrant

__all__ = ["qdrant", "served_qdrant"]


@pytest.fixture
async def client(qdrant: tuple[QdrantStandIn, str]) -> AsyncIterator[AsyncQdrantClient]:
    """A client of the server."""
    opened = open_async(Settings(_env_file=None, qdrant_url=qdrant[1]), 5)  # type: ignore[call-arg]  # pydantic-settings' own argument
    yield opened
    await opened.close()


def _lease(client: AsyncQdrantClient, renew: float = 0.001) -> Lease:
    """Waits take no time: a renewal or a look at the mark per turn of the loop."""

    async def no_time(seconds: float) -> None:
        await asyncio.sleep(0)

    return Lease(client, "book", renew=renew, patience=15, sleep=no_time)


async def _names(client: AsyncQdrantClient) -> list[str]:
    return [item.name for item in (await client.get_collections()).collections]


async def _left_by_a_crash(client: AsyncQdrantClient, number: int, *, marked: bool = True) -> None:
    name = f"book--lock-{number}"
    await client.create_collection(name, vectors_config={})
    if marked:
        point = models.PointStruct(
            id="00000000-0000-0000-0000-000000000001", vector={}, payload={"count": 3}
        )
        await client.upsert(name, points=[point])


async def test_nothing_is_left_after_indexing(client: AsyncQdrantClient) -> None:
    async with _lease(client).hold():
        assert await _names(client) == ["book--lock-1"]
    assert await _names(client) == []


async def test_nothing_is_left_after_a_failure(client: AsyncQdrantClient) -> None:
    with pytest.raises(ValueError, match="indexing failed"):
        async with _lease(client).hold():
            raise ValueError("indexing failed")
    assert await _names(client) == []


async def test_a_living_holder_keeps_others_out(client: AsyncQdrantClient) -> None:
    async with _lease(client).hold():
        with pytest.raises(FixConfiguration, match="being indexed") as raised:
            async with _lease(client).hold():
                pass
        assert raised.value.code == "busy"
        assert await _names(client) == ["book--lock-1"]


async def test_books_do_not_wait_for_each_other(client: AsyncQdrantClient) -> None:
    async with _lease(client).hold(), Lease(client, "another").hold():
        assert len(await _names(client)) == 2


@pytest.mark.parametrize("marked", [True, False])
async def test_what_a_crash_left_is_taken_over(client: AsyncQdrantClient, marked: bool) -> None:
    await _left_by_a_crash(client, 4, marked=marked)
    async with _lease(client).hold():
        assert await _names(client) == ["book--lock-5"]
    assert await _names(client) == []


async def test_of_many_at_once_one_indexes(client: AsyncQdrantClient) -> None:
    await _left_by_a_crash(client, 1)
    holding, most = 0, 0

    async def run() -> bool:
        nonlocal holding, most
        try:
            async with _lease(client).hold():
                holding += 1
                most = max(most, holding)
                for _ in range(50):
                    await asyncio.sleep(0)
                holding -= 1
                return True
        except FixConfiguration:
            return False

    done = await asyncio.gather(*(run() for _ in range(5)))
    assert most == 1
    assert any(done)


async def test_a_renewal_that_fails_is_tried_again(
    client: AsyncQdrantClient, qdrant: tuple[QdrantStandIn, str]
) -> None:
    renewals, enough = 0, asyncio.Event()

    async def counted(seconds: float) -> None:
        nonlocal renewals
        renewals += 1
        if renewals == 2:
            qdrant[0].faults.append(Fault(503))
        if renewals == 5:
            enough.set()

    async with Lease(client, "book", sleep=counted).hold():
        await enough.wait()
        assert not qdrant[0].faults

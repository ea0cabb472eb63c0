"""The database goes away and comes back; the service stays."""

import asyncio
import socket
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from conversations.store import ConversationStore
from errors import FixConfiguration, RetryLater
from tests.conversations.conftest import Place
from tests.conversations.postgres import PASSWORD, Cluster
from tests.conversations.turns import turn


@pytest.fixture
def stoppable(cluster: Cluster) -> Iterator[Cluster]:
    yield cluster
    cluster.start_if_stopped()


async def until_it_works(use: Callable[[], Awaitable[object]]) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                await use()
            except RetryLater as error:
                await asyncio.sleep(error.retry_after or 0)
            else:
                return


async def assert_away(store: ConversationStore, session_id: str) -> None:
    for use in (
        store.ping(),
        store.history(session_id),
        store.turns(session_id),
        store.remember(turn(session_id, "lost")),
        store.forget(session_id),
        store.rate("a1", session_id, "up", None),
        store.insights(),
        store.purge(),
    ):
        with pytest.raises(RetryLater) as away:
            await use
        assert away.value.detail == "Conversations cannot be reached right now."
        assert away.value.status == 503 and away.value.retry_after


async def test_a_database_that_goes_away_comes_back_by_itself(
    stoppable: Cluster, tmp_path: Path
) -> None:
    async with Place(stoppable.new_schema(), tmp_path).open() as store:
        session_id = store.new_session()
        await store.remember(turn(session_id, "a1"))
        store.record_calls("cohere", "chat", "ok", 2)
        stoppable.stop(crash=True)
        await assert_away(store, session_id)
        store.record_calls("cohere", "chat", "ok", 3)
        assert store.calls_this_month() == 5
        stoppable.start()
        await until_it_works(store.ping)
        await store.remember(turn(session_id, "a2"))
        assert [t["answer"]["answer_id"] for t in await store.turns(session_id)] == ["a1", "a2"]
        assert [row["calls"] for row in (await store.insights())["calls"]] == [5]


async def test_who_gives_up_on_a_frozen_database_is_let_go_at_once(
    stoppable: Cluster, tmp_path: Path
) -> None:
    async with Place(stoppable.new_schema(), tmp_path).open() as store:
        session_id = store.new_session()
        await store.remember(turn(session_id, "a1"))
        with stoppable.frozen():
            for use in (store.history(session_id), store.ping()):
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.05):
                        await use
                # The driver has not given up yet: it continues after the caller left.
                assert store._working
        await until_it_works(store.ping)
        assert len(await store.turns(session_id)) == 1


async def test_a_service_starts_without_its_database_and_finds_it_later(
    stoppable: Cluster, tmp_path: Path
) -> None:
    place = Place(stoppable.new_schema(), tmp_path)
    stoppable.stop()
    async with place.open() as store, place.open() as replica:
        session_id, other = store.new_session(), replica.new_session()
        await assert_away(store, session_id)
        stoppable.start()
        await until_it_works(store.ping)
        await until_it_works(replica.ping)
        await store.remember(turn(session_id, "a1"))
        await replica.remember(turn(other, "a2"))
        # From now on the replicas sign alike.
        assert await store.history(replica.new_session()) == []
        assert await replica.history(store.new_session()) == []


def empty(url: str) -> None:
    schema = url.rpartition("%3D")[2]
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"DROP SCHEMA {schema} CASCADE; CREATE SCHEMA {schema}".encode())


async def test_a_database_that_comes_back_empty_is_made_again(
    cluster: Cluster, tmp_path: Path
) -> None:
    url = cluster.new_schema()
    async with Place(url, tmp_path).open() as store:
        session_id = store.new_session()
        await store.remember(turn(session_id, "a1"))
        # In a thread: a transaction of the store may have to end first.
        await asyncio.to_thread(empty, url)
        await until_it_works(lambda: store.remember(turn(session_id, "a2")))
        assert [t["answer"]["answer_id"] for t in await store.turns(session_id)] == ["a2"]


async def test_a_database_that_says_nothing_holds_nobody_up_for_long(tmp_path: Path) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"postgresql://book@127.0.0.1:{silent.getsockname()[1]}/book"
        async with Place(url, tmp_path).open(wait_seconds=0.1) as store:
            session_id = store.new_session()

            async def ask() -> float:
                begun = asyncio.get_running_loop().time()
                with pytest.raises(RetryLater):
                    await store.history(session_id)
                return asyncio.get_running_loop().time() - begun

            waited = await asyncio.gather(*(ask() for _ in range(50)))
            # One of them tried; the others did not queue up behind it.
            assert max(waited) < 10 and sum(waited) < 20


async def test_a_locked_file_is_waited_for_and_then_given_up(tmp_path: Path) -> None:
    async with Place(None, tmp_path).open(wait_seconds=0.1) as store:
        session_id = store.new_session()
        await store.remember(turn(session_id, "a1"))
        other = sqlite3.connect(tmp_path / "book-chat.sqlite3", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(RetryLater):
            await store.remember(turn(session_id, "a2"))
        assert len(await store.history(session_id)) == 1
        other.execute("ROLLBACK")
        other.close()
        await store.remember(turn(session_id, "a2"))
        assert len(await store.history(session_id)) == 2


async def refusal(url: str | None, data_dir: Path) -> str:
    with pytest.raises(FixConfiguration) as refused:
        async with Place(url, data_dir).open():
            pass
    return refused.value.detail


@pytest.mark.parametrize(
    "url",
    [
        "mysql://book:secret@host/db",
        "sqlite://",
        "sqlite:///:memory:",
        "postgresql://book:secret@host:port/db",
        "postgresql://book:secret@127.0.0.1/db?pgbouncer=secret",
        "secret",
    ],
)
async def test_a_wrong_url_stops_the_start_and_keeps_its_secret(tmp_path: Path, url: str) -> None:
    said = await refusal(url, tmp_path)
    assert said.startswith("DATABASE_URL: ") and "secret" not in said


async def test_a_wrong_password_or_database_stops_the_start(
    cluster: Cluster, tmp_path: Path
) -> None:
    good = cluster.hosted_url()
    for url in (good.replace(PASSWORD, "wrong"), good.replace("/postgres?", "/missing?")):
        said = await refusal(url, tmp_path)
        assert said.startswith("DATABASE_URL: PostgreSQL ")
        assert PASSWORD not in said and "missing" not in said


async def test_a_file_that_is_no_database_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "book-chat.sqlite3").write_text("no database " * 100)
    assert await refusal(None, tmp_path) == "DATABASE_URL: the file is not an SQLite database"
    (tmp_path / "a-file").touch()
    assert await refusal(None, tmp_path / "a-file") == "DATA_DIR: cannot be made"
    assert (await refusal(f"sqlite:///{tmp_path}", tmp_path)).startswith("DATABASE_URL: ")


async def test_the_urls_of_hosting_companies_work(cluster: Cluster, tmp_path: Path) -> None:
    url = cluster.hosted_url()
    for form in (url, url.replace("postgres://", "postgresql://", 1)):
        async with Place(form, tmp_path).open() as store:
            session_id = store.new_session()
            await store.remember(turn(session_id, f"a{len(form)}"))
            assert len(await store.history(session_id)) == 1

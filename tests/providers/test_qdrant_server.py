"""A Qdrant server that is away, slow, choosy or restarted."""

import asyncio
import logging
from pathlib import Path

import pytest

from errors import BookChatError, FixConfiguration, RetryLater
from providers.qdrant.server import open_async, open_sync
from settings import Settings
from standins.qdrant import Fault, QdrantStandIn
from standins.server import free_port, serve
from tests.providers.books import WordEmbeddings, chunk, fill, stores_at
from tests.providers.qdrant_fixtures import qdrant, served_qdrant

__all__ = ["qdrant", "served_qdrant"]

BOOK = [chunk("a robot walks"), chunk("a robot falls")]
KEY = "secret-key-of-the-store"


def _settings(url: str, key: str | None = None) -> Settings:
    return Settings(_env_file=None, qdrant_url=url, qdrant_api_key=key)  # type: ignore[call-arg,arg-type]  # pydantic-settings' own argument


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        ("http://qdrant", "http://qdrant:6333"),
        ("https://x.cloud.qdrant.io", "https://x.cloud.qdrant.io:6333"),
        ("https://x.cloud.qdrant.io:443", "https://x.cloud.qdrant.io:443"),
        ("http://localhost:7000/", "http://localhost:7000"),
        ("https://example.org:8443/qdrant", "https://example.org:8443/qdrant"),
    ],
)
async def test_the_rest_port_is_6333_or_the_urls_own(url: str, asked: str) -> None:
    client, blocking = open_async(_settings(url), 5), open_sync(_settings(url), 5)
    assert client._client.rest_uri == asked  # type: ignore[attr-defined]  # its private client, looked into
    assert blocking._client.rest_uri == asked  # type: ignore[attr-defined]  # its private client, looked into
    await client.close()
    blocking.close()


async def test_opening_asks_nothing_so_a_service_starts_without_its_server(
    tmp_path: Path, qdrant: tuple[QdrantStandIn, str]
) -> None:
    async with stores_at(WordEmbeddings(), tmp_path, qdrant[1]):
        assert qdrant[0].requests == []


async def test_the_key_is_sent_even_over_plain_http(
    tmp_path: Path, qdrant: tuple[QdrantStandIn, str]
) -> None:
    qdrant[0].api_key = KEY
    async with stores_at(WordEmbeddings(), tmp_path, qdrant[1], qdrant_api_key=KEY) as (
        search,
        index,
    ):
        await fill(index, BOOK)
        assert await search.asimilarity_search("robot")
        assert await asyncio.to_thread(search.similarity_search, "robot")


@pytest.mark.parametrize("given", [None, "wrong-key-given"])
async def test_a_refused_key_is_for_the_operator_to_mend(
    given: str | None,
    tmp_path: Path,
    qdrant: tuple[QdrantStandIn, str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    qdrant[0].api_key = KEY
    async with stores_at(WordEmbeddings(), tmp_path, qdrant[1], qdrant_api_key=given) as (
        search,
        index,
    ):
        for ask in (search.info, search.ping, index.served):
            with pytest.raises(FixConfiguration, match="QDRANT_API_KEY") as raised:
                await ask()
            assert raised.value.code == "retrieval_unavailable"
            assert "wrong-key-given" not in raised.value.detail + caplog.text


async def test_a_server_that_is_away_is_back_without_a_restart(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    app, port = QdrantStandIn(), free_port()
    async with stores_at(WordEmbeddings(), tmp_path, f"http://127.0.0.1:{port}") as (search, index):
        for _ in range(2):
            with pytest.raises(RetryLater) as raised:
                await search.info()
            assert raised.value.code == "retrieval_unavailable"
            assert str(port) not in raised.value.detail
            assert f"no connection to 127.0.0.1:{port}" in caplog.text
            with serve(app, port=port):
                if not app.held.engine.get_collections().collections:
                    await fill(index, BOOK)
                await search.ping()
                assert len(await search.asimilarity_search("robot")) == 2


async def test_a_restart_between_two_questions_is_not_noticed(tmp_path: Path) -> None:
    app, port = QdrantStandIn(), free_port()
    async with stores_at(WordEmbeddings(), tmp_path, f"http://127.0.0.1:{port}") as (search, index):
        with serve(app, port=port):
            await fill(index, BOOK)
            await search.asimilarity_search("robot")
        with serve(app, port=port):
            assert len(await search.asimilarity_search("robot")) == 2


async def test_a_server_that_never_answers_is_given_up(
    tmp_path: Path, qdrant: tuple[QdrantStandIn, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("providers.qdrant.server.SEARCH_SECONDS", 1)
    async with stores_at(WordEmbeddings(), tmp_path, qdrant[1]) as (search, _):
        qdrant[0].faults.append(Fault(hang=True))
        with pytest.raises(RetryLater) as raised:
            await search.ping()
        assert raised.value.code == "retrieval_unavailable"


async def test_a_port_that_swallows_connections_gets_the_hint_about_443(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    import httpcore

    async def swallowed(*args: object, **kwargs: object) -> None:
        raise httpcore.ConnectTimeout

    # A firewall that drops packets cannot be had on loopback.
    monkeypatch.setattr("httpcore.AsyncConnectionPool.handle_async_request", swallowed)
    async with stores_at(WordEmbeddings(), tmp_path, "https://q.example") as (search, _):
        with pytest.raises(RetryLater):
            await search.ping()
    assert "no connection to q.example:6333 within 3 s" in caplog.text
    assert "QDRANT_URL=https://host:443" in caplog.text


@pytest.mark.parametrize(
    ("fault", "retry_after"),
    [
        (Fault(500), 2.0),
        (Fault(503), 2.0),
        (Fault(429, "too many requests", {"Retry-After": "7"}), 7.0),
        (Fault(429, "too many requests"), 2.0),
    ],
)
async def test_trouble_in_the_server_is_worth_a_second_try(
    fault: Fault, retry_after: float, tmp_path: Path, qdrant: tuple[QdrantStandIn, str]
) -> None:
    async with stores_at(WordEmbeddings(), tmp_path, qdrant[1]) as (search, index):
        await fill(index, BOOK)
        await search.info()
        qdrant[0].faults.append(fault)
        with pytest.raises(RetryLater) as raised:
            await search.asimilarity_search("robot")
        assert raised.value.code == "retrieval_unavailable"
        assert raised.value.retry_after == retry_after
        assert len(await search.asimilarity_search("robot")) == 2


async def test_an_answer_that_breaks_off_once_is_asked_for_again(
    tmp_path: Path, qdrant: tuple[QdrantStandIn, str]
) -> None:
    async with stores_at(WordEmbeddings(), tmp_path, qdrant[1]) as (search, index):
        await fill(index, BOOK)
        qdrant[0].faults.extend([Fault(cut=True)])
        with pytest.raises(RetryLater):
            await search.ping()
        await search.ping()


async def test_something_else_at_the_address_is_named(
    tmp_path: Path,
) -> None:
    from starlette.applications import Starlette

    with serve(Starlette()) as url:
        async with stores_at(WordEmbeddings(), tmp_path, url) as (_, index):
            with pytest.raises(FixConfiguration, match="QDRANT_URL does not answer as a Qdrant"):
                await index.served()


async def test_no_words_of_the_server_reach_a_reader(
    tmp_path: Path, qdrant: tuple[QdrantStandIn, str]
) -> None:
    async with stores_at(WordEmbeddings(), tmp_path, qdrant[1]) as (search, _):
        for status in (400, 401, 403, 404, 409, 429, 500, 502, 503):
            qdrant[0].faults.append(Fault(status, "internal words /var/lib/qdrant"))
            with pytest.raises(BookChatError) as raised:
                await search.ping()
            assert raised.value.code == "retrieval_unavailable"
            assert "internal words" not in raised.value.detail


async def test_what_went_wrong_is_in_the_log(
    tmp_path: Path, qdrant: tuple[QdrantStandIn, str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    async with stores_at(WordEmbeddings(), tmp_path, qdrant[1]) as (search, _):
        qdrant[0].faults.append(Fault(500, "disk is full"))
        with pytest.raises(RetryLater):
            await search.ping()
    assert "status 500: its disk is full" in caplog.text


@pytest.mark.parametrize("status", [400, 429, 500, 503])
async def test_what_a_server_wrote_is_in_no_log_line(
    status: int,
    tmp_path: Path,
    qdrant: tuple[QdrantStandIn, str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG", "providers")
    async with stores_at(WordEmbeddings(), tmp_path, qdrant[1], qdrant_api_key=KEY) as (search, _):
        qdrant[0].faults.extend(
            [Fault(status=status, message=f"api-key {KEY} is over its limit", headers={})] * 2
        )
        for ask in (search.info, search.ping):
            with pytest.raises(RetryLater) as raised:
                await ask()
            assert KEY not in raised.value.detail
    assert KEY not in caplog.text
    assert str(status) in caplog.text or status == 429

"""One pooled client: connections are kept, loops do not mix, calls count for their question."""

import asyncio
import gc
from contextlib import aclosing

import pytest

import metering
from background_loop import BackgroundLoop
from providers.cohere.models import CohereHTTP
from standins.cohere import KEY
from tests.counted import counting
from tests.providers.conftest import ServedCohere
from tests.providers.test_cohere_chat import QUESTION, ROS, make_chat, streamed
from tests.providers.test_cohere_faults import askers, make_embeddings


async def test_requests_one_after_another_share_a_connection(
    http: CohereHTTP, cohere_api: ServedCohere
) -> None:
    for ask in [*askers(http, cohere_api.url).values()] * 2:
        await ask()
    assert len(cohere_api.requests) == 6
    assert len({r.peer for r in cohere_api.requests}) == 1


async def test_a_refused_request_keeps_its_connection(
    http: CohereHTTP, cohere_api: ServedCohere
) -> None:
    cohere_api.fail("/v2/embed", status=500, times=1)
    await make_embeddings(http).aembed_query("x")
    assert len(cohere_api.requests) == 2
    assert len({r.peer for r in cohere_api.requests}) == 1


def test_each_event_loop_gets_its_own_connections(cohere_api: ServedCohere) -> None:
    client = CohereHTTP(KEY, cohere_api.url)
    embeddings = make_embeddings(client)

    async def use() -> None:
        await embeddings.aembed_query("x")
        await client.aclose()

    asyncio.run(use())
    asyncio.run(use())
    assert len(cohere_api.requests) == 2


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_loop_that_ended_without_closing_does_not_stop_the_next(
    cohere_api: ServedCohere,
) -> None:
    client = CohereHTTP(KEY, cohere_api.url)
    embeddings = make_embeddings(client)
    asyncio.run(embeddings.aembed_query("x"))

    async def use() -> None:
        await embeddings.aembed_query("y")
        await client.aclose()

    asyncio.run(use())
    assert len(cohere_api.requests) == 2
    gc.collect()  # what the first loop left open is reported here, not in another test


async def test_synchronous_callers_work_beside_a_running_loop(
    http: CohereHTTP, cohere_api: ServedCohere
) -> None:
    embeddings = make_embeddings(http)
    here = await embeddings.aembed_query("x")
    assert embeddings.embed_query("x") == here
    stream = make_chat(http, cohere_api.url).stream(QUESTION, documents=[ROS])
    assert "ROS 2" in "".join(chunk.text for chunk in stream)


def test_leaving_a_synchronous_stream_stops_cohere(cohere_api: ServedCohere) -> None:
    cohere_api.latency.token_ms, cohere_api.latency.tokens = 20, 5000
    client = CohereHTTP(KEY, cohere_api.url)
    for _ in make_chat(client, cohere_api.url).stream(QUESTION, documents=[ROS]):
        break
    assert asyncio.run(cohere_api.until(lambda: len(cohere_api.aborted) == 1))
    asyncio.run(client.aclose())


async def test_calls_count_for_the_question_that_made_them(
    http: CohereHTTP, cohere_api: ServedCohere
) -> None:
    async def ask(meter: metering.Meter) -> None:
        with metering.metered(meter):
            for one in askers(http, cohere_api.url).values():
                await one()
            await make_chat(http, cohere_api.url, operation="condense").ainvoke("Hi")

    first, second = metering.Meter(), metering.Meter()
    cohere_api.fail("/v2/rerank", status=503, times=1)
    await ask(first)
    await asyncio.gather(ask(second), streamed(make_chat(http, cohere_api.url)))
    assert first.calls == {"chat": 1, "embed": 1, "rerank": 2, "condense": 1}
    assert second.calls == {"chat": 1, "embed": 1, "rerank": 1, "condense": 1}


async def test_a_cancelled_request_is_counted_as_such(
    http: CohereHTTP, cohere_api: ServedCohere
) -> None:
    cohere_api.fail("/v2/embed", "hang")
    with counting() as counted:
        task = asyncio.create_task(make_embeddings(http).aembed_query("x"))
    assert await cohere_api.until(lambda: len(cohere_api.requests) == 1)
    task.cancel()
    await asyncio.wait({task})
    assert [outcome for _, _, outcome in counted.calls] == ["cancelled"]
    assert await cohere_api.until(lambda: len(cohere_api.aborted) == 1)


async def test_the_key_is_shown_nowhere(http: CohereHTTP, cohere_api: ServedCohere) -> None:
    chat = make_chat(http, cohere_api.url)
    await streamed(chat)
    assert cohere_api.requests[0].headers["authorization"] == f"Bearer {KEY}"
    for told in (repr(http), repr(chat), repr(make_embeddings(http)), str(chat.asdict())):
        assert KEY not in told


async def test_an_answer_is_not_compressed_so_that_tokens_come_at_once(
    http: CohereHTTP, cohere_api: ServedCohere
) -> None:
    async with aclosing(make_chat(http, cohere_api.url).astream(QUESTION)) as stream:
        await anext(stream)
    assert cohere_api.requests[0].headers["accept-encoding"] == "identity"


def test_a_background_loop_starts_again_after_it_was_closed() -> None:
    background = BackgroundLoop("test")

    async def one() -> int:
        return 1

    assert background.run(one()) == 1
    background.close()
    background.close()
    assert background.run(one()) == 1
    background.close()

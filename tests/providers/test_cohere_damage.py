"""Damaged bodies, generated from whole ones: nothing of them is searched with, cited or kept."""

import asyncio
import gzip
import json
import math
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from langchain_core.documents import Document

from errors import RetryLater
from providers.cohere.models import CohereHTTP, CohereReranker
from providers.cohere.stream import AnswerStream
from providers.failures import BrokenStreamError
from providers.qdrant.query_vectors import QueryVectors
from providers.vectors import checked_vectors
from standins import cohere_shapes as shapes
from standins.cohere import KEY
from tests.counted import counting
from tests.providers.conftest import ServedCohere
from tests.providers.test_cohere_chat import GRIPPER, ROS, make_chat, streamed
from tests.providers.test_cohere_faults import make_embeddings
from tests.providers.test_cohere_stream import notes_of, text_of

Path = tuple[str | int, ...]
MANY = settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.just([]),
    st.just({}),
    st.lists(st.one_of(st.none(), st.integers(), st.text(max_size=3)), max_size=3),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=2),
)
EMBEDDED = shapes.embed_v2(
    {"model": "embed-v4.0", "texts": ["x"], "input_type": "search_query", "output_dimension": 8}
)
RANKED = shapes.rerank(
    {"model": "rerank-v3.5", "query": "eggs", "documents": [ROS.page_content, GRIPPER.page_content]}
)
ANSWER = shapes.chat(
    {
        "model": "command-a-03-2025",
        "messages": [{"role": "user", "content": "What is ROS 2?"}],
        "documents": [{"id": "ros", "data": {"text": ROS.page_content}}],
    },
    None,
)
EVENTS = list(shapes.stream_events(ANSWER, True))


def paths(value: Any, here: Path = ()) -> Iterator[Path]:
    """The places of a JSON value."""
    yield here
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from paths(item, (*here, key))


def replaced(value: Any, path: Path, by: Any) -> Any:
    """A copy with another value at ``path``; ``...``: nothing there at all."""
    if not path:
        return None if by is ... else by
    key, *rest = path
    copy: Any = dict(value) if isinstance(value, dict) else list(value)
    if not rest and by is ...:
        del copy[key]
    else:
        copy[key] = replaced(copy[key], tuple(rest), by)
    return copy


def damaged(whole: Any) -> st.SearchStrategy[Any]:
    """``whole`` with one to three places replaced or taken away."""

    def one(value: Any) -> st.SearchStrategy[Any]:
        return st.builds(
            replaced,
            st.just(value),
            st.sampled_from(list(paths(value))),
            st.one_of(ODD, st.just(...)),
        )

    return one(whole) | one(whole).flatmap(one)


def is_vector(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 8
        and all(type(x) in (int, float) and math.isfinite(x) for x in value)
        and 0 < math.hypot(*value) < math.inf
    )


@MANY
@given(damaged(EMBEDDED["embeddings"]["float"]))
def test_damaged_embeddings_are_refused_and_whole_ones_are_not(vectors: Any) -> None:
    checked = checked_vectors(vectors, 1, 8)
    if checked is None:
        whole = isinstance(vectors, list) and len(vectors) == 1 and is_vector(vectors[0])
        assert not whole or not 1e-6 <= math.hypot(*vectors[0]) <= 1e9
    else:
        assert len(checked) == 1
        assert is_vector(checked[0])


@pytest.mark.parametrize(
    "vector",
    [
        [0.0] * 1536,
        [0.1] * 1535,
        [0.1] * 1537,
        [],
        [math.nan] * 1536,
        [math.inf] * 1536,
        ["0.1"] * 1536,
        [True] * 1536,
        [None] * 1536,
        [10**400] * 1536,
        [1e-30] * 1536,
        0.5,
    ],
)
async def test_a_bad_embedding_spoils_its_question_only_once(
    http: CohereHTTP, cohere_api: ServedCohere, vector: Any
) -> None:
    raw = json.dumps({"embeddings": {"float": [vector]}}).encode()
    cohere_api.fail("/v2/embed", "raw", body=raw, times=1)
    queries = QueryVectors(make_embeddings(http))
    with pytest.raises(RetryLater) as raised:
        await queries.of("What is ROS 2?")
    assert raised.value.code == "model_unavailable"
    assert len(await queries.of("What is ROS 2?")) == 1536
    assert await queries.of("What is ROS 2?")
    assert len(cohere_api.requests) == 2


@MANY
@given(body=damaged(RANKED))
async def test_a_damaged_ranking_orders_nothing_and_loses_nothing(body: Any) -> None:
    class Said(CohereHTTP):
        async def post(self, *_: Any, **__: Any) -> dict[str, Any]:
            said: dict[str, Any] = json.loads(json.dumps(body))
            return said

    if not isinstance(body, dict):
        return  # the client itself refuses what is no object
    reranker = CohereReranker(http=Said(KEY), model="rerank-v3.5")
    try:
        ranked = await reranker.acompress_documents([ROS, GRIPPER], "eggs")
    except RetryLater:
        return
    assert sorted(d.metadata["id"] for d in ranked) == ["gripper", "ros"]
    scores = [d.metadata["relevance_score"] for d in ranked]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize(
    "results",
    [
        [],
        [{"index": 0, "relevance_score": 0.5}],
        [{"index": 0, "relevance_score": 0.5}] * 2,
        [{"index": -1, "relevance_score": 0.5}, {"index": 0, "relevance_score": 0.4}],
        [{"index": True, "relevance_score": 0.5}, {"index": 0, "relevance_score": 0.4}],
        [{"index": 1, "relevance_score": "best"}, {"index": 0, "relevance_score": 0.4}],
    ],
)
async def test_a_ranking_that_does_not_name_each_passage_once_is_refused(
    http: CohereHTTP, cohere_api: ServedCohere, results: Any
) -> None:
    cohere_api.fail("/v2/rerank", "raw", body=orjson.dumps({"results": results}))
    with pytest.raises(RetryLater):
        await CohereReranker(http=http, model="rerank-v3.5").acompress_documents(
            [ROS, Document("x")], "x"
        )


@MANY
@given(events=damaged(EVENTS), size=st.integers(1, 4000))
def test_a_damaged_answer_breaks_or_holds(events: Any, size: int) -> None:
    raw = b"".join(b"data: %s\n\n" % json.dumps(e).encode() for e in _list(events))
    stream, chunks = AnswerStream("m", ["ros"]), []
    try:
        for start in range(0, len(raw), size):
            if not stream.complete:
                chunks += stream.feed(raw[start : start + size])
        if not stream.complete:
            stream.feed(b"")
    except BrokenStreamError:
        pass
    text = text_of(chunks)
    for note in notes_of(chunks):
        assert text[note["start_index"] : note["end_index"]] == note["cited_text"]
        assert note["extras"]["source_ids"] == ["ros"]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@pytest.mark.parametrize("path", ["/v2/embed", "/v2/rerank"])
@pytest.mark.parametrize("headers", [{}, {"content-encoding": "gzip"}])
async def test_a_response_that_never_fits_is_not_read_to_its_end(
    cohere_api: ServedCohere, path: str, headers: dict[str, str]
) -> None:
    huge = b'{"embeddings":' + b" " * (4 << 20)
    cohere_api.fail(path, "raw", body=gzip.compress(huge) if headers else huge, headers=headers)
    client = CohereHTTP(KEY, cohere_api.url, max_bytes=1 << 20)
    with counting() as counted:
        with pytest.raises(RetryLater):
            await client.post(path, {}, operation="embed", deadline=5)
        await client.aclose()
    assert counted.events == ([] if headers else ["response_too_long:embed"])
    assert cohere_api.requests[0].headers["accept-encoding"] == "identity"


async def test_an_answer_without_an_end_is_cut_and_its_connection_closed(
    cohere_api: ServedCohere,
) -> None:
    cohere_api.fail("/v2/chat", "endless", events=3)
    client = CohereHTTP(KEY, cohere_api.url, max_bytes=1 << 16)
    async with asyncio.timeout(20):
        chunks = await streamed(make_chat(client, cohere_api.url))
    assert await cohere_api.until(lambda: len(cohere_api.aborted) == 1)
    await client.aclose()
    assert text_of(chunks).startswith("From the")
    assert chunks[-1].response_metadata["finish_reason"] == "MAX_BYTES"
    assert chunks[-1].chunk_position == "last"

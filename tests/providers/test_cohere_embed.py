"""Cohere's embeddings and reranker over HTTP."""

import pytest
from langchain_core.documents import Document

from providers.cohere.models import CohereHTTP, CohereReranker
from standins import cohere_shapes as shapes
from standins import model
from tests.providers.conftest import ServedCohere
from tests.providers.test_cohere_faults import make_embeddings

DOCUMENTS = [
    Document("It moves messages.", id="1", metadata={"breadcrumb": ["Middleware", "ROS 2"]}),
    Document("Soft grippers hold eggs.", id="2", metadata={"breadcrumb": ["Hands"]}),
    Document("Batteries last an hour.", id="3", metadata={}),
]


async def test_texts_go_in_batches_of_96_and_come_back_in_order(
    http: CohereHTTP, cohere_api: ServedCohere
) -> None:
    texts = [f"text number {i}" for i in range(200)]
    vectors = await make_embeddings(http).aembed_documents(texts)
    assert [len(r.body["texts"]) for r in cohere_api.requests] == [96, 96, 8]
    assert vectors == [model.embed(text, 1536) for text in texts]


async def test_no_text_makes_no_call(http: CohereHTTP, cohere_api: ServedCohere) -> None:
    assert await make_embeddings(http).aembed_documents([]) == []
    assert await CohereReranker(http=http, model="rerank-v3.5").acompress_documents([], "x") == []
    assert cohere_api.requests == []


async def test_queries_and_documents_are_told_apart(
    http: CohereHTTP, cohere_api: ServedCohere
) -> None:
    embeddings = make_embeddings(http)
    await embeddings.aembed_query("x")
    await embeddings.aembed_documents(["x"])
    kinds = [r.body["input_type"] for r in cohere_api.requests]
    assert kinds == ["search_query", "search_document"]


def test_synchronous_methods_give_the_same(http: CohereHTTP, cohere_api: ServedCohere) -> None:
    embeddings = make_embeddings(http)
    assert embeddings.embed_documents(["x"]) == [embeddings.embed_query("x")]
    ranked = CohereReranker(http=http, model="rerank-v3.5").compress_documents(DOCUMENTS, "eggs")
    assert ranked[0].id == "2"


def test_the_fingerprint_names_model_and_dimensions_without_a_call(
    http: CohereHTTP, cohere_api: ServedCohere
) -> None:
    embeddings = make_embeddings(http)
    assert embeddings.fingerprint == "cohere/embed-v4.0/1536"
    assert embeddings.dimensions == len(embeddings.embed_query("x"))
    assert len(cohere_api.requests) == 1
    assert (embeddings.max_batch, embeddings.billable) == (96, True)


def test_dimensions_of_an_unknown_model_are_asked_once(
    http: CohereHTTP, cohere_api: ServedCohere, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(model.DIMENSIONS, "embed-v5.0", 64)
    monkeypatch.setitem(shapes.MODELS, "embed-v5.0", "embed")
    embeddings = make_embeddings(http, "embed-v5.0")
    assert [embeddings.dimensions, embeddings.dimensions] == [64, 64]
    assert len(cohere_api.requests) == 1


def test_tokens_are_estimated_without_a_call(http: CohereHTTP, cohere_api: ServedCohere) -> None:
    count = make_embeddings(http).count_tokens
    assert count("") == 0
    assert 10 <= count("The robot moves its arm to the left side now.") <= 16
    assert count("x" * 400) == 100
    assert count("روبوٹ کا بازو") > count("robot ka bazu")
    assert cohere_api.requests == []


async def test_documents_come_back_best_first_and_whole(
    http: CohereHTTP, cohere_api: ServedCohere
) -> None:
    reranker = CohereReranker(http=http, model="rerank-v4.0-fast")
    ranked = await reranker.acompress_documents(DOCUMENTS, "ROS 2 middleware")
    assert [d.id for d in ranked] == ["1", "2", "3"]
    scores = [d.metadata["relevance_score"] for d in ranked]
    assert scores == sorted(scores, reverse=True)
    assert "relevance_score" not in DOCUMENTS[0].metadata
    assert cohere_api.requests[0].body["documents"][0] == "Middleware\nROS 2\nIt moves messages."


async def test_the_reranker_keeps_the_best_n(http: CohereHTTP) -> None:
    reranker = CohereReranker(http=http, model="rerank-v4.0-fast", top_n=1)
    assert [d.id for d in await reranker.acompress_documents(DOCUMENTS, "eggs")] == ["2"]

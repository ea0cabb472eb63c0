"""Searching a book: one contract, two engines."""

import asyncio
import threading
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import pytest

from errors import FixConfiguration, RetryLater
from providers.qdrant.server import open_async, open_sync
from providers.qdrant.vector_store import BookVectorStore, Fusion
from schema import ANY_VERSION, CollectionInfo
from settings import Settings
from standins.qdrant import QdrantStandIn
from tests.providers.books import DIMENSIONS, WordEmbeddings, chunk, fill, stores_at
from tests.providers.qdrant_fixtures import Opened, opened, qdrant, served_qdrant

__all__ = ["opened", "qdrant", "served_qdrant"]

BOOK = [
    chunk("A topic is a named bus that nodes publish to", section="Topics", index=0),
    chunk("A service answers one request of a node", section="Services", index=1),
    chunk("The executor calls rclpy.spin and runs callbacks", section="Executors", index=2),
    chunk("Nodes of a robot exchange messages", section="Nodes", index=3),
    chunk("The robot stands while its zero moment point stays inside the foot",
          path="module-3/balance.md", section="ZMP", index=0),
    chunk("A robot needs a battery", path="module-10/power.md", section="Power", index=0),
]  # fmt: skip


async def test_the_best_hit_is_the_one_that_both_legs_like(opened: Opened) -> None:
    await fill(opened.index, BOOK)
    hits = await opened.search.asimilarity_search_with_score("rclpy.spin callbacks executor", 3)
    assert len(hits) == 3
    best, score = hits[0]
    assert best.metadata["heading"] == "Executors"
    assert best.id == BOOK[2].id
    assert best.page_content == BOOK[2].page_content
    assert [s for _, s in hits] == sorted((s for _, s in hits), reverse=True)
    assert score > hits[1][1]


async def test_a_synonym_is_found_by_meaning_and_a_name_by_its_letters(opened: Opened) -> None:
    synonyms = WordEmbeddings({"accumulator": "battery"})
    await fill(opened.index, BOOK, embeddings=synonyms)
    opened.embeddings.synonyms = synonyms.synonyms
    by_meaning = await opened.search.asimilarity_search_with_score("accumulator", 1)
    assert by_meaning[0][0].metadata["heading"] == "Power"
    assert by_meaning[0][0].metadata["lexical"] is None
    by_letters = await opened.search.asimilarity_search("zzz rclpy zzz zzz", 6)
    assert any(hit.metadata["lexical"] for hit in by_letters)


async def test_every_hit_says_its_cosine_and_its_bm25(opened: Opened) -> None:
    await fill(opened.index, BOOK)
    question = "battery of a robot"
    hits = await opened.search.asimilarity_search_with_score(question, 6)
    asked = opened.embeddings.embed_query(question)
    for hit, _ in hits:
        stored = opened.embeddings.embed_query(hit.page_content)
        cosine = sum(a * b for a, b in zip(asked, stored, strict=True))
        assert hit.metadata["similarity"] == pytest.approx(cosine, abs=1e-3)
        assert (hit.metadata["lexical"] is not None) == ("robot" in hit.page_content.lower())


async def test_a_rare_word_counts_more_than_a_common_one(opened: Opened) -> None:
    common = [chunk(f"robot part number {i}", index=i) for i in range(20)]
    rare = chunk("robot gyroscope part number", index=20)
    await fill(opened.index, [*common, rare])
    hits = await opened.search.asimilarity_search_with_score("robot gyroscope", 5, sparse_only=True)
    assert hits[0][0].id == rare.id
    assert hits[0][1] > 5 * hits[1][1]


async def test_a_sparse_search_embeds_nothing(opened: Opened) -> None:
    await fill(opened.index, BOOK)
    opened.embeddings.fails = AssertionError("embedded")
    hits = await opened.search.asimilarity_search_with_score("executor", 4, sparse_only=True)
    assert [hit.metadata["heading"] for hit, _ in hits] == ["Executors"]
    assert hits[0][0].metadata["similarity"] is None
    assert hits[0][1] == hits[0][0].metadata["lexical"]


@pytest.mark.parametrize("scope", ["module-1", "module-1/", "/module-1", " Module-1 "])
async def test_a_scope_reaches_its_module_and_no_other(opened: Opened, scope: str) -> None:
    await fill(opened.index, BOOK)
    hits = await opened.search.asimilarity_search_with_score("robot", 9, scope=scope)
    assert {hit.metadata["path"] for hit, _ in hits} == {"module-1/ros.md"}


@pytest.mark.parametrize("scope", ["", " ", "/"])
async def test_an_empty_scope_is_the_whole_book(opened: Opened, scope: str) -> None:
    await fill(opened.index, BOOK)
    hits = await opened.search.asimilarity_search_with_score("robot", 9, scope=scope)
    assert len(hits) == len(BOOK)


async def test_an_unknown_scope_finds_nothing(opened: Opened) -> None:
    await fill(opened.index, BOOK)
    assert await opened.search.asimilarity_search_with_score("robot", 9, scope="module-9") == []


async def test_a_locale_limits_the_search(opened: Opened) -> None:
    urdu = chunk("روبوٹ کو توازن چاہیے", locale="ur", path="ur/a.md")
    await fill(opened.index, [*BOOK, urdu])
    hits = await opened.search.asimilarity_search_with_score("روبوٹ", 9, locale="ur")
    assert [hit.id for hit, _ in hits] == [urdu.id]


async def test_urdu_is_found_however_its_letters_were_typed(opened: Opened) -> None:
    urdu = chunk("کِیا روبوٹ چل سکتا ہے", locale="ur")
    await fill(opened.index, [urdu], language="ur")
    hits = await opened.search.asimilarity_search_with_score("كيا", 1, sparse_only=True)
    assert [hit.id for hit, _ in hits] == [urdu.id]


async def test_questions_are_encoded_in_the_language_of_the_index(opened: Opened) -> None:
    german = chunk("Die Häuser stehen", locale="de")
    await fill(opened.index, [german], language="de")
    hits = await opened.search.asimilarity_search_with_score("haus", 1, sparse_only=True)
    assert [hit.id for hit, _ in hits] == [german.id]


async def test_what_the_collection_says_of_itself_is_no_hit(opened: Opened) -> None:
    name = await fill(opened.index, BOOK)
    hits = await opened.search.asimilarity_search("collection info robot", 50)
    assert {hit.id for hit in hits} == {one.id for one in BOOK}
    info = await opened.search.info()
    assert info == CollectionInfo(
        fingerprint="model/32", complete=True, chunks=len(BOOK), book_version=name
    )


async def test_a_question_without_words_is_searched_by_meaning_alone(opened: Opened) -> None:
    await fill(opened.index, BOOK)
    hits = await opened.search.asimilarity_search_with_score("???", 2)
    assert len(hits) == 2
    assert all(hit.metadata["lexical"] is None for hit, _ in hits)
    assert await opened.search.asimilarity_search_with_score("???", 2, sparse_only=True) == []


async def test_sections_come_whole_and_in_book_order(opened: Opened) -> None:
    pieces = [chunk(f"piece {i}", section="Long", index=i) for i in range(7)]
    other = chunk("elsewhere", path="module-0/a.md", section="Else", index=3)
    await fill(opened.index, [*reversed(pieces), *BOOK, other])
    wanted = [pieces[0].metadata["section_id"], other.metadata["section_id"]]
    found = await opened.search.sections(wanted)
    assert [one.page_content for one in found] == ["elsewhere", *(p.page_content for p in pieces)]
    assert await opened.search.sections([]) == []


async def test_more_chunks_than_a_page_of_the_store_come_whole(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("providers.qdrant.vector_store._PAGE", 3)
    monkeypatch.setattr("providers.qdrant.index_store._PAGE", 3)
    pieces = [chunk(f"piece {i}", section="Long", index=i) for i in range(10)]
    name = await fill(opened.index, pieces)
    assert len(await opened.search.sections([pieces[0].metadata["section_id"]])) == 10
    assert len(await opened.index.digests(name)) == 10


async def test_chunks_come_by_id_and_unknown_ids_are_left_out(opened: Opened) -> None:
    await fill(opened.index, BOOK)
    found = await opened.search.aget_by_ids([str(BOOK[1].id), str(chunk("nothing").id)])
    assert [one.id for one in found] == [BOOK[1].id]


async def test_before_the_first_index_it_says_so(opened: Opened) -> None:
    assert await opened.search.info() is None
    for ask in (opened.search.ping, lambda: opened.search.asimilarity_search("x")):
        with pytest.raises(RetryLater, match="not indexed yet") as raised:
            await ask()
        assert raised.value.code == "retrieval_unavailable"


async def test_a_book_indexed_meanwhile_is_found_without_reopening(opened: Opened) -> None:
    with pytest.raises(RetryLater):
        await opened.search.asimilarity_search("robot")
    await fill(opened.index, BOOK)
    await opened.search.ping()
    assert await opened.search.asimilarity_search("robot")


async def test_an_embedding_failure_stays_what_it_is(opened: Opened) -> None:
    await fill(opened.index, BOOK)
    opened.embeddings.fails = RetryLater("The embedding model is away.")
    with pytest.raises(RetryLater) as raised:
        await opened.search.asimilarity_search_with_score("robot")
    assert raised.value.code == "model_unavailable"


async def test_vectors_of_another_model_name_the_remedy(opened: Opened) -> None:
    await fill(opened.index, BOOK)
    opened.embeddings.embed_query = lambda text: [1.0] * (DIMENSIONS - 1)  # type: ignore[method-assign]  # a fault is put in its place
    with pytest.raises(FixConfiguration, match="python -m loaders"):
        await opened.search.asimilarity_search_with_score("robot")


async def test_langchains_own_ways_of_asking_work(opened: Opened) -> None:
    await fill(opened.index, BOOK)
    retriever = opened.search.as_retriever(search_kwargs={"k": 2, "scope": "module-1"})
    assert len(await retriever.ainvoke("executor")) == 2
    hits = await asyncio.to_thread(opened.search.similarity_search, "executor callbacks", 1)
    assert hits[0].metadata["heading"] == "Executors"
    found = await asyncio.to_thread(opened.search.get_by_ids, [str(BOOK[0].id)])
    assert found[0].page_content == BOOK[0].page_content


@pytest.mark.parametrize("fusion", ["rrf", "dbsf"])
async def test_both_engines_fuse_alike(
    fusion: Fusion, tmp_path: Path, qdrant: tuple[QdrantStandIn, str]
) -> None:
    # Texts of different lengths, because equal scores have no order.
    book = [
        chunk(f"alpha beta{i % 3} gamma{i % 5} delta{i}" + " pad" * i, index=i) for i in range(40)
    ]
    ranked = []
    for url in (None, qdrant[1]):
        async with stores_at(WordEmbeddings(), tmp_path, url) as (search, index):
            await fill(index, book)
            chosen = BookVectorStore(
                search.client, search._async, "physical-ai-book", WordEmbeddings(), fusion=fusion
            )
            hits = await chosen.asimilarity_search_with_score("beta1 gamma2 delta7", 8)
            ranked.append({hit.id: round(score, 3) for hit, score in hits})
    assert list(ranked[0].values()) == pytest.approx(list(ranked[1].values()), abs=2e-3)
    assert list(ranked[0]) == list(ranked[1])


async def test_a_hybrid_search_is_one_request(
    tmp_path: Path, qdrant: tuple[QdrantStandIn, str]
) -> None:
    server, url = qdrant
    async with stores_at(WordEmbeddings(), tmp_path, url) as (search, index):
        await fill(index, BOOK)
        await search.asimilarity_search("robot")
        server.requests.clear()
        await search.asimilarity_search_with_score("robot", 8, scope="module-1")
    path = "/collections/physical-ai-book/points/query/batch"
    assert server.requests == [("POST", path)]
    hybrid = server.bodies[path][-1]["searches"][0]
    assert [leg["limit"] for leg in hybrid["prefetch"]] == [32, 32]


class _NoThreads(Executor):
    def submit(self, *args: Any, **kwargs: Any) -> Future[Any]:
        raise AssertionError("the thread pool was used")


async def test_a_server_is_searched_without_the_thread_pool(
    qdrant: tuple[QdrantStandIn, str],
) -> None:
    settings = Settings(_env_file=None, qdrant_url=qdrant[1])  # type: ignore[call-arg]  # pydantic-settings' own argument
    client, blocking = open_async(settings, 5), open_sync(settings, 5)
    store = BookVectorStore(blocking, client, "a", WordEmbeddings())
    loop = asyncio.get_running_loop()
    original = loop.run_in_executor
    threads = threading.active_count()
    loop.run_in_executor = _NoThreads().submit  # type: ignore[method-assign,assignment]  # a fault is put in its place
    try:
        for _ in range(3):
            assert await store.info() is None
            with pytest.raises(RetryLater):
                await store.asimilarity_search("robot")
        assert threading.active_count() == threads
    finally:
        loop.run_in_executor = original  # type: ignore[method-assign]  # a fault is put in its place
        await client.close()
        blocking.close()


async def test_kept_sections_and_payloads_are_those_of_the_book_as_it_is(opened: Opened) -> None:
    collection = await fill(opened.index, BOOK)
    question = "battery of a robot"
    [before] = await opened.search.asimilarity_search(question, 1)
    info = await opened.search.info()
    assert info is not None
    ids = [before.metadata["section_id"], "unknown"]
    for _ in range(2):
        sections = await opened.search.sections(ids)
        assert [c.metadata["title"] for c in sections] == [before.metadata["title"]]
    moved = before.model_copy(update={"metadata": {**BOOK[-1].metadata, "title": "Moved"}})
    await opened.index.update_payloads(collection, [moved])
    await opened.index.write_info(collection, info.model_copy(update={"book_version": "next"}))
    await opened.search.info()
    [after] = await opened.search.asimilarity_search(question, 1)
    sections = await opened.search.sections(ids)
    assert after.metadata["title"] == sections[0].metadata["title"] == "Moved"


async def test_one_version_of_a_book_is_searched_and_pages_of_none_belong_to_all(
    opened: Opened,
) -> None:
    versions = ("2.0", "1.0", "current")
    chunks = [chunk(f"a robot in {v}", path=f"{v}/a.md", version=v) for v in versions]
    unversioned = chunk("the robot runs", path="lab/b.md")
    await fill(opened.index, [*chunks, unversioned], versions=versions)

    async def found(version: str | None) -> set[str]:
        hits = await opened.search.asimilarity_search_with_score("robot", 9, version=version)
        return {hit.metadata["path"] for hit, _ in hits}

    assert await found(None) == await found("2.0") == await found("9") == {"2.0/a.md", "lab/b.md"}
    assert await found("1.0") == {"1.0/a.md", "lab/b.md"}
    assert await found(ANY_VERSION) == {"2.0/a.md", "1.0/a.md", "current/a.md", "lab/b.md"}

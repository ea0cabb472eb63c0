"""Filling and switching collections: one contract, two engines."""

from pathlib import Path

import pytest
from langchain_core.documents import Document

from errors import FixConfiguration
from schema import CollectionInfo
from standins.qdrant import QdrantStandIn
from tests.providers.books import DIMENSIONS, WordEmbeddings, chunk, fill, stores_at
from tests.providers.qdrant_fixtures import Opened, opened, qdrant, served_qdrant
from text.outline_builder import OutlineBuilder
from text.vocabulary import Vocabulary

__all__ = ["opened", "qdrant", "served_qdrant"]

ONE, TWO, THREE = (chunk(f"text {name}", index=i) for i, name in enumerate(("one", "two", "three")))
ALIAS = "physical-ai-book"


async def _found(opened: Opened, word: str = "text") -> set[str | None]:
    return {hit.id for hit in await opened.search.asimilarity_search(word, 50)}


async def test_nothing_is_served_until_the_switch(opened: Opened) -> None:
    assert await opened.index.served() is None
    name = await fill(opened.index, [ONE], serve=False)
    assert await opened.index.served() is None
    assert await opened.search.info() is None
    await opened.index.switch(name)
    served = await opened.index.served()
    assert served is not None
    assert served[0] == name == f"{ALIAS}--1"
    assert served[1].complete
    assert await _found(opened) == {ONE.id}


async def test_a_crash_before_the_switch_is_found_by_its_fingerprint(opened: Opened) -> None:
    await fill(opened.index, [ONE], fingerprint="a")
    assert await opened.index.unfinished("a") is None
    info = CollectionInfo(fingerprint="b")
    left = await opened.index.create(info, DIMENSIONS)
    assert await opened.index.unfinished("b") == left
    assert await opened.index.unfinished("c") is None


async def test_what_was_served_before_is_not_taken_for_unfinished(opened: Opened) -> None:
    await fill(opened.index, [ONE], fingerprint="a")
    await fill(opened.index, [TWO], fingerprint="b")
    assert await opened.index.unfinished("a") is None


async def test_digests_are_those_of_the_chunks_alone(opened: Opened) -> None:
    name = await fill(opened.index, [ONE, TWO])
    assert await opened.index.digests(name) == {
        one.id: one.metadata["digest"] for one in (ONE, TWO)
    }


async def test_what_is_embedded_is_searched_and_not_stored(opened: Opened) -> None:
    one = chunk("the text itself", embed_text="Heading path gyroscope the text itself")
    await fill(opened.index, [one])
    hits = await opened.search.asimilarity_search("gyroscope", 1, sparse_only=True)
    assert hits[0].page_content == "the text itself"
    assert "embed_text" not in hits[0].metadata
    assert "digest" not in hits[0].metadata


async def test_deleted_chunks_are_gone(opened: Opened) -> None:
    name = await fill(opened.index, [ONE, TWO, THREE])
    await opened.index.delete(name, [str(ONE.id), str(THREE.id)])
    assert await _found(opened) == {TWO.id}
    assert list(await opened.index.digests(name)) == [TWO.id]
    await opened.index.delete(name, [])


async def test_writing_a_chunk_again_replaces_it(opened: Opened) -> None:
    name = await fill(opened.index, [ONE, TWO])
    again = chunk("text one", path="elsewhere.md")
    await opened.index.upsert(name, [again], WordEmbeddings().embed_documents(["text one"]))
    found = await opened.search.aget_by_ids([str(ONE.id)])
    assert found[0].metadata["path"] == "elsewhere.md"
    assert len(await opened.index.digests(name)) == 2


async def test_a_moved_chunk_keeps_its_vectors_and_its_sentence_vectors(opened: Opened) -> None:
    vectors = "AAAA"
    name = await fill(opened.index, [chunk("text one", sentence_vectors=vectors), TWO])
    before = await opened.search.asimilarity_search_with_score("one", 5)
    moved = chunk("text one", path="module-2/new.md", scopes=["module-2"], index=7, digest="moved")
    await opened.index.update_payloads(name, [moved])
    after = await opened.search.asimilarity_search_with_score("one", 5)
    assert [(hit.id, score) for hit, score in after] == [(hit.id, s) for hit, s in before]
    assert after[0][0].metadata["path"] == "module-2/new.md"
    assert after[0][0].metadata["index"] == 7
    assert after[0][0].metadata["sentence_vectors"] == vectors
    assert (await opened.index.digests(name))[str(ONE.id)] == "moved"
    assert len(await opened.search.asimilarity_search("text", 5, scope="module-2")) == 1
    assert len(await opened.search.asimilarity_search("text", 5, scope="module-1")) == 1


async def test_a_chunk_is_found_by_its_words_until_its_vector_comes(opened: Opened) -> None:
    """The dense leg knows only what has a vector; the rest must not be lost beside it."""
    name = await fill(opened.index, [ONE, TWO], serve=False)
    late = chunk("a gyroscope turns", embed_text="Sensors\n\na gyroscope turns")
    await opened.index.upsert(name, [late])
    info = CollectionInfo(fingerprint="model/32", complete=True, chunks=3, pending=1)
    await opened.index.write_info(name, info)
    await opened.index.switch(name)
    assert [chunk.id for chunk in await opened.index.pending(name)] == [late.id]

    hits = [hit for hit, _ in await opened.search.asimilarity_search_with_score("gyroscope", 2)]
    (hit,) = [hit for hit in hits if hit.id == late.id]
    assert hit.metadata["pending"]
    nearest = max(other.metadata["similarity"] for other in hits if other.id != late.id)
    assert hit.metadata["similarity"] == nearest, "or every chunk with a vector would beat it"

    (read,) = await opened.index.to_embed(name, [str(late.id)])
    assert read.metadata["embed_text"] == "Sensors\n\na gyroscope turns"
    read.metadata["sentence_vectors"] = "AAAA"
    await opened.index.set_vectors(
        name, [read], WordEmbeddings().embed_documents([late.page_content])
    )
    await opened.index.write_info(name, info.model_copy(update={"pending": 0}))
    await opened.search.info()

    assert await opened.index.pending(name) == []
    (hit, _), *_ = await opened.search.asimilarity_search_with_score("gyroscope", 2)
    assert hit.id == late.id
    assert hit.metadata["similarity"] == pytest.approx(0.577, abs=0.2)
    assert "pending" not in hit.metadata
    assert hit.metadata["sentence_vectors"] == "AAAA"
    assert (await opened.index.digests(name))[str(late.id)] == late.metadata["digest"]


async def test_vectors_of_another_model_are_never_compared(
    tmp_path: Path, qdrant: tuple[QdrantStandIn, str]
) -> None:
    class Other(WordEmbeddings):
        fingerprint = "other/32"

    embeddings = Other()
    async with stores_at(embeddings, tmp_path) as (search, index):
        await fill(index, [ONE, TWO], fingerprint="model/32/split-1-248")
        hits = await search.asimilarity_search_with_score("one", 2)
        info = await search.info()
        assert embeddings.queries == []
        assert [(hit.id, hit.metadata["similarity"]) for hit, _ in hits] == [(ONE.id, None)]
        assert info is not None
        assert info.embedded == 0.0

        await fill(index, [ONE, TWO], fingerprint="other/32/split-1-248")
        info = await search.info()
        hits = await search.asimilarity_search_with_score("one", 2)
        assert embeddings.queries == ["one"]
        assert hits[0][0].metadata["similarity"] > 0.5
        assert info is not None
        assert info.embedded == 1.0


async def test_a_switch_keeps_the_collection_before_and_drops_older_ones(opened: Opened) -> None:
    first = await fill(opened.index, [ONE])
    second = await fill(opened.index, [TWO])
    left = await fill(opened.index, [TWO], fingerprint="left by a crash", serve=False)
    third = await fill(opened.index, [THREE])
    assert await _found(opened) == {THREE.id}
    names = await opened.index._collections()
    assert set(names) == {second, third}
    assert first not in names
    assert left not in names


async def test_a_rollback_serves_the_book_before_and_a_second_one_undoes_it(
    opened: Opened,
) -> None:
    first = await fill(opened.index, [ONE])
    second = await fill(opened.index, [TWO])
    assert await opened.index.rollback() == first
    assert await _found(opened) == {ONE.id}
    assert await opened.index.rollback() == second
    assert await _found(opened) == {TWO.id}


async def test_a_rollback_with_nothing_to_go_back_to_says_so(opened: Opened) -> None:
    with pytest.raises(FixConfiguration, match="no earlier version"):
        await opened.index.rollback()
    await fill(opened.index, [ONE])
    with pytest.raises(FixConfiguration, match="no earlier version"):
        await opened.index.rollback()


async def test_switching_twice_to_the_same_collection_changes_nothing(opened: Opened) -> None:
    first = await fill(opened.index, [ONE])
    second = await fill(opened.index, [TWO])
    await opened.index.switch(second)
    assert await opened.index.rollback() == first


async def test_what_the_book_says_of_itself_may_change_and_its_encoder_may_not(
    opened: Opened,
) -> None:
    one = chunk("the robots are walking")
    name = await fill(opened.index, [one], language="en")
    late = CollectionInfo(fingerprint="model/32", language="ur", complete=True, documents=3)
    await opened.index.write_info(name, late)
    served = await opened.index.served()
    assert served is not None
    assert served[1] == late == await opened.search.info()
    hits = await opened.search.asimilarity_search("robot walk", 1, sparse_only=True)
    assert [hit.id for hit in hits] == [one.id]


async def test_words_are_stemmed_in_the_language_that_the_collection_was_made_for(
    opened: Opened,
) -> None:
    one, other = chunk("die Gelenke des Armes", index=0), chunk("die Kamera", index=1)
    await fill(opened.index, [one, other], language="de")
    hits = await opened.search.asimilarity_search("Gelenk", 5, sparse_only=True)
    assert [hit.id for hit in hits] == [one.id]


async def test_the_words_of_the_book_stay_when_only_its_info_is_written(opened: Opened) -> None:
    name = await fill(opened.index, [ONE])
    words = Vocabulary()
    words.add("gyroscope")
    info = CollectionInfo(fingerprint="model/32", book_version="v1", complete=True)
    await opened.index.write_info(name, info, words)
    await opened.index.write_info(name, info.model_copy(update={"documents": 7}))
    assert "gyroscop" in await opened.search.vocabulary("v1")


async def test_the_structure_of_the_book_is_stored_beside_its_words(opened: Opened) -> None:
    name = await fill(opened.index, [ONE])
    assert (await opened.search.outline("v1")).pages == []
    builder = OutlineBuilder()
    builder.add(ONE.page_content, ONE.metadata)
    outline = builder.outline("en")
    info = CollectionInfo(fingerprint="model/32", book_version="v1", complete=True)
    await opened.index.write_info(name, info, Vocabulary(), outline)
    await opened.index.write_info(name, info.model_copy(update={"documents": 7}))
    found = await opened.search.outline("v1")
    assert [page.path for page in found.pages] == [ONE.metadata["path"]]
    assert found == outline


async def test_other_books_of_the_same_qdrant_are_left_alone(
    tmp_path: Path, qdrant: tuple[QdrantStandIn, str]
) -> None:
    async def serve(alias: str, chunks: list[Document]) -> None:
        async with stores_at(WordEmbeddings(), tmp_path, qdrant[1], qdrant_collection=alias) as (
            _,
            index,
        ):
            await fill(index, chunks)

    await serve("book", [ONE])
    for chunks in ([ONE], [TWO], [THREE]):
        await serve("book--2", chunks)
        await serve("book-two", chunks)
    async with stores_at(WordEmbeddings(), tmp_path, qdrant[1], qdrant_collection="book") as (
        search,
        _,
    ):
        assert {hit.id for hit in await search.asimilarity_search("text")} == {ONE.id}


async def test_a_second_indexer_of_the_process_is_told_at_once(tmp_path: Path) -> None:
    async with stores_at(WordEmbeddings(), tmp_path) as (_, index):
        async with index.exclusive():
            with pytest.raises(FixConfiguration, match="being indexed by somebody else"):
                async with index.exclusive():
                    pass
        async with index.exclusive():
            pass


async def test_a_server_is_held_by_a_lease(
    tmp_path: Path, qdrant: tuple[QdrantStandIn, str]
) -> None:
    async with stores_at(WordEmbeddings(), tmp_path, qdrant[1]) as (_, index):
        async with index.exclusive():
            assert await index._collections() == [f"{ALIAS}--lock-1"]
            assert await index.create(CollectionInfo(fingerprint="f"), 8) == f"{ALIAS}--1"
        assert await index._collections() == [f"{ALIAS}--1"]


async def test_filters_are_indexed(opened: Opened) -> None:
    name = await fill(opened.index, [ONE])
    wanted = {f"metadata.{name}" for name in ("scopes", "section_id", "path", "locale")}
    wanted.add("pending")
    if opened.server is not None:
        assert opened.server.held.indexes[name] == dict.fromkeys(wanted, "keyword")
    else:
        with opened.search.client.shards.using(name) as shard:  # type: ignore[attr-defined]  # the embedded client, looked into
            assert set(shard.info().payload_schema) == wanted


async def test_a_collection_that_has_the_aliass_name_is_named(
    tmp_path: Path, qdrant: tuple[QdrantStandIn, str]
) -> None:
    qdrant[0].held.engine.create_collection(ALIAS, vectors_config={})
    async with stores_at(WordEmbeddings(), tmp_path, qdrant[1]) as (_, index):
        with pytest.raises(FixConfiguration, match=f"QDRANT_COLLECTION: .*{ALIAS}"):
            await index.create(CollectionInfo(fingerprint="f"), 8)


@pytest.mark.parametrize(
    ("quantization", "kind"), [("scalar", {"type": "int8"}), ("binary", {"always_ram": True})]
)
async def test_shards_copies_and_compression_are_asked_of_a_server(
    quantization: str, kind: dict[str, object], tmp_path: Path, qdrant: tuple[QdrantStandIn, str]
) -> None:
    chosen = {"qdrant_shards": 3, "qdrant_replicas": 2, "qdrant_quantization": quantization}
    async with stores_at(WordEmbeddings(), tmp_path, qdrant[1], qdrant_on_disk=True, **chosen) as (
        _,
        index,
    ):
        name = await index.create(CollectionInfo(fingerprint="f"), 8)
    sent = qdrant[0].bodies[f"/collections/{name}"][0]
    assert sent["shard_number"] == 3
    assert sent["replication_factor"] == 2
    assert kind.items() <= sent["quantization_config"][quantization].items()
    assert sent["vectors"]["dense"] == {"size": 8, "distance": "Cosine", "on_disk": True}
    assert sent["sparse_vectors"] == {"sparse": {"modifier": "idf"}}


@pytest.mark.parametrize("quantization", ["none", "scalar", "binary"])
@pytest.mark.parametrize("on_disk", [False, True])
async def test_the_embedded_engine_searches_with_every_layout(
    quantization: str, on_disk: bool, tmp_path: Path
) -> None:
    async with stores_at(
        WordEmbeddings(), tmp_path, qdrant_quantization=quantization, qdrant_on_disk=on_disk
    ) as (search, index):
        await fill(index, [ONE, TWO, THREE])
        hits = await search.asimilarity_search("text two", 1)
    assert hits[0].id == TWO.id

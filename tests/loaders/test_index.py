"""The index: only what is new is embedded, and readers always have a whole book."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from errors import FixConfiguration, RetryLater
from loaders.document import Problem
from loaders.index.run import IndexOptions, IndexSummary, index_book
from loaders.sources import load
from schema import CollectionInfo
from tests.loaders.memory_store import CountingEmbeddings, MemoryStore
from text.sentences import split_sentences


def write(root: Path, **pages: str) -> Path:
    for name, text in pages.items():
        path = root / f"{name.replace('__', '/')}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


@pytest.fixture
def book(tmp_path: Path) -> Path:
    pages = {
        f"chapter_{n}": f"# Chapter {n}\n\nAbout {n}.\n\n## Part\n\nPart of {n}.\n"
        for n in range(5)
    }
    return write(tmp_path / "book", **pages)


class Indexer:
    def __init__(self) -> None:
        self.store = MemoryStore()
        self.embeddings = CountingEmbeddings()
        self.slept: list[float] = []

    async def __call__(self, book: Path, **options: object) -> IndexSummary:
        async def sleep(seconds: float) -> None:
            self.slept.append(seconds)

        return await index_book(
            load(book),
            store=self.store,
            embeddings=self.embeddings,
            options=IndexOptions(sleep=sleep, **options),  # type: ignore[arg-type]  # what the test was given
        )


@pytest.fixture
def index() -> Indexer:
    return Indexer()


async def test_a_first_run_embeds_every_chunk_and_serves_them(index: Indexer, book: Path) -> None:
    summary = await index(book)

    assert (summary.documents, summary.chunks, summary.added) == (5, 10, 10)
    assert summary.embedding_calls == 1
    assert summary.switched
    assert len(index.store.book) == len(index.embeddings.texts) == 10
    served = await index.store.served()
    assert served is not None
    assert served[1].complete
    assert served[1].book_version == summary.book_version != ""


async def test_the_languages_of_the_pages_are_told_whatever_the_site_is_called(
    index: Indexer, book: Path
) -> None:
    async def languages() -> list[str]:
        await index(book)
        served = await index.store.served()
        assert served is not None
        return served[1].languages

    write(book, glossary="# Names\n\nThe Urdu word for robot is روبوٹ, for book کتاب.\n")
    write(book, arabic="# روبوت\n\nالروبوت آلة قادرة على القيام بأعمال مبرمجة سلفا.\n")
    assert await languages() == ["en"]
    write(book, urdu="# روبوٹ\n\nروبوٹ ایک ایسی مشین ہے جو ROS 2 سے چلتی ہے۔\n")
    assert await languages() == ["en", "ur"]


async def test_a_second_run_embeds_and_writes_nothing(index: Indexer, book: Path) -> None:
    first = await index(book)
    before = list(index.store.writes)

    second = await index(book)

    assert (second.added, second.updated, second.removed, second.unchanged) == (0, 0, 0, 10)
    assert second.embedding_calls == 0
    assert second.book_version == first.book_version
    assert len(index.embeddings.texts) == 10
    assert index.store.writes == before


async def test_an_edit_costs_only_what_changed(index: Indexer, book: Path) -> None:
    first = await index(book)
    write(book, chapter_2="# Chapter 2\n\nAbout 2.\n\n## Part\n\nPart of 2, rewritten.\n")

    second = await index(book)

    assert (second.added, second.removed, second.unchanged) == (1, 1, 9)
    assert index.embeddings.texts[10:] == ["Chapter 2 > Part\n\nPart of 2, rewritten."]
    assert second.book_version != first.book_version


async def test_a_moved_page_keeps_its_vectors_and_gets_its_new_address(
    index: Indexer, book: Path
) -> None:
    first = await index(book)
    (book / "chapter_3.md").rename(book / "moved.md")

    second = await index(book)

    assert (second.added, second.updated, second.removed) == (0, 2, 0)
    assert second.embedding_calls == 0
    assert {c.metadata["url"] for c in index.store.book.values()} >= {"/moved#part"}
    assert second.book_version != first.book_version


async def test_stale_chunks_go_after_everything_new_is_in(index: Indexer, book: Path) -> None:
    await index(book)
    index.store.writes.clear()
    write(book, chapter_1="# Chapter 1\n\nAll new.\n")

    await index(book)

    assert index.store.writes == ["info", "upsert", "delete", "info", "vectors", "settle", "info"]


async def test_without_pruning_stale_chunks_stay(index: Indexer, book: Path) -> None:
    await index(book)
    (book / "chapter_1.md").unlink()

    summary = await index(book, prune=False)

    assert summary.removed == 0
    assert len(index.store.book) == 10


async def test_a_dry_run_tells_the_difference_and_writes_nothing(
    index: Indexer, book: Path
) -> None:
    await index(book)
    index.store.writes.clear()
    write(book, chapter_1="# Chapter 1\n\nAll new.\n")

    summary = await index(book, dry_run=True)

    assert (summary.added, summary.removed, summary.unchanged) == (1, 2, 8)
    assert summary.embedding_calls == 1
    assert index.store.writes == []
    assert len(index.embeddings.texts) == 10


async def test_a_rebuild_switches_once_at_the_end_and_can_be_rolled_back(
    index: Indexer, book: Path
) -> None:
    first = await index(book)
    index.store.writes.clear()

    second = await index(book, rebuild=True)

    assert index.store.writes == [
        *("create", "upsert", "info", "vectors", "settle", "info", "switch")
    ]
    assert second.collection != first.collection
    assert await index.store.rollback() == first.collection


async def test_another_embedding_model_fills_a_new_collection(index: Indexer, book: Path) -> None:
    first = await index(book)
    index.embeddings = CountingEmbeddings("other/3")

    second = await index(book)

    assert second.added == 10
    assert second.collection != first.collection
    assert second.switched


async def test_a_collection_is_made_for_the_language_of_the_book(
    index: Indexer, tmp_path: Path
) -> None:
    made: list[str] = []
    create = index.store.create

    async def noting(info: CollectionInfo, dimensions: int) -> str:
        made.append(info.language)
        return await create(info, dimensions)

    index.store.create = noting  # type: ignore[method-assign]  # a fault is put in its place
    book = tmp_path / "german"
    write(book / "src", SUMMARY="- [Arme](arme.md)\n", arme="# Arme\n\nDie Gelenke des Armes.\n")
    (book / "book.toml").write_text('[book]\nlanguage = "de"\n', encoding="utf-8")
    await index(book)
    assert made == ["de"]


async def test_full_batches_with_bounded_concurrency(index: Indexer, book: Path) -> None:
    index.embeddings = CountingEmbeddings(max_batch=2)

    summary = await index(book, concurrency=2)

    assert summary.embedding_calls == 5
    assert index.embeddings.most_at_once == 2


async def test_retry_after_is_obeyed(index: Indexer, book: Path) -> None:
    index.embeddings.refusals = [RetryLater("slow down", retry_after=7.0), RetryLater("again")]

    summary = await index(book)

    assert index.slept == [7.0, 2.0]
    assert summary.embedding_calls == 3
    assert len(index.store.book) == 10


async def test_a_provider_that_stays_away_ends_the_run_and_the_new_words_are_found(
    index: Indexer, book: Path
) -> None:
    await index(book)
    served = dict(index.store.book)
    write(book, chapter_9="# Nine\n\nNew.\n")
    index.embeddings.refusals = [RetryLater("down") for _ in range(50)]

    with pytest.raises(RetryLater, match="down"):
        await index(book)

    new = index.store.book.keys() - served.keys()
    assert {key: index.store.book[key] for key in served} == served
    assert {str(chunk.id) for chunk in await index.store.pending(str(index.store.alias))} == new
    info = index.store.collections[str(index.store.alias)].info
    assert (info.chunks, info.pending) == (11, 1)


async def test_a_first_book_is_served_by_its_words_before_anything_is_embedded(
    index: Indexer, book: Path
) -> None:
    index.embeddings.refusals = [RetryLater("down") for _ in range(50)]

    with pytest.raises(RetryLater):
        await index(book)

    info = index.store.collections[str(index.store.alias)].info
    assert len(index.store.book) == 10
    assert (info.complete, info.pending, info.embedded) == (True, 10, 0.0)
    assert index.store.writes == ["create", "upsert", "info", "switch"]

    index.embeddings.refusals = []
    summary = await index(book)

    info = index.store.collections[str(index.store.alias)].info
    assert (summary.added, summary.embedded, summary.switched) == (0, 10, False)
    assert (info.pending, info.embedded) == (0, 1.0)


async def test_pages_that_are_linked_most_are_embedded_first(
    index: Indexer, tmp_path: Path
) -> None:
    book = write(
        tmp_path / "b",
        a="# A\n\nSee [the hub](./hub.md) and [it again](hub.md#part).\n",
        b="# B\n\nSee [the hub](/docs/hub), [c](c.md) and [b](b.md).\n",
        c="# C\n\nNothing.\n",
        hub="# Hub\n\nThe hub.\n",
    )
    await index(book)
    assert [text.split("\n")[0] for text in index.embeddings.texts] == ["Hub", "C", "A", "B"]


async def test_a_book_of_another_model_gives_way_as_soon_as_the_new_words_are_in(
    index: Indexer, book: Path
) -> None:
    first = await index(book)
    index.embeddings = CountingEmbeddings("other/3")
    index.embeddings.refusals = [RetryLater("down") for _ in range(50)]

    with pytest.raises(RetryLater):
        await index(book)

    assert index.store.alias != first.collection
    assert len(index.store.book) == 10


async def test_a_rebuild_that_breaks_off_leaves_the_whole_book_served(
    index: Indexer, book: Path
) -> None:
    first = await index(book)
    index.embeddings.refusals = [RetryLater("down") for _ in range(50)]

    with pytest.raises(RetryLater):
        await index(book, rebuild=True)

    assert index.store.alias == first.collection


async def test_an_interrupted_rebuild_goes_on_where_it_was(index: Indexer, book: Path) -> None:
    index.embeddings = CountingEmbeddings(max_batch=2)
    await index(book)
    embedded = len(index.embeddings.texts)
    index.embeddings.fingerprint = "new/3"
    index.embeddings.refusals = [RetryLater("down") for _ in range(8)]
    with pytest.raises(RetryLater):
        await index(book, concurrency=4)
    stored = len(index.embeddings.texts) - embedded

    summary = await index(book)

    assert stored > 0
    assert (summary.added, summary.unchanged) == (0, 10)
    assert summary.embedded == 10 - stored
    assert len(index.embeddings.texts) - embedded == 10


async def test_an_empty_book_is_refused_and_the_served_one_stays(
    index: Indexer, book: Path, tmp_path: Path
) -> None:
    await index(book)
    (tmp_path / "empty").mkdir()

    with pytest.raises(FixConfiguration, match="no file that can be read"):
        await index(tmp_path / "empty")

    assert len(index.store.book) == 10


async def test_a_second_indexer_is_refused(index: Indexer, book: Path) -> None:
    async with index.store.exclusive():
        with pytest.raises(FixConfiguration, match="another indexer"):
            await index(book)


async def test_passages_that_repeat_word_for_word_are_all_kept(
    index: Indexer, tmp_path: Path
) -> None:
    book = write(tmp_path / "b", a="# Same\n\nText.\n", c="# Same\n\nText.\n")

    summary = await index(book)

    assert summary.chunks == len(index.store.book) == 2


async def test_a_book_is_calibrated_once_when_all_its_vectors_are_in(
    index: Indexer, book: Path
) -> None:
    seen: list[tuple[str, list[str], int]] = []

    async def calibrate(collection: str, headings: object) -> dict[str, float]:
        left = len(await index.store.pending(collection))
        seen.append((collection, list(headings), left))  # type: ignore[call-overload]  # what the test was given
        return {"floor": 0.25}

    summary = await index(book, calibrate=calibrate)

    name, headings, left = seen[0]
    assert (name, left) == (summary.collection, 0)
    assert sorted(headings) == sorted({"Part", *(f"Chapter {n}" for n in range(5))})
    served = await index.store.served()
    assert served is not None
    assert served[1].calibration == {"floor": 0.25}
    await index(book, calibrate=calibrate)
    assert len(seen) == 1


async def test_the_version_does_not_depend_on_how_it_was_reached(
    index: Indexer, book: Path
) -> None:
    first = await index(book)
    write(book, chapter_1="# Chapter 1\n\nAll new.\n")
    await index(book)
    write(book, chapter_1="# Chapter 1\n\nAbout 1.\n\n## Part\n\nPart of 1.\n")

    third = await index(book)

    assert third.book_version == first.book_version


async def test_embedded_models_keep_a_vector_per_sentence_even_when_a_page_moves(
    index: Indexer, tmp_path: Path
) -> None:
    class Sentences(CountingEmbeddings):
        def embed_with_sentences(
            self, chunks: Sequence[tuple[str, str]]
        ) -> list[tuple[list[float], str]]:
            return [([1.0, 0.0, 0.0], "|".join(split_sentences(text))) for _, text in chunks]

    index.embeddings = Sentences()
    book = write(tmp_path / "b", a="# A\n\nOne thing. Another thing.\n")
    await index(book)
    (book / "a.md").rename(book / "b.md")

    await index(book)

    (chunk,) = index.store.book.values()
    assert chunk.metadata["path"] == "b.md"
    assert chunk.metadata["sentence_vectors"] == "One thing.|Another thing."


async def test_what_cannot_be_read_for_now_stays_indexed(index: Indexer, book: Path) -> None:
    await index(book)
    (book / "chapter_1.md").unlink()
    source = load(book)
    source.problems.append(Problem("chapter_1", "the server answers 503", True, True))

    summary = await index_book(source, store=index.store, embeddings=index.embeddings)

    assert summary.removed == 0
    assert len(index.store.book) == 10

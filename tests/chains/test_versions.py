"""A reader of one version of the book is answered from it first, and told when it is another."""

import pytest
from langchain_core.documents import Document

from chains.answer.generation import Models
from chains.evidence.retriever import BookRetriever
from chains.pipeline import ChainParts, build_chain
from chains.wrappers.cached import AnswerCache
from schema import Answer
from tests.fakes import MemoryStore, ScriptedChat, chunk

SPIN = "The executor spins the callbacks of a node."
PARAMETERS = "Parameters of a node are declared before they are read."
LEGACY = "The roscore master registers every publisher by its name."


def page(text: str, heading: str, version: str, locale: str = "en") -> Document:
    folder = {"2.0": "docs", "1.0": "old", "current": "next"}[version]
    path = f"{locale}/{folder}/{heading.lower()}.md"
    return chunk(text, heading, path=path, version=version, locale=locale)


BOOK = [
    page(f"{SPIN} It is new and has threads.", "Executors", "2.0"),
    page(PARAMETERS, "Parameters", "2.0"),
    page(f"{SPIN} It is old and has one thread.", "Executors", "1.0"),
    page(LEGACY, "Master", "1.0"),
    page(f"{SPIN} It is not released.", "Executors", "current"),
    page(LEGACY, "Master", "current"),
]


def store(*chunks: Document) -> MemoryStore:
    return MemoryStore(chunks or BOOK)


async def asked(question: str, chunks: MemoryStore | None = None, **fields: str | None) -> Answer:
    models = Models(ScriptedChat(pieces=["So it is."]), "scripted")
    chain = build_chain(ChainParts(BookRetriever(store=chunks or store()), models))
    return Answer.model_validate(await chain.ainvoke({"question": question, **fields}))


@pytest.mark.parametrize(("wanted", "searched"), [(None, "2.0"), ("1.0", "1.0"), ("9", "2.0")])
async def test_the_readers_version_is_searched_or_the_default_one(
    wanted: str | None, searched: str
) -> None:
    answer = await asked("Which executor spins the callbacks of a node?", version=wanted)

    assert answer.status == "answered"
    assert answer.answer == "So it is."
    assert {source.version for source in answer.sources} == {searched}
    assert {source.locale for source in answer.sources} == {"en"}


async def test_what_the_readers_version_does_not_answer_comes_from_the_newest_that_does() -> None:
    answer = await asked("Which roscore master registers every publisher by its name?")

    assert answer.answer.startswith("Version 2.0 of the book does not answer this, ")
    assert "version 1.0" in answer.answer
    assert [source.version for source in answer.sources] == ["1.0"]


async def test_an_old_version_falls_back_on_a_newer_one() -> None:
    answer = await asked("Are parameters of a node declared before they are read?", version="1.0")

    assert answer.answer.startswith("Version 1.0 of the book does not answer this, ")
    assert answer.sources[0].version == "2.0"


async def test_what_no_version_answers_is_refused_with_sections_of_the_readers_own() -> None:
    answer = await asked("Which sourdough rises in a kitchen by its name?", version="1.0")

    assert answer.status == "not_in_book"
    assert "version" not in answer.answer.lower()
    assert {source.version for source in answer.sources} <= {"1.0"}


async def test_a_place_of_the_book_is_looked_up_in_the_readers_version() -> None:
    for version in ("2.0", "1.0"):
        answer = await asked("What is this book about?", version=version)

        assert answer.answer == "So it is."
        assert {source.version for source in answer.sources} == {version}


async def test_a_selection_is_found_in_the_version_that_holds_it() -> None:
    answer = await asked("Explain this.", selected_text=LEGACY)

    assert [source.version for source in answer.sources] == ["1.0"]
    assert "does not stand in this book" not in answer.answer


async def test_two_versions_do_not_share_an_answer_of_the_cache() -> None:
    models = Models(ScriptedChat(pieces=["So it is."]), "scripted")
    cache = AnswerCache(10, 60, lambda: 0.0)
    chain = build_chain(ChainParts(BookRetriever(store=store()), models, cache=cache))
    question = "Which executor spins callbacks?"

    found = [
        (await chain.ainvoke({"question": question, "version": version}))["sources"][0]["version"]
        for version in ("2.0", "1.0", "2.0")
    ]

    assert found == ["2.0", "1.0", "2.0"]


async def test_the_readers_locale_is_preferred_and_another_one_answers_in_its_place() -> None:
    german = chunk(
        "The executor spins callbacks, auf Deutsch.",
        "Executors",
        locale="de",
        path="de/executors.md",
    )
    english = chunk(SPIN, "Executors", path="en/executors.md")
    book = store(
        *[chunk(f"{SPIN} {i}", f"More {i}", path=f"{i}.md") for i in range(3)], english, german
    )
    question = "Which executor spins the callbacks of a node?"

    assert (await asked(question, book)).sources[0].locale == "en"
    assert (await asked(question, book, locale="de")).sources[0].locale == "de"
    assert (await asked(question, book, locale="fr")).sources[0].locale == "en"


async def test_a_book_without_versions_is_searched_once_and_names_none() -> None:
    book = store(chunk(SPIN, "Executors"))
    answer = await asked("Which sourdough rises in a kitchen?", book, version="1.0", locale="en")

    assert answer.status == "not_in_book"
    assert len(book.searches) == 1
    assert {source.version for source in answer.sources} <= {None}

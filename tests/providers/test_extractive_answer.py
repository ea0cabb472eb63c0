"""How an extractive answer reads, streams and cites, whatever was asked."""

import asyncio
import threading
from collections.abc import Sequence

import pytest
from langchain_core.documents import Document
from langchain_core.messages import AIMessageChunk, HumanMessage

from extractive.chat import ExtractiveChat
from extractive.encoder import Vectors, pack_vectors
from providers.embedded.minilm import MiniLMEmbeddings
from tests.providers.extractive_book import (
    COMMUNICATION,
    FOUNDATIONS,
    LAUNCH,
    PACKAGES,
    Reply,
    as_passage,
    ask,
    passage,
    section,
    with_vectors,
)

QUESTION = "What is a domain ID?"


@pytest.fixture(scope="module")
def embeddings() -> MiniLMEmbeddings:
    return MiniLMEmbeddings()


@pytest.fixture(scope="module")
def chat(embeddings: MiniLMEmbeddings) -> ExtractiveChat:
    return ExtractiveChat(embeddings=embeddings)


def domain_ids() -> list[Document]:
    return [passage(FOUNDATIONS, "DDS and discovery"), passage(FOUNDATIONS, "Domain IDs")]


async def test_the_stream_adds_up_to_the_invoked_answer(chat: ExtractiveChat) -> None:
    messages = [HumanMessage(QUESTION)]
    chunks = [c async for c in chat.astream(messages, documents=domain_ids())]
    total = chunks[0]
    for chunk in chunks[1:]:
        total = total + chunk
    whole = await chat.ainvoke(messages, documents=domain_ids())
    assert str(total.text) == str(whole.text) == ask(chat, QUESTION, *domain_ids()).text
    synced = "".join(str(c.text) for c in chat.stream(messages, documents=domain_ids()))
    assert synced == str(whole.text)


async def test_each_streamed_piece_brings_its_own_citation(chat: ExtractiveChat) -> None:
    written = ""
    stream = chat.astream([HumanMessage(QUESTION)], documents=domain_ids())
    pieces = [c async for c in stream if isinstance(c, AIMessageChunk) and c.content]
    assert len(pieces) >= 2
    for piece in pieces:
        written += str(piece.text)
        block = piece.content[0]
        assert isinstance(block, dict)
        [note] = block["annotations"]
        assert written[note["start_index"] : note["end_index"]] == note["cited_text"]
        assert note["extras"]["source_ids"][0] in {str(d.id) for d in domain_ids()}


async def test_the_last_chunk_says_that_nothing_was_spent(chat: ExtractiveChat) -> None:
    stream = chat.astream([HumanMessage(QUESTION)], documents=domain_ids())
    used = [c.usage_metadata async for c in stream if c.usage_metadata]
    assert used == [{"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}]


async def test_scoring_stays_off_the_event_loop() -> None:
    threads: list[int] = []

    class Watched(MiniLMEmbeddings):
        def encode(self, texts: Sequence[str]) -> Vectors:
            threads.append(threading.get_ident())
            return super().encode(texts)

    chat = ExtractiveChat(embeddings=Watched())
    async for _ in chat.astream([HumanMessage(QUESTION)], documents=domain_ids()):
        pass
    await chat.ainvoke([HumanMessage(QUESTION)], documents=domain_ids())
    assert threads
    assert threading.get_ident() not in threads


async def test_a_crowd_is_answered_from_words_alone_without_embedding_for_each() -> None:
    embedded: list[int] = []

    class Watched(MiniLMEmbeddings):
        def encode(self, texts: Sequence[str]) -> Vectors:
            embedded.append(len(texts))
            return super().encode(texts)

    chat = ExtractiveChat(embeddings=Watched())

    async def answer() -> str:
        said = [str(c.text) async for c in chat.astream(QUESTION, documents=domain_ids())]
        return "".join(said)

    answers = await asyncio.gather(*(answer() for _ in range(20)))
    assert all("domain ID" in text for text in answers)
    sentences = [count for count in embedded if count > 1]
    assert 1 <= len(sentences) <= 4


def test_an_unrelated_question_is_not_in_the_book(chat: ExtractiveChat) -> None:
    reply = ask(chat, "Suggest a good recipe for chicken biryani", *domain_ids())
    assert reply.message.response_metadata["not_in_book"] is True
    assert (reply.text, reply.citations) == ("", [])


def test_no_passages_mean_not_in_the_book(chat: ExtractiveChat) -> None:
    assert ask(chat, QUESTION).message.response_metadata["not_in_book"] is True


def test_the_question_is_read_from_the_content_when_it_is_not_told_apart(
    chat: ExtractiveChat,
) -> None:
    reply = Reply(chat.invoke(QUESTION, documents=domain_ids()))
    assert reply.text.startswith("A domain ID is")


def test_stored_sentence_vectors_are_used_and_no_sentence_is_embedded() -> None:
    embedded: list[str] = []

    class Watched(MiniLMEmbeddings):
        def encode(self, texts: Sequence[str]) -> Vectors:
            embedded.extend(texts)
            return super().encode(texts)

    embeddings = Watched()
    documents = [with_vectors(document, embeddings) for document in domain_ids()]
    embedded.clear()
    reply = ask(ExtractiveChat(embeddings=embeddings), QUESTION, *documents)
    assert embedded == [QUESTION]
    assert reply.text.startswith("A domain ID is")


def test_vectors_of_another_splitter_are_not_trusted(
    chat: ExtractiveChat, embeddings: MiniLMEmbeddings
) -> None:
    [document] = [passage(FOUNDATIONS, "Domain IDs")]
    document.metadata["chunks"][0].metadata["sentence_vectors"] = pack_vectors(
        embeddings.encode(["x"])
    )
    assert ask(chat, QUESTION, document).text.startswith("A domain ID is")


def test_sentences_of_a_passage_keep_their_order(chat: ExtractiveChat) -> None:
    source = section(PACKAGES, "Workspaces and packages")
    reply = ask(
        chat, "How are overlay and underlay layered?", passage(PACKAGES, "Workspaces and packages")
    )
    places = [source.index(note["cited_text"][:40]) for note in reply.citations]
    assert len(places) >= 2
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("question", "path", "heading"),
    [
        ("What is a lifecycle node?", LAUNCH, "Lifecycle nodes"),
        ("What is an action in ROS 2?", COMMUNICATION, "Actions"),
        ("What is an executor?", FOUNDATIONS, "Executors and callback groups"),
        ("How does DDS discovery work?", FOUNDATIONS, "DDS and discovery"),
    ],
)
def test_an_answer_is_of_readable_length(
    chat: ExtractiveChat, question: str, path: str, heading: str
) -> None:
    reply = ask(chat, question, passage(path, heading), passage(PACKAGES, "Creating a package"))
    assert 30 <= reply.prose_words <= 170


def test_it_follows_the_sentence_that_it_points_to(chat: ExtractiveChat) -> None:
    reply = ask(chat, "With which variable is the domain ID set?", *domain_ids())
    named = reply.text.index("A domain ID is an integer")
    assert named < reply.text.index("It is set with `ROS_DOMAIN_ID`")


@pytest.mark.parametrize(
    ("heading", "begins"),
    [
        ("The executor loop", "**The executor loop:** It waits for incoming messages"),
        ("Why does it wait?", "It waits for incoming messages"),
    ],
)
def test_a_leading_it_without_its_sentence_is_named_by_the_heading(
    chat: ExtractiveChat, heading: str, begins: str
) -> None:
    text = "Why do robots fall?\n\nIt waits for incoming messages and calls your functions."
    reply = ask(chat, "What waits for incoming messages?", as_passage(text, heading))
    assert reply.text.startswith(begins)


def test_headings_links_and_tags_do_not_show(chat: ExtractiveChat) -> None:
    text = (
        "### Nodes {#nodes}\n\nA node is a program with **one** task; see [topics](./topics.md)."
        "\n\n<Note>\n\n:::tip[Hint]\nA node has a name.<br />\n:::"
    )
    reply = ask(chat, "What is a node?", as_passage(text, "Nodes"))
    assert "A node is a program with **one** task; see topics." in reply.text
    for mark in ("#", "](", "<", ":::"):
        assert mark not in reply.text


def test_the_introduction_of_a_chapter_does_not_stand_for_its_content(
    chat: ExtractiveChat,
) -> None:
    text = (
        "This chapter explains how quaternions describe rotations.\n\n"
        "A quaternion describes a rotation by four numbers: an axis and an angle."
    )
    reply = ask(chat, "How do quaternions describe rotations?", as_passage(text, "Rotations"))
    assert reply.text.startswith("A quaternion describes a rotation by four numbers")


def test_questions_of_the_book_are_not_answers(chat: ExtractiveChat) -> None:
    text = "Why can ROS 2 do without a master?\n\nROS 2 uses DDS, in which nodes find each other."
    reply = ask(chat, "Why can ROS 2 do without a master?", as_passage(text, "Discovery"))
    assert reply.text.startswith("ROS 2 uses DDS")


def test_code_that_was_cut_when_indexing_comes_back_in_one_block(chat: ExtractiveChat) -> None:
    whole = as_passage("Run these commands:\n\n```bash\ncolcon build\n```", "Building")
    rest = whole.metadata["chunks"][0].model_copy(
        update={
            "page_content": "```bash\nsource install/setup.bash\n```",
            "metadata": {**whole.metadata["chunks"][0].metadata, "index": 1},
        }
    )
    whole.metadata["chunks"].append(rest)
    reply = ask(chat, "How do I build? Show me the commands", whole)
    assert "```bash\ncolcon build\n\nsource install/setup.bash\n```" in reply.text


def test_a_general_question_about_a_selection_is_answered_from_around_it(
    chat: ExtractiveChat,
) -> None:
    reply = ask(
        chat,
        "explain this",
        passage(FOUNDATIONS, "Executors and callback groups"),
        selection="merely switching to the multi-threaded executor changes nothing",
    )
    assert "merely switching to the multi-threaded executor changes nothing" in reply.text
    assert "MutuallyExclusiveCallbackGroup" in reply.text
    assert "Put the slow callback in its own group" in reply.text
    assert reply.prose_words <= 150


def test_a_question_about_selected_code_is_answered_by_what_the_book_says_of_it(
    chat: ExtractiveChat,
) -> None:
    reply = ask(
        chat,
        "what does this line read as?",
        passage(PACKAGES, "The files package.xml and setup.py"),
        selection="fall_detector = humanoid_bringup.fall_detector:main",
    )
    assert "make an executable `fall_detector` that calls the function `main`" in reply.text


def test_a_selection_that_is_not_in_the_book_is_used_as_given(chat: ExtractiveChat) -> None:
    text = "A gyroscope measures angular velocity. Its bias drifts with temperature."
    reply = ask(chat, "explain this", as_passage(text, "Selected text"), selection=text)
    assert "A gyroscope measures angular velocity." in reply.text


def test_what_goes_on_with_an_answer_is_about_the_same(
    chat: ExtractiveChat, embeddings: MiniLMEmbeddings
) -> None:
    passages = [
        with_vectors(passage("glossary.md", "Gait"), embeddings),
        with_vectors(passage("hardware-and-lab-guide.mdx", "Robots to work with"), embeddings),
    ]
    first = ask(chat, "what is a gait", *passages)
    more = ask(chat, "what is a gait", *passages, said=[first.text])
    assert more.text.startswith("I have quoted all that the book says about this.")

"""Readers of another language are told why an answer is not in theirs."""

import pytest
from langchain_core.documents import Document

from extractive.chat import ExtractiveChat
from providers.embedded.minilm import MiniLMEmbeddings
from tests.providers.extractive_book import as_passage, ask
from text.words import language_of

FRICTION = as_passage(
    "Friction keeps a foot in place. A coefficient of 0.5 allows an angle of 26.6 degrees.\n\n"
    "The controller of the gripper reads a force sensor.",
    "Contact and the friction cone",
)
LIDAR = as_passage("A lidar measures distances with light.", "Lidar")
URDU_PAGE = as_passage("رگڑ پاؤں کو زمین پر روکتی ہے۔ رگڑ کا زاویہ 26.6 درجے ہے۔", "رگڑ")


def test_an_urdu_question_finds_the_english_sentence(chat: ExtractiveChat) -> None:
    reply = ask(chat, "رگڑ کا زاویہ کتنا ہوتا ہے؟", LIDAR, FRICTION)
    assert "an angle of 26.6 degrees" in reply.text


@pytest.mark.parametrize(
    ("question", "begins"),
    [
        ("رگڑ کا زاویہ کتنا ہوتا ہے؟", "تلاش کا ماڈل اردو نہیں پڑھتا"),
        ("Friction ka angle kitna hota hai?", "Talash ka model Urdu nahin parhta"),
    ],
)
def test_the_answer_says_in_the_readers_language_what_the_search_could_not_read(
    chat: ExtractiveChat, question: str, begins: str
) -> None:
    reply = ask(chat, question, FRICTION)
    introduction, _, quoted = reply.text.partition("\n\n")
    assert introduction.startswith(begins)
    assert language_of(introduction) == language_of(question)
    assert "26.6" in quoted
    assert all(note["start_index"] >= len(introduction) for note in reply.citations)


def test_a_search_that_reads_every_language_is_not_excused() -> None:
    chat = ExtractiveChat(embeddings=MiniLMEmbeddings(), multilingual_search=True)
    reply = ask(chat, "رگڑ کا زاویہ کتنا ہوتا ہے؟", FRICTION)
    assert reply.text.startswith("یہ اقتباسات کتاب کی اپنی زبان میں ہیں:")


def test_an_answer_in_the_readers_language_is_not_introduced_as_foreign() -> None:
    chat = ExtractiveChat(embeddings=MiniLMEmbeddings(), multilingual_search=True)
    reply = ask(chat, "رگڑ کا زاویہ کتنا ہوتا ہے؟", URDU_PAGE)
    assert "اپنی زبان میں" not in reply.text
    assert "26.6" in reply.text


@pytest.mark.parametrize(
    ("wanted", "begins"),
    [
        ("ur", "یہ اقتباسات"),
        ("Urdu", "یہ اقتباسات"),
        ("German", "This answer quotes the book"),
        ("en", "A coefficient of 0.5"),
        (None, "A coefficient of 0.5"),
    ],
)
def test_the_language_that_was_asked_for_counts(
    chat: ExtractiveChat, wanted: str | None, begins: str
) -> None:
    passages = FRICTION, LIDAR
    reply = ask(chat, "Which angle does a coefficient of 0.5 allow?", *passages, language=wanted)
    assert begins in reply.text[:120]


def test_nothing_is_introduced_when_nothing_answers(chat: ExtractiveChat) -> None:
    empty = Document(page_content="", metadata={"id": "x"})
    assert ask(chat, "رگڑ کیا ہے؟", empty).text == ""


def test_a_model_that_does_not_read_the_question_keeps_no_section_out(
    chat: ExtractiveChat,
) -> None:
    servo = as_passage("The angle of a servo is 90 degrees.", "Servos")
    reply = ask(chat, "Friction ka angle kitna hota hai?", FRICTION, servo)
    assert "90 degrees" in reply.text

"""Short questions in Urdu script, read in English."""

import pytest

from chains.question import said_in_urdu
from chains.question.urdu import in_english
from text.transliteration import Loanwords

LOANWORDS = Loanwords({"sensor": 5, "robot": 9, "topic": 4, "service": 3, "ros": 8, "2": 8})


@pytest.mark.parametrize(
    ("asked", "english"),
    [
        ("سینسر کیا ہے؟", "what is sensor"),
        ("ROS 2 میں ٹاپک کیا ہوتا ہے؟", "what is topic"),
        ("روبوٹ کیسے کام کرتا ہے", "how does robot work"),
        ("ٹاپک اور سروس میں کیا فرق ہے؟", "what is the difference between topic and service"),
        ("مجھے ٹاپک کے بارے میں بتائیں", "explain topic"),
    ],
)
def test_a_known_form_about_words_from_english_is_read_in_english(asked: str, english: str) -> None:
    assert in_english(asked, LOANWORDS) == english


@pytest.mark.parametrize("asked", ["بریانی کیا ہے؟", "سینسر", "robot کیوں گرتا ہے", "یہ کیا ہے"])
def test_what_says_more_stays_as_it_is(asked: str) -> None:
    assert in_english(asked, LOANWORDS) is None


@pytest.mark.parametrize(
    ("asked", "english"),
    [
        ("میں کہاں سے شروع کروں؟", "where do i start"),
        ("یہ کتاب کس کے لیے ہے؟", "who is this book for"),
        ("مزید بتائیں", "tell me more"),
        ("aur batao", "tell me more"),
        ("سینسر کیا ہے؟", None),
    ],
)
def test_what_is_said_of_the_book_or_the_answer_is_known_by_its_form(
    asked: str, english: str | None
) -> None:
    assert said_in_urdu.in_english(asked) == english

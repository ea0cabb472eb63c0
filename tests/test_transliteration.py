"""Loanwords of an Urdu question meet the English words of a book."""

import pytest

from text.transliteration import Loanwords
from text.vocabulary import Vocabulary

BOOK = """
robot sensor controller node topic service action simulation humanoid publisher python lifecycle
cylinder buffer digital twin factor unity capture point formula navigation local global cost map
hardware stereo camera graphics memory microphone sample record network friction balance gpu imu
before hand speed light event torch track simply
"""


@pytest.fixture(scope="module")
def words() -> Loanwords:
    return Loanwords(dict.fromkeys(BOOK.split(), 1))


@pytest.mark.parametrize(
    ("urdu", "english"),
    [
        ("روبوٹ", "robot"),
        ("سینسر", "sensor"),
        ("سینسرز", "sensor"),
        ("کنٹرولر", "controller"),
        ("نوڈ", "node"),
        ("سمولیشن", "simulation"),
        ("ہیومنائیڈ", "humanoid"),
        ("پبلشر", "publisher"),
        ("پائتھون", "python"),
        ("نیویگیشن", "navigation"),
        ("مائیکروفون", "microphone"),
        ("کیمرے", "camera"),
        ("يونٹی", "unity"),
    ],
)
def test_a_loanword_is_found_by_its_sound(words: Loanwords, urdu: str, english: str) -> None:
    assert words.english(urdu) == [english]


def test_a_word_that_urdu_writes_as_two_is_one(words: Loanwords) -> None:
    assert "network" in words.english("نیٹ ورک")
    assert "lifecycle" in words.english("لائف سائیکل")


def test_spelled_letters_are_an_abbreviation(words: Loanwords) -> None:
    assert words.english("جی پی یو کی میموری") == ["gpu", "memory"]
    assert words.english("آئی ایم یو سینسر کیا ہے؟") == ["imu", "sensor"]


def test_everyday_words_of_science_are_translated(words: Loanwords) -> None:
    assert words.english("رگڑ اور توازن") == ["friction", "balance"]


def test_words_that_say_nothing_become_none(words: Loanwords) -> None:
    assert words.english("یہ کیا ہے اور اسے کیسے بنایا جاتا ہے؟") == []


def test_an_urdu_word_that_resembles_no_english_one_is_left_out(words: Loanwords) -> None:
    assert words.english("خوبصورت صبح") == []


def test_english_in_the_question_stays(words: Loanwords) -> None:
    assert words.english("کیا colcon نوڈ بناتا ہے") == ["colcon", "node"]


def test_of_two_that_sound_alike_the_books_word_is_meant() -> None:
    words = Loanwords({"service": 40, "serves": 2})
    assert words.english("سروس") == ["service"]


def test_a_vocabulary_remembers_how_the_book_spells_its_words() -> None:
    vocabulary = Vocabulary()
    vocabulary.add("The Navigation node plans; navigation needs a map.")
    again = Vocabulary.loads(vocabulary.dumps())
    assert again.spellings["navigation"] == 1
    assert again.loanwords.english("نیویگیشن") == ["navigation"]

"""Words of many languages as sparse vectors."""

import pytest

from providers.qdrant.sparse import Bm25Encoder, encoder_for
from text.words import normalise


def _terms(text: str, language: str = "en") -> set[int]:
    return set(Bm25Encoder(language).embed_query(text).indices)


def test_english_forms_of_a_word_are_one_term() -> None:
    assert _terms("walking robots") == _terms("walk robot") == _terms("the Robot walks")


def test_names_in_code_are_found_by_their_parts() -> None:
    assert _terms("rclpy spin") == _terms("`rclpy.spin()`")
    assert _terms("cmd vel") == _terms("/cmd_vel")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("کیا", "كيا"),
        ("کِیا", "کیا"),
        ("ہے", "هے"),
        ("روبوٹ\u200c", "روبوٹ"),
        ("Ｒｏｂｏｔ", "robot"),
    ],
)
def test_what_readers_take_for_one_word_is_one_term(one: str, other: str) -> None:
    assert _terms(one, "ur") == _terms(other, "ur") != set()


def test_different_urdu_words_differ() -> None:
    assert _terms("روبوٹ", "ur").isdisjoint(_terms("توازن", "ur"))


def test_marks_that_carry_meaning_stay() -> None:
    assert normalise("कि") != normalise("क")
    assert normalise("naïve") == "naïve"


@pytest.mark.parametrize("language", ["de", "de-AT", "DE_de"])
def test_a_region_is_no_other_language(language: str) -> None:
    assert _terms("Häuser", language) == _terms("Haus", "de")


@pytest.mark.parametrize("language", ["ur", "ja", "x-unknown", ""])
def test_a_language_without_a_stemmer_is_split_into_words(language: str) -> None:
    assert len(_terms("walking robots walks", language)) == 3


def test_urdu_and_english_live_in_one_text() -> None:
    both = _terms("ROS 2 کا topic کیا ہے", "ur")
    assert _terms("topic", "ur") < both
    assert _terms("کیا", "ur") < both


def test_a_text_without_words_is_an_empty_vector() -> None:
    for text in ("", "???", "!!! ---"):
        assert Bm25Encoder().embed_query(text).indices == []
        assert Bm25Encoder().embed_documents([text])[0].values == []


def test_a_repeated_word_weighs_more_but_less_than_twice() -> None:
    once, twice = Bm25Encoder().embed_documents(["robot", "robot robot"])
    assert once.values[0] < twice.values[0] < 2 * once.values[0]


def test_a_question_counts_each_word_once() -> None:
    once = Bm25Encoder().embed_query("robot")
    assert Bm25Encoder().embed_query("robot robot robot") == once


def test_an_everyday_word_of_a_question_weighs_less_than_a_term() -> None:
    encoder = Bm25Encoder()
    (see,), (depth,), (costmap,) = (
        encoder.embed_query(word).values for word in ("see", "depth", "costmap")
    )
    assert see < depth < costmap == 1.0


def test_other_languages_weigh_every_word_of_a_question_alike() -> None:
    assert Bm25Encoder("de").embed_query("sehen Tiefe").values == [1.0, 1.0]


async def test_the_asynchronous_methods_say_the_same() -> None:
    encoder = encoder_for("en")
    assert await encoder.aembed_query("a robot") == encoder.embed_query("a robot")
    assert await encoder.aembed_documents(["a robot"]) == encoder.embed_documents(["a robot"])

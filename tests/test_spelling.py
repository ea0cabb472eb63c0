"""Typing errors and abbreviations, by the words of one small book."""

import pytest

from text.abbreviations import explained
from text.commonness import Commonness
from text.spelling import Speller
from text.vocabulary import Vocabulary

ENGLISH = Commonness({w: rank for rank, w in enumerate("the what which is work roller".split(), 1)})


def vocabulary() -> Vocabulary:
    words = Vocabulary()
    words.add("The zero moment point (ZMP) is where the moment of the foot is zero.")
    words.add("A lidar measures the distance; the controller of a humanoid reads it. Use rclpy.")
    words.add("See the wiki.")
    return words


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("wat is teh zero momment point", "what is the zero moment point"),
        ("wats a zero momment point", "whats a zero moment point"),
        ("Wich lidr mesures best?", "Which lidar measures best?"),
        ("compare humaniod contrllers", "compare humanoid controller"),
    ],
)
def test_a_typing_error_becomes_the_word_of_the_book(typed: str, meant: str) -> None:
    assert Speller(vocabulary(), ENGLISH).mended(typed) == meant


@pytest.mark.parametrize(
    "question",
    [
        "What is the roller?",  # ordinary English, though "controller" is near
        "Who is Lidor, the player?",
        "What do controllers measure?",
        "why does rclpy.spin_once not return",
        "how do I use tf2 in C++",
        "whats a lidar",
        "best biryani in karachi",
        "who is elon musk",
        "what if the wifi drops",
    ],
)
def test_names_code_and_ordinary_words_stay_as_they_are(question: str) -> None:
    assert Speller(vocabulary(), ENGLISH).mended(question) == question


def test_a_book_explains_its_abbreviations() -> None:
    text = "Use **Quality of Service** (QoS), see the figure (FIG) and Robots (see DDS)."
    assert list(explained(text)) == [("QoS", "Quality of Service")]
    read = Vocabulary.loads(vocabulary().dumps())
    assert read.long_form("zmp") == "zero moment point"
    assert read.long_form("DDS") is None

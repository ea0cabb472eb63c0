"""Small talk is recognised as a whole message, and answered in the reader's language."""

import pytest

from chains.question.small_talk import small_talk, without_opening
from chains.question.small_talk_replies import reply


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("hi", "greeting"),
        ("Hello there!", "greeting"),
        ("thanks a lot", "thanks"),
        ("who are you?", "who"),
        ("ok thanks, bye", "bye"),
        ("you are stupid", "rude"),
        ("this is so annoying", "rude"),
        ("that's really helpful, thx!", "thanks"),
        ("where does it say that?", "check"),
        ("which page is that", "check"),
        ("😀👍", "fine"),
        ("سلام", "greeting"),
        ("kaise ho", "how"),
        ("I am so confused", "lost"),
        ("this is really hard to follow", "lost"),
        ("سمجھ نہیں آیا", "lost"),
        ("hola", "greeting"),
    ],
)
def test_small_talk_is_recognised(text: str, kind: str) -> None:
    talk = small_talk(text)
    assert talk is not None
    assert talk.kind == kind


@pytest.mark.parametrize(
    "text",
    [
        "hi, what is ZMP?",
        "how does it work",
        "what is a node",
        "ok but why?",
        "robot",
        "?",
        "is it bad",
        "is it hard",
        "I am lost in the second step",
        "i feel like building a robot",
    ],
)
def test_a_question_is_never_swallowed(text: str) -> None:
    assert small_talk(text) is None


def test_the_language_that_was_asked_for_counts() -> None:
    talk = small_talk("hi")
    assert talk is not None
    assert reply(talk, "Robots", "ur").startswith("السلام علیکم")
    assert "Robots" in reply(talk, "Robots", None)


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("hi! what is ZMP?", "what is ZMP?"),
        ("hello there bot, what is a node", "what is a node"),
        ("thx! and a subscriber?", "and a subscriber?"),
        ("ok another question, how long does it take", "how long does it take"),
        ("good robots for beginners", "good robots for beginners"),
        ("test the robot", "test the robot"),
        ("which chapter is about walking", "which chapter is about walking"),
        ("are you sure? what is a node", "what is a node"),
        ("it is good to know what ZMP is", "it is good to know what ZMP is"),
        ("this is wrong. what is a node?", "what is a node?"),
        ("thanks", "thanks"),
    ],
)
def test_a_question_behind_a_greeting_is_read_alone(text: str, question: str) -> None:
    assert without_opening(text) == question


def test_a_greeting_in_roman_urdu_is_answered_in_it() -> None:
    talk = small_talk("salam")
    assert talk is not None
    assert reply(talk, "Robots", None).startswith("Assalam o alaikum!")

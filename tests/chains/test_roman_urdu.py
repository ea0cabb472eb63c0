"""Short questions in Roman Urdu, read in English."""

import pytest

from chains.question.roman_urdu import in_english


@pytest.mark.parametrize(
    ("asked", "english"),
    [
        ("ZMP kya hai?", "what is ZMP"),
        ("zero moment point kya hota hai batao", "what is zero moment point"),
        ("lidar kaise kaam karta hai?", "how does lidar work"),
        ("robot kaise chalta hai", "how does robot walk or run"),
        ("topic aur service mein kya farq hai", "what is the difference between topic and service"),
        ("costmap kyun zaroori hai", "why is costmap important"),
        ("mujhe samjhao ZMP", "explain ZMP"),
        ("mujhe lidar ke baare mein batao", "explain lidar"),
        ("kya mujhe GPU chahiye", "do i need GPU"),
        ("gazebo kaise install karun", "how to install gazebo"),
        ("URDF kis liye use hota hai?", "what is URDF used for"),
        ("yeh kaise kaam karta hai", "how does it work"),
        ("kyun?", "why is it important"),
        ("aur batao", "tell me more"),
        ("mujhe example do", "give me an example"),
        ("yeh kitab kis ke liye hai", "who is this book for"),
        ("mujhe robotics seekhna hai", "where can i learn about robotics"),
        ("kahan se shuru karun", "where do i start"),
    ],
)
def test_a_known_form_about_an_english_name_is_read_in_english(asked: str, english: str) -> None:
    assert in_english(asked) == english


@pytest.mark.parametrize(
    "asked",
    [
        "robot ko chalne ka tareeqa kya hai",
        "iska timeout kitna hai?",
        "kya hai",
        "what is ZMP",
        "example",
        "is it hard",
        "jazzy install karne ke baad kaise check karun",
    ],
)
def test_what_says_more_stays_as_it_is(asked: str) -> None:
    assert in_english(asked) is None

"""Which two things a question compares."""

import pytest

from text.comparison import compares, names_of_sides, sides_of


@pytest.mark.parametrize(
    ("question", "sides"),
    [
        ("URDF vs SDF", ("URDF", "SDF")),
        ("URDF vs SDF (Simulation Description Format)", ("URDF", "SDF")),
        ("what's the difference between a topic and a service?", ("a topic", "a service")),
        ("compare Gazebo with Unity", ("Gazebo", "Unity")),
        ("how does a node work", None),
        ("node vs a node", None),
    ],
)
def test_a_comparison_says_of_what(question: str, sides: tuple[str, str] | None) -> None:
    assert sides_of(question) == sides


def test_a_side_that_is_a_whole_clause_is_no_name() -> None:
    question = "is it faster to build all of it again rather than copying what was built before"
    assert sides_of(question)
    assert names_of_sides(question) is None


def test_what_lies_between_two_things_is_no_comparison() -> None:
    assert names_of_sides("what is the bridge between Gazebo and ROS 2") is None
    assert names_of_sides("how do I choose between Gazebo and Unity")


def test_a_sentence_compares_when_it_sets_one_side_against_the_other() -> None:
    sides = frozenset({"topic"}), frozenset({"servic"})
    words = frozenset({"topic", "servic"})
    assert compares("A topic has no answer, whereas a service has.", words, sides)
    assert not compares("Every node lists its topic and service names.", words, sides)
    assert not compares("A topic is faster than that.", frozenset({"topic"}), sides)

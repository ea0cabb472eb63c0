"""Which questions ask what a thing is, and which text says so."""

import pytest

from text.definitions import asks_what_is, defines, says_what_kind


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("what is gazebo", "gazebo"),
        ("What's an action server?", "action server"),
        ("explain the capture point", "capture point"),
        ("what is ZMP (zero moment point)?", "ZMP"),
        ("how does Gazebo work", ""),
        ("what is a node, and why", ""),
    ],
)
def test_a_question_for_a_definition_says_of_what(question: str, name: str) -> None:
    assert asks_what_is(question) == name


@pytest.mark.parametrize(
    "text",
    [
        "Gazebo is a simulator.",
        "It runs. **Gazebo** (once Ignition) is a simulator.",
        "# A heading\n\nGazebo refers to a family of programs.",
    ],
)
def test_a_sentence_that_begins_with_the_name_defines_it(text: str) -> None:
    assert defines(text, "gazebo")


@pytest.mark.parametrize(
    "text", ["Gazebo is started by hand.", "Run Gazebo: it is slow.", "A Gazebo world is a file."]
)
def test_other_sentences_define_nothing(text: str) -> None:
    assert not defines(text, "gazebo")


def test_nothing_is_defined_where_no_name_is_asked_for() -> None:
    assert not defines(" is a simulator.", "")


def test_a_long_text_is_read_in_bounds() -> None:
    assert not defines("* " * 200_000 + "gazebo ", "gazebo")


def test_a_definition_says_of_which_kind_a_thing_is() -> None:
    assert says_what_kind("It rains. A boat is a vessel.", "boat")
    assert not says_what_kind("A boat is only as good as its keel.", "boat")

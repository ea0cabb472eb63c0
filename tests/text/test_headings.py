"""What a heading names, and whom the text below it is for."""

import pytest

from text.headings import asks_of_trouble, is_about_the_page, is_named, is_of_trouble, name_in


@pytest.mark.parametrize(
    ("heading", "name"),
    [
        ("1. Isaac Sim: The Virtual World", "Isaac Sim"),
        ("Chapter 3: State Estimation", "State Estimation"),
        ("5.2 Power Grasps", "Power Grasps"),
        ("The zero moment point (ZMP)", "The zero moment point"),
        ("3D Object Detection", "3D Object Detection"),
        ("Chapter 3", ""),
    ],
)
def test_a_heading_names_what_stands_after_its_number(heading: str, name: str) -> None:
    assert name_in(heading) == name


def test_a_question_for_a_name_finds_the_heading_of_that_name() -> None:
    assert is_named("1. Isaac Sim: The Virtual World", "what is isaac sim?")
    assert is_named("Whisper", "how does Whisper work")
    assert is_named("Inertial Measurement Units (IMUs)", "what is an IMU")
    assert not is_named("Isaac Sim and Gazebo", "what is isaac sim?")
    assert not is_named("Chapter 3", "how is it done?")


@pytest.mark.parametrize(
    ("heading", "sentence"),
    [
        ("Connection Problems", ""),
        ("When the robot does not move", ""),
        ("The bridge", "**Issue**: Unity cannot connect"),
    ],
)
def test_what_is_for_those_in_trouble_is_known_by_its_heading_or_label(
    heading: str, sentence: str
) -> None:
    assert is_of_trouble(heading, sentence)


@pytest.mark.parametrize(
    "heading", ["Teaching Suggestions", "Common Student Challenges", "Instructor's Notes"]
)
def test_what_is_for_teachers_explains_nothing_to_readers(heading: str) -> None:
    assert is_about_the_page(heading)
    assert not is_about_the_page("Teaching a robot to walk")


def test_other_sections_are_for_everybody() -> None:
    assert not is_of_trouble("What a VLA model is not", "It issues commands.")


@pytest.mark.parametrize(
    "question",
    ["my camera isn't found", "it doesnt start", "why is it so slow", "what happens if it falls"],
)
def test_who_is_in_trouble_says_so(question: str) -> None:
    assert asks_of_trouble(question)


@pytest.mark.parametrize(
    "question", ["how do i connect unity to ros", "add a joint", "what is an agent"]
)
def test_who_wants_to_begin_is_in_no_trouble(question: str) -> None:
    assert not asks_of_trouble(question)

"""Which questions ask for code, and what it is to do."""

import pytest

from text.code import asks_for_code, code_words, comment_in, fits, holds_code, subject_of_code


@pytest.mark.parametrize(
    ("question", "subject"),
    [
        ("Give me code for a publisher", "publisher"),
        ("show me a script that starts Gazebo", "starts Gazebo"),
        ("publisher code?", "publisher"),
        ("code", "code"),
        ("show me a launch file", "launch file"),
        ("give me an example of a URDF", "URDF"),
        ("give me an SDF (Simulation Description Format) world", "SDF world"),
        ("give me the yaml for the planner", "yaml planner"),
    ],
)
def test_a_request_for_code_names_what_it_is_to_do(question: str, subject: str) -> None:
    assert asks_for_code(question)
    assert subject_of_code(question) == subject


@pytest.mark.parametrize(
    "question",
    [
        "What does this code do?",
        "How is a topic encoded?",
        "give me a definition of torque",
        "show me a picture of the robot",
        "give me an example",
        "give me an example of embodied intelligence",
        "show me how to stop the robot",
        "I always forget to stop my cloud machine at night. Is there a script for that, and when "
        "does it run?",
    ],
)
def test_other_questions_ask_for_no_code(question: str) -> None:
    assert not asks_for_code(question)


def test_names_in_code_are_read_word_by_word() -> None:
    assert {"minim", "publish"} <= code_words("class MinimalPublisher: create_publisher()")
    assert {"imu", "reader"} <= code_words("class IMUReader:")


def test_a_diagram_is_no_code() -> None:
    assert holds_code("Text.\n\n```python\nprint(1)\n```")
    assert not holds_code("```mermaid\ngraph TD\n```")


@pytest.mark.parametrize(
    ("question", "languages", "share"),
    [
        ("show me a URDF", {"xml"}, 1.0),
        ("show me a URDF", {"bash"}, 0.0),
        ("python code for a client", {"cpp"}, 0.0),
        ("show me an action client", {"python"}, 1.0),
        ("show me an action client", {"bash"}, 0.5),
        ("show me an action client", {"bash", "python"}, 1.0),
        ("give me a script that starts it", {"bash"}, 1.0),
    ],
)
def test_a_format_that_is_named_is_wanted_and_a_program_before_commands(
    question: str, languages: set[str], share: float
) -> None:
    assert fits(frozenset(languages), question) == share


def test_a_comment_is_one_of_its_language() -> None:
    assert comment_in("python", "…") == "# …"
    assert comment_in("xml", "…") == "<!-- … -->"
    assert comment_in("cpp", "…") == "// …"
    assert not comment_in("", "…")

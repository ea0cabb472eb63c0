"""Which questions ask for code, and what it is to do."""

import pytest

from text.code import asks_for_code, code_words, holds_code, subject_of_code


@pytest.mark.parametrize(
    ("question", "subject"),
    [
        ("Give me code for a publisher", "publisher"),
        ("show me a script that starts Gazebo", "starts Gazebo"),
        ("publisher code?", "publisher"),
        ("code", "code"),
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
        "I always forget to stop my cloud machine at night. Is there a script for that, and when "
        "does it run?",
    ],
)
def test_other_questions_ask_for_no_code(question: str) -> None:
    assert not asks_for_code(question)


def test_names_in_code_are_read_word_by_word() -> None:
    assert {"minim", "publish"} <= code_words("class MinimalPublisher: create_publisher()")


def test_a_diagram_is_no_code() -> None:
    assert holds_code("Text.\n\n```python\nprint(1)\n```")
    assert not holds_code("```mermaid\ngraph TD\n```")

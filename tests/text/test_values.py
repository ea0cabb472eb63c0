"""Prices and years: which questions ask for one, and which texts hold one."""

import pytest

from text.values import value_asked


@pytest.mark.parametrize(
    ("question", "holds", "lacks"),
    [
        ("What is the price of the arm?", "It sells for $1,200 a piece.", "It weighs 5 kg."),
        ("How much does the kit cost?", "**Edge Kit (~$700)**", "It costs a keystroke."),
        ("What does a G1 cost?", "About 13.500 € with tax.", "A kilogram costs $1 \\times 9.8$ N."),
        ("how much is a board", "The board sells for €250.", "The board draws 25 W."),
        ("What is the salary of an engineer?", "USD 90 an hour", "An engineer builds robots."),
        ("Which year did it begin?", "It began in 1986.", "It began early."),
    ],
)
def test_a_value_is_told_from_other_numbers(question: str, holds: str, lacks: str) -> None:
    value = value_asked(question)
    assert value is not None
    assert value.search(holds)
    assert not value.search(lacks)


@pytest.mark.parametrize("question", ["What is a costmap?", "How is inflation cost computed?"])
def test_other_questions_ask_for_no_value(question: str) -> None:
    assert value_asked(question) is None

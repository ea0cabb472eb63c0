"""Endings and corrections of typed words."""

import pytest

from text.completion import Completion

BOOK = Completion(
    {"node": 40, "nodes": 25, "noise": 9, "nominal": 2, "middleware": 12, "balance": 30, "ros": 90}
)


def likeliest(query: str) -> list[tuple[str, ...]]:
    return [word.words for word in BOOK.read(query)]


def test_the_last_word_is_completed_by_how_often_the_book_says_it() -> None:
    assert likeliest("ros no") == [("ros",), ("no", "node", "nodes", "noise", "nominal")]


def test_a_word_that_is_followed_by_a_space_is_complete() -> None:
    assert likeliest("node ") == [("node",)]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("balanse ", "balance"),
        ("midleware ", "middleware"),
        ("middelware ", "middleware"),
        ("midl", "middleware"),
        ("balnc", "balance"),
    ],
)
def test_a_misspelt_word_is_read_as_the_nearest_of_the_book(typed: str, meant: str) -> None:
    assert meant in likeliest(typed)[0]


@pytest.mark.parametrize("typed", ["zzzz ", "ros2 ", "42 ", "rso ", "x" * 2000])
def test_what_is_near_to_nothing_stays(typed: str) -> None:
    assert likeliest(typed) == [(typed.strip(),)]


def test_a_word_matches_its_endings_and_corrections_only() -> None:
    unfinished, finished = BOOK.read("balanse no")[0], BOOK.read("no ")[0]
    assert unfinished.matches("balance")
    assert not unfinished.matches("balancing")
    assert not finished.matches("node")
    assert BOOK.read("no")[0].matches("nonholonomic")


def test_a_query_of_many_words_is_read_in_bounds() -> None:
    assert len(BOOK.read("balanse " * 500)) == 12
    assert BOOK.read("") == []
    assert BOOK.read("؟ !") == []

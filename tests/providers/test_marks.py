"""Marks in a streamed text become citations that hold, however the text was cut into pieces."""

import re
import time
from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.annotations import Annotation
from providers.langchain.marks import MarkParser
from providers.langchain.thoughts import ThoughtFilter
from tests.counted import counting

IDS = ["a", "b", "c"]


def read(pieces: Iterable[str], ids: list[str] = IDS) -> tuple[str, list[Annotation]]:
    parser = MarkParser(ids)
    came = [parser.feed(piece) for piece in pieces] + [parser.end()]
    return "".join(text for text, _ in came), [note for _, notes in came for note in notes]


def cited(text: str) -> tuple[str, list[tuple[str, str]]]:
    """The clean text, and of each citation its text and its sources."""
    clean, notes = read([text])
    for note in notes:
        assert clean[note["start_index"] : note["end_index"]] == note["cited_text"]
    return clean, [(n["cited_text"], "".join(n["extras"]["source_ids"])) for n in notes]


@pytest.mark.parametrize(
    ("marked", "clean", "citations"),
    [
        ("ROS 2 is middleware [1].", "ROS 2 is middleware.", [("ROS 2 is middleware", "a")]),
        ("ROS 2 is middleware. [1]", "ROS 2 is middleware.", [("ROS 2 is middleware.", "a")]),
        ("ROS 2 is middleware.[1] Good.", "ROS 2 is middleware. Good.", [(..., "a")]),
        ("One[1] two", "One two", [("One", "a")]),
        ("One [1]two", "One two", [("One", "a")]),
        ("Both [1][3].", "Both.", [("Both", "ac")]),
        ("Both [1] [3].", "Both.", [("Both", "ac")]),
        ("Both [1], [3].", "Both.", [("Both", "ac")]),
        ("Both [1, 2].", "Both.", [("Both", "ab")]),
        ("All [1-3].", "All.", [("All", "abc")]),
        ("All [^2].", "All.", [("All", "b")]),
        ("Odd 【2†source】.", "Odd.", [("Odd", "b")]),
        ("A [1] and B [2].", "A and B.", [("A", "a"), ("and B", "b")]),
        ("One. Two. [2]", "One. Two.", [("Two.", "b")]),
        ("One [1]. [2]", "One.", [("One", "a"), ("One", "b")]),
        ("- One [1]\n- Two [2]\n", "- One\n- Two\n", [("One", "a"), ("Two", "b")]),
        (
            "1. Do this. [1]\n2. That [2]",
            "1. Do this.\n2. That",
            [("Do this.", "a"), ("That", "b")],
        ),
        ("See (it [1]).", "See (it).", [("See (it", "a")]),
        ("Nowhere [7].", "Nowhere.", []),
        ("Half [1, 9].", "Half.", [("Half", "a")]),
        ("Within [0, 1].", "Within [0, 1].", []),
        ("In [2024] too", "In [2024] too", []),
        ("A [link](https://x.example) [1]", "A [link](https://x.example)", [(..., "a")]),
        ("A [1](https://x.example)", "A [1](https://x.example)", []),
        ("Not \\[1\\] this", "Not \\[1\\] this", []),
        ("Take `values[1]` here [1].", "Take `values[1]` here.", [("Take `values[1]` here", "a")]),
        ("`x[1]` [2]", "`x[1]`", [("`x[1]`", "b")]),
        ("``a`[1]`` b [1]", "``a`[1]`` b", [("``a`[1]`` b", "a")]),
        ("A lone ` tick\nthen [1]", "A lone ` tick\nthen", [("then", "a")]),
        ("```py\nx[1] = [2]\n```\n[1]", "```py\nx[1] = [2]\n```\n", [("x[1] = [2]", "a")]),
        (
            "Run:\n\n  ~~~\n  a[1]\n  ~~~\nDone [2].",
            "Run:\n\n  ~~~\n  a[1]\n  ~~~\nDone.",
            [("Done", "b")],
        ),
        ("```\nnever [1] closed", "```\nnever [1] closed", []),
        ("[1] At first", "At first", []),
        ("[1]\n At first", "At first", []),
        ("[1]At first", "At first", []),
        ("یہ درست ہے۔ [1] اور یہ", "یہ درست ہے۔ اور یہ", [("یہ درست ہے۔", "a")]),
        ("Robots 🤖 move [1]!", "Robots 🤖 move!", [("Robots 🤖 move", "a")]),
        ("NOT_IN_BOOK", "NOT_IN_BOOK", []),
        ("", "", []),
        ("Trailing \n", "Trailing \n", []),
    ],
)
def test_a_mark_cites_what_stands_before_it(
    marked: str, clean: str, citations: list[tuple[str, str]]
) -> None:
    text, found = cited(marked)
    assert text == clean
    assert [ids for _, ids in found] == [ids for _, ids in citations]
    for (said, _), (wanted, _) in zip(found, citations, strict=True):
        assert wanted in (..., said)


def test_marks_that_name_no_passage_are_counted() -> None:
    with counting() as counted:
        read(["One [4]. Two [9, 1]. "])
    assert counted.events == ["citations_dropped"] * 2


TOKENS = "Robots . [1] [2 ,3] ] [ [9] ` ``` ~~~ ( x[1] \\ - ۔ 🤖 【1 】 1 ^ ** [0,1]".split()
PARTS = st.lists(
    st.sampled_from([*TOKENS, " ", "\n", "\n```\n", ", ", " " * 100]), max_size=14
).map("".join)


@settings(max_examples=400, deadline=None)
@given(text=PARTS | st.text(max_size=40), cuts=st.lists(st.integers(0, 300), max_size=8))
def test_how_a_text_is_cut_into_pieces_changes_nothing(text: str, cuts: list[int]) -> None:
    places = sorted({0, len(text), *(min(c, len(text)) for c in cuts)})
    pieces = [text[a:b] for a, b in pairwise(places)]
    whole = read([text])
    assert read(pieces) == read(list(text)) == whole
    clean, notes = whole
    for note in notes:
        assert clean[note["start_index"] : note["end_index"]] == note["cited_text"]
        assert note["cited_text"].strip()
    letters = re.sub(r"[^A-Za-z🤖]", "", clean)
    assert letters == re.sub(r"[^A-Za-z🤖]", "", text) or "【" in text


def test_text_is_passed_on_while_it_comes() -> None:
    parser = MarkParser(IDS)
    assert parser.feed("ROS 2 is")[0] == "ROS 2 is"
    assert parser.feed(" mid")[0] == " mid"
    assert parser.feed("dleware [")[0] == "dleware"
    assert parser.feed("1")[0] == ""
    text, notes = parser.feed("]. It")
    assert text == ". It"
    assert notes[0]["cited_text"] == "ROS 2 is middleware"


@pytest.mark.parametrize(
    "piece", ["[", "[1", "[1]", " ", "`", "~", "\\", "[1, ", "a. ", "【1†", "\n"]
)
def test_no_text_makes_reading_slow(piece: str) -> None:
    started = time.process_time()
    read([piece * 20_000])
    parser = MarkParser(IDS)
    for _ in range(3000):
        parser.feed(piece)
    parser.end()
    assert time.process_time() - started < 3


@pytest.mark.parametrize(
    ("pieces", "answer"),
    [
        (["<think>Hmm.</think>\n\nROS 2."], "ROS 2."),
        (["<th", "ink>", "a <b> c", "</thi", "nk>", "ROS", " 2."], "ROS 2."),
        (["\n<think>\n\n</think>\n\n", "ROS 2."], "ROS 2."),
        (["<thing> is a tag"], "<thing> is a tag"),
        (["<"], "<"),
        (["ROS 2 <think> no </think>"], "ROS 2 <think> no </think>"),
        (["<think>never ends"], ""),
    ],
)
def test_thoughts_are_no_part_of_the_answer(pieces: list[str], answer: str) -> None:
    thoughts = ThoughtFilter()
    assert "".join([thoughts.feed(p) for p in pieces]) + thoughts.end() == answer

"""A book's structure: reading order, numbers, and the questions that its headings answer."""

from collections.abc import Sequence

import pytest

from text.heading_questions import question_for
from text.outline import Outline
from text.outline_builder import OutlineBuilder
from text.places import places, row_places


def built(*rows: tuple[str, str, Sequence[str], str], locale: str = "en") -> Outline:
    """Pages of rows: path, title, breadcrumb, text."""
    builder = OutlineBuilder()
    for path, title, breadcrumb, text in rows:
        heading = breadcrumb[-1]
        ident = path if heading == title else f"{path}#{heading}"
        metadata = {
            "path": path,
            "title": title,
            "heading": heading,
            "breadcrumb": breadcrumb,
            "url": f"/docs/{ident}",
            "section_id": ident,
            "locale": "en",
            "kind": "text",
        }
        builder.add(text, metadata)
    return builder.outline(locale)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("What do I learn in week 5?", [("week", "5")]),
        ("summarize chapter three", [("chapter", "3")]),
        ("the second module", [("module", "2")]),
        ("Chapter 2.1: Kinematics", [("chapter", "2.1")]),
        ("part-3-motion-control", [("part", "3")]),
        ("باب 3 کا خلاصہ", [("chapter", "3")]),
        ("Module IV", [("module", "4")]),
        ("there are 5 chapters", []),
        ("one week is enough", []),
        ("weekly plan", []),
    ],
)
def test_numbered_places_are_read_as_people_write_them(
    text: str, found: list[tuple[str, str]]
) -> None:
    assert places(text) == found


@pytest.mark.parametrize(
    ("header", "row", "found"),
    [
        ("| Week | Topic |\n| --- | --- |", "| 5 | Worlds |", [("week", "5")]),
        ("| Week | Topic |", "| 1–3 | Basics |", [("week", "1"), ("week", "2"), ("week", "3")]),
        ("| | Topic |", "| Week 7 | Unity |", [("week", "7")]),
        ("| Layer | Rate |", "| 5 | 10 kHz |", []),
    ],
)
def test_a_row_of_a_plan_stands_for_its_week(
    header: str, row: str, found: list[tuple[str, str]]
) -> None:
    assert row_places(header, row) == found


@pytest.mark.parametrize(
    ("heading", "sentence", "question"),
    [
        ("Costmaps", "A costmap is a grid.", "What is a costmap?"),
        ("The Zero Moment Point (ZMP)", "The zero moment point is where …", "zero moment point?"),
        ("Nodes: the units", "Nodes are independent processes.", "What are nodes?"),
        ("What ROS 2 is", "", "What is ROS 2?"),
        ("How Gazebo works", "", "How does Gazebo work?"),
        ("Why use a simulator first?", "", "Why use a simulator first?"),
        ("What you will learn", "", ""),
        ("Summary", "The summary is short.", ""),
        ("Inertia", "The inertia tensor says how hard it is.", ""),
        ("Installing", "Run the commands.", ""),
    ],
)
def test_a_heading_becomes_a_question_only_when_its_section_answers_it(
    heading: str, sentence: str, question: str
) -> None:
    found = question_for(heading, [sentence])
    assert found.endswith(question)
    assert bool(found) == bool(question)


def test_pages_stand_in_reading_order() -> None:
    paths = ["glossary.md", "part-10-x/a.md", "part-2-y/02-b.md", "part-2-y/01-c.md", "intro.md"]
    outline = built(*[(path, path, [path], "Text.") for path in paths])
    ordered = [page.path for page in outline.pages]
    assert ordered == [paths[4], paths[3], paths[2], paths[1], paths[0]]


def test_an_outline_survives_storing() -> None:
    outline = built(
        ("plan.md", "Plan", ["Plan", "Weeks"], "| Week | Topic |\n| --- | --- |\n| 5 | Worlds |"),
        ("m1/a.md", "Nodes", ["Module 1", "Nodes"], "A node is a program."),
    )
    assert Outline.loads(outline.dumps()) == outline
    page, section = outline.pages[1], outline.pages[1].sections[0]
    assert page.path == "plan.md"
    assert section.places == (("week", "5"),)
    assert outline.pages[0].within == {("module", "1")}


@pytest.mark.parametrize(
    ("title", "heading", "called"),
    [
        ("Welcome", "Welcome to Physical AI", "Physical AI"),
        ("Welcome to Physical AI", "Introduction", "Physical AI"),
        ("Robots", "Robots", "Robots"),
        ("Introduction", "Introduction", "Introduction"),
    ],
)
def test_a_book_is_called_by_its_name_and_not_by_how_it_is_opened(
    title: str, heading: str, called: str
) -> None:
    assert built(("intro.md", title, [title, heading], "Text.")).title == called


def test_suggestions_come_from_all_parts_of_the_book() -> None:
    names = ["Costmap", "Gripper", "Lidar", "Gait", "Sensor", "Planner"]
    outline = built(
        *[(f"{n}.md", x, [x], f"A {x.lower()} is a thing.") for n, x in enumerate(names)]
    )
    assert len(outline.suggestions) == 3
    assert len(set(outline.suggestions)) == 3
    assert all(question.startswith("What is a ") for question in outline.suggestions)


def test_a_book_without_definitions_still_suggests_questions() -> None:
    outline = built(("a.md", "Walking", ["Walking"], "Run this."), ("b.md", "Arms", ["Arms"], ""))
    assert outline.suggestions == [
        "What does the book say about Walking?",
        "What does the book say about Arms?",
    ]

"""Which place of a book a question asks for."""

import pytest

from chains.question.places import find
from tests.text.test_outline import built

OUTLINE = built(
    ("intro.md", "A book", ["A book"], "This book is about robots."),
    ("m1/01-nodes.md", "Nodes and Topics", ["Module 1", "Nodes and Topics"], "Nodes."),
    ("m1/01-nodes.md", "Nodes and Topics", ["Module 1", "Nodes and Topics", "Exercises"], "1. Do."),
    ("m1/02-walking.md", "Walking", ["Module 1", "Walking"], "Walking."),
    ("m1/02-walking.md", "Walking", ["Module 1", "Walking", "Worlds to work with"], "Two."),
    ("m2/01-worlds.md", "Worlds and models", ["Module 2", "Worlds and models"], "Worlds."),
    ("m2/02-files.md", "Files of worlds", ["Module 2", "Files of worlds"], "Files."),
    ("intro.md", "A book", ["A book", "Prerequisites"], "Python."),
    ("plan.md", "Plan", ["Plan", "Weeks"], "| Week | Topic |\n| --- | --- |\n| 5 | Worlds |"),
)


@pytest.mark.parametrize(
    ("question", "task", "first"),
    [
        ("What do I learn in week 5?", "row", "plan.md#Weeks"),
        ("summarize chapter 2", "outline", "m1/02-walking.md"),
        ("overview of module 1", "contents", "m1/01-nodes.md"),
        ("exercises of the nodes chapter", "exercises", "m1/01-nodes.md#Exercises"),
        ("quiz me on topics", "exercises", "m1/01-nodes.md#Exercises"),
        ("test me on topics", "exercises", "m1/01-nodes.md#Exercises"),
        ("where do I start?", "outline", "intro.md"),
        ("what is this book about?", "contents", "intro.md"),
        ("what's in this book", "contents", "intro.md"),
        ("what should I know before I start this book?", "part", "intro.md#Prerequisites"),
        ("who is this book for?", "part", "intro.md#Prerequisites"),
        ("what are the prerequisites", "part", "intro.md#Prerequisites"),
        ("which chapters are about walking?", "chapters", "m1/02-walking.md"),
        ("where are topics explained?", "chapters", "m1/01-nodes.md"),
        ("what can I read about walking?", "chapters", "m1/02-walking.md"),
        ("worlds", "chapters", "m2/01-worlds.md"),
    ],
)
def test_a_place_of_the_book_is_found(question: str, task: str, first: str) -> None:
    found = find(question, OUTLINE)
    assert found is not None
    assert (found.task, found.sections[0]) == (task, first)


@pytest.mark.parametrize(
    "question",
    [
        "What is a node?",
        "summarize chapter 9",
        "how do I test a node",
        "week",
        "why?",
        "which chapters are about cooking?",
        "what can a robot learn about walking?",
    ],
)
def test_a_question_about_the_subject_is_left_to_the_search(question: str) -> None:
    assert find(question, OUTLINE) is None


def test_where_to_begin_is_asked_of_the_book_but_not_how_to_begin_something() -> None:
    found = find("where do I start with this?", OUTLINE, begins=True)
    assert found is not None
    assert found.task == "outline"
    assert find("how do I start it", OUTLINE) is None


def test_whether_a_chapter_is_hard_is_told_by_what_stands_there() -> None:
    found = find("is chapter 2 hard?", OUTLINE)
    assert found is not None
    assert (found.sections[0], found.exact) == ("m1/02-walking.md", False)


def test_a_chapter_is_named_by_a_word_of_its_title_alone() -> None:
    page = ("m1/03-balance.md", "Balance and Gait")
    outline = built(
        (*page, ["Balance and Gait"], "A robot falls."),
        (*page, ["Balance and Gait", "Stepping"], "It steps."),
    )
    found = find("balance", outline)
    assert found is not None
    assert found.sections[0] == "m1/03-balance.md"
    assert find("stepping", outline) is None
    many = built(
        ("a.md", "Robot arms", ["Robot arms"], "Arms."), ("b.md", "Robot legs", ["Robot legs"], "")
    )
    listed = find("robot", many)
    assert listed is not None
    assert (listed.task, list(listed.sections)) == ("chapters", ["a.md", "b.md"])
    assert find("how do robots balance", outline) is None


def test_what_a_new_site_came_with_is_no_content_of_the_book() -> None:
    outline = built(
        ("intro.md", "A book", ["A book"], "About robots."),
        ("m1/a.md", "Nodes", ["Nodes"], "Nodes."),
        ("tutorial-basics/deploy.md", "Deploy your site", ["Deploy your site"], "Build it."),
    )
    found = find("list the chapters", outline)
    assert found is not None
    assert list(found.sections) == ["intro.md", "m1/a.md"]


def test_a_module_that_is_named_is_preferred_to_a_chapter_of_that_name() -> None:
    outline = built(
        ("m3/01-isaac-sim.md", "Isaac Sim", ["Module 3", "Isaac Sim"], "A simulator."),
        ("m3/index.md", "Module 3: The Brain (Isaac)", ["Module 3: The Brain (Isaac)"], "Brains."),
    )
    found = find("summarize the module on Isaac", outline)
    assert found is not None
    assert found.sections[0] == "m3/index.md"


def test_this_is_the_book_where_nothing_was_said_before() -> None:
    found = find("whats this about", OUTLINE, begins=True)
    assert found is not None
    assert found.task == "contents"
    assert find("whats this about", OUTLINE) is None

"""What the book says of itself: what is needed, how long it takes, how it is marked."""

import pytest

from chains.evidence.abstention import Verdict
from chains.pipeline import ChainParts, build_chain
from chains.question.own_parts import asked_of, is_of_the_reader, part_of
from chains.question.places import find
from schema import Answer
from tests.chains.test_flow import parts
from tests.fakes import MemoryStore, chunk
from tests.text.test_outline import built
from text.words import tokens

OUTLINE = built(
    ("intro.md", "A book", ["A book"], "This book is about boats."),
    ("intro.md", "A book", ["A book", "How the book is organised"], "It takes six weeks."),
    ("intro.md", "A book", ["A book", "Prerequisites"], "You can swim and use a saw."),
    ("m1/01-hulls.md", "Hulls", ["Hulls"], "Hulls float."),
    ("m1/01-hulls.md", "Hulls", ["Hulls", "Exercises"], "1. Carve."),
    ("m1/02-sails.md", "Sails", ["Sails", "Repair schedule of old sails"], "Weeks pass."),
    ("m1/02-sails.md", "Sails", ["Sails", "Exercises"], "1. Sew."),
    ("plan.md", "Plan", ["Plan", "Assessment"], "Two exams."),
)


@pytest.mark.parametrize(
    ("question", "section"),
    [
        ("How do I pass the course?", "plan.md#Assessment"),
        ("is there an exam", "plan.md#Assessment"),
        ("do I get a certificate", "plan.md#Assessment"),
        ("who is this book for", "intro.md#Prerequisites"),
    ],
)
def test_a_part_on_the_book_itself_is_found_by_its_heading(question: str, section: str) -> None:
    assert part_of(tokens(question), OUTLINE) == [section]


@pytest.mark.parametrize("question", ["how do I pass a parameter", "what is a final class"])
def test_marks_are_not_meant_where_something_else_is_named(question: str) -> None:
    assert not part_of(tokens(question), OUTLINE)


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("do I need a saw", ("intro.md#Prerequisites", True)),
        ("is a saw required?", ("intro.md#Prerequisites", True)),
        ("do I need math", ("intro.md#Prerequisites", False)),
        ("do I need to know calculus", ("intro.md#Prerequisites", True)),
        ("can I use a laser", (None, False)),
        ("how long does the course take?", ("intro.md#How the book is organised", True)),
        ("how many weeks is this", ("intro.md#How the book is organised", True)),
    ],
)
def test_a_part_tells_what_is_needed_by_the_word_or_for_want_of_another(
    question: str, told: tuple[str | None, bool]
) -> None:
    asked = asked_of(question, OUTLINE)
    assert asked is not None
    held = {"intro.md#Prerequisites": frozenset({"swim", "saw"})}
    held["intro.md#How the book is organised"] = frozenset({"six", "week"})
    assert asked.told_by(held) == told


@pytest.mark.parametrize(
    "question",
    [
        "how long does the hull take to dry",
        "do I need to sand the hull of a wooden boat before painting",
        "do I need a saw: how is it sharpened?",
        "what is needed",
    ],
)
def test_a_question_about_the_subject_asks_for_no_such_part(question: str) -> None:
    assert asked_of(question, OUTLINE) is None


def test_what_a_reader_needs_is_no_topic_that_may_take_long() -> None:
    assert is_of_the_reader("do I need a saw")
    assert not is_of_the_reader("how is a saw sharpened")


def test_exercises_of_nothing_are_those_of_every_page() -> None:
    found = find("exercises?", OUTLINE, begins=True)
    assert found is not None
    assert found.sections == ["m1/01-hulls.md#Exercises", "m1/02-sails.md#Exercises"]


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("what should I learn first?", "intro.md"),
        ("where do I start if I only want sails", "m1/02-sails.md#Repair schedule of old sails"),
    ],
)
def test_where_to_begin_is_told_by_the_book(question: str, first: str) -> None:
    found = find(question, OUTLINE)
    assert found is not None
    assert found.sections[0] == first


CHUNKS = [
    chunk("You can swim and use a saw.", "Prerequisites", path="intro.md"),
    chunk("A saw is sharpened with a file, as need be.", "Saws", path="m1/saws.md"),
]


def scorer(*, judged: bool) -> ChainParts:
    verdict = Verdict(1.0, answerable=True, sure=False, confidence="low", judged=judged)
    made = parts(scorer=lambda *given, **named: verdict)
    made.retriever.store = MemoryStore(CHUNKS)
    return made


async def test_a_part_answers_alone_unless_a_model_reads_what_else_was_found() -> None:
    asked = "do I need a saw"
    alone = Answer.model_validate(await build_chain(scorer(judged=False)).ainvoke(asked))
    assert [source.heading for source in alone.sources] == ["Prerequisites"]
    assert alone.confidence == "high"
    read = Answer.model_validate(await build_chain(scorer(judged=True)).ainvoke(asked))
    assert [source.heading for source in read.sources] == ["Prerequisites", "Saws"]

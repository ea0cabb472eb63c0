"""The committed question sets against the committed book."""

from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from chains.question.selection import share_held
from evals.questions import FOLDER, EvalQuestion, load_questions, section_key
from loaders.sources import load_all

BOOK = Path(__file__).resolve().parents[2] / "book"
QUESTIONS = load_questions(sorted(FOLDER.glob("*.jsonl")))


@cache
def sections() -> dict[str, str]:
    """Text of every section; sections of one page that share a heading are joined."""
    found: dict[str, str] = {}
    for section in load_all([BOOK]):
        metadata = section.metadata
        key = section_key(metadata["path"], metadata["heading"])
        found[key] = f"{found.get(key, '')}\n{section.page_content}"
    return found


def plain(text: str) -> str:
    return " ".join(text.casefold().replace("`", "").replace("*", "").split())


def test_there_are_enough_questions_of_every_kind() -> None:
    counts = Counter(q.kind for q in QUESTIONS)
    assert len(QUESTIONS) >= 220
    assert counts["answerable"] >= 100
    assert min(counts.values()) >= 10
    assert {q.category for q in QUESTIONS if q.kind == "not_in_book"} == {
        "near_miss",
        "off_topic",
        "misuse",
    }


def test_ids_are_unique_and_both_splits_hold_every_kind() -> None:
    assert max(Counter(q.id for q in QUESTIONS).values()) == 1
    for split in ("dev", "test"):
        assert {q.kind for q in QUESTIONS if q.split == split} == {q.kind for q in QUESTIONS}


@pytest.mark.parametrize("question", [q for q in QUESTIONS if q.gold], ids=lambda q: q.id)
def test_a_gold_section_exists_and_holds_the_fact(question: EvalQuestion) -> None:
    texts = [sections()[gold.key] for gold in question.gold]
    assert any(plain(fact) in plain(text) for fact in question.facts for text in texts)


@pytest.mark.parametrize("question", [q for q in QUESTIONS if q.selected_text], ids=lambda q: q.id)
def test_a_selection_stands_in_its_section(question: EvalQuestion) -> None:
    selection = question.selected_text or ""
    assert max(share_held(selection, sections()[gold.key]) for gold in question.gold) >= 0.7


def test_questions_without_an_answer_name_no_section_and_follow_ups_have_a_history() -> None:
    for question in QUESTIONS:
        assert bool(question.gold) == (question.kind != "not_in_book")
        assert bool(question.history) == (question.kind == "follow_up")


def test_no_question_is_asked_twice() -> None:
    asked = Counter(
        (plain(q.question), q.selected_text, tuple(t.question for t in q.history))
        for q in QUESTIONS
    )
    assert [question for question, times in asked.items() if times > 1] == []

"""The figures, on outcomes whose values can be worked out by hand."""

from pathlib import Path
from typing import Any

import pytest

from errors import FixConfiguration
from evals.measures import Outcome, citations, table
from evals.questions import EvalQuestion, load_questions
from evals.report import as_text, plot
from schema import Answer, Citation, Source, Usage


def source(heading: str, text: str = "ROS 2 is middleware.") -> Source:
    return Source(
        id=heading,
        title="Page",
        heading=heading,
        breadcrumb=["Page", heading],
        path="a.md",
        url="",
        text=text,
        score=1.0,
    )


def outcome(kind: str, *, rank: int | None = None, status: str = "answered") -> Outcome:
    gold = [] if kind == "not_in_book" else [{"path": "a.md", "heading": "Gold"}]
    facts = ["middleware"] if gold else []
    fields: dict[str, Any] = {"id": f"{kind}{rank}{status}", "kind": kind, "question": "?"}
    question = EvalQuestion.model_validate({**fields, "gold": gold, "facts": facts})
    ranked = [source(f"Other {i}") for i in range(9)]
    if rank is not None:
        ranked.insert(rank - 1, source("Gold"))
    answer = Answer(
        answer_id="a",
        status=status,  # type: ignore[arg-type]  # any status that a test names
        answer="ROS 2 is `middleware`.",
        citations=[],
        sources=[],
        standalone_question="?",
        book_version="v",
        model="m",
        usage=Usage(provider_calls=2),
        timings_ms={},
    )
    return Outcome(question, answer, ranked, 0.1)


def test_retrieval_figures_follow_the_rank_of_the_gold_section() -> None:
    row = table([outcome("answerable", rank=1), outcome("answerable", rank=4)])["answerable"]
    assert (row["hit@1"], row["hit@5"], row["hit@10"]) == (0.5, 1.0, 1.0)
    assert row["MRR"] == pytest.approx((1 + 1 / 4) / 2)
    assert row["fact rate"] == 1.0
    assert row["calls"] == 2


def test_a_gold_section_that_was_not_found_counts_as_nothing() -> None:
    row = table([outcome("answerable")])["answerable"]
    assert (row["hit@10"], row["MRR"], row["nDCG@10"]) == (0, 0, 0)


def test_abstention_counts_both_errors() -> None:
    rows = table(
        [
            outcome("not_in_book", status="not_in_book"),
            outcome("not_in_book"),
            outcome("answerable", rank=1, status="not_in_book"),
            outcome("answerable", rank=2),
        ]
    )
    assert rows["all"]["abstention recall"] == 0.5
    assert rows["all"]["abstention precision"] == 0.5
    assert rows["all"]["false refusals"] == 0.5


def test_a_citation_counts_when_its_passage_holds_the_words() -> None:
    text = "ROS 2 is middleware. Paris is a city."
    answer = outcome("answerable").answer.model_copy(
        update={
            "answer": text,
            "sources": [source("Gold")],
            "citations": [
                Citation(start=0, end=20, text=text[:20], source_ids=["Gold"]),
                Citation(start=21, end=37, text=text[21:], source_ids=["Gold"]),
            ],
        }
    )
    assert citations([answer]) == {"citation precision": 0.5, "coverage": 1.0}


def test_the_split_depends_on_the_id_alone_and_is_about_even() -> None:
    questions = [EvalQuestion(id=f"m1-{i:03}", kind="answerable", question="?") for i in range(400)]
    share = sum(q.split == "dev" for q in questions) / 400
    assert 0.4 < share < 0.6


def test_a_line_that_is_no_question_is_named(tmp_path: Path) -> None:
    file = tmp_path / "q.jsonl"
    file.write_text('{"id":"a","kind":"answerable","question":"?"}\n{"id":"b"}\n', "utf-8")
    with pytest.raises(FixConfiguration, match=r"q\.jsonl:2"):
        load_questions([file])


def test_the_report_is_a_table_and_a_picture(tmp_path: Path) -> None:
    rows = table([outcome("answerable", rank=1), outcome("not_in_book", status="not_in_book")])
    assert "| hit@1" in as_text(rows)
    plot(rows, tmp_path / "q.png")
    assert (tmp_path / "q.png").read_bytes().startswith(b"\x89PNG")

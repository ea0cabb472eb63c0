"""The gate is fitted on what it is not measured on, and treats every set alike."""

from dataclasses import fields, replace

import numpy as np

from chains.evidence.evidence import Evidence
from evals.fit import Case, Line, QuestionSet, line
from evals.questions import FOLDER, load_questions

_SHARES = {f.name: 0.0 for f in fields(Evidence) if f.name != "compared"}
NOTHING = Evidence(**_SHARES, compared=True)


def cases(book: str, kind: str, many: int, covered: float = 0.0) -> list[Case]:
    evidence = replace(NOTHING, covered=covered)
    return [Case(book, kind, f"{kind} {i}", evidence, book) for i in range(many)]


def test_the_line_keeps_the_wanted_share_of_the_hardest_set() -> None:
    asked = [*cases("easy", "answerable", 10), *cases("hard", "answerable", 10)]
    scores = np.array([*range(10, 20), *range(10)], dtype=float)
    near = cases("hard", "near", 1)
    found = line(np.append(scores, -1.0), [*asked, *near], 0.7, [0.0])
    assert (scores[10:] >= found.least).mean() == 0.7


def test_a_well_covered_question_needs_more_where_near_misses_are_well_covered() -> None:
    asked = [*cases("own", "answerable", 4), *cases("near", "answerable", 4, covered=1.0)]
    misses = cases("near", "near", 4, covered=1.0)
    scores = np.array([0, 0, 0, 0, 3, 3, 3, 3, 1, 1, 1, 1], dtype=float)
    assert line(scores, [*asked, *misses], 1.0, [0.0]) == Line(0.0, 0.0)
    assert line(scores, [*asked, *misses], 1.0, [0.0, 2.0]).stricter == 2.0


def test_the_samples_questions_for_measuring_are_not_fitted_on() -> None:
    files = sorted(FOLDER.glob("*.jsonl"))
    fitted = QuestionSet.read(f"sample=nowhere={','.join(map(str, files))}")
    kept_back = {question.question for question in load_questions(files, "test")}
    assert fitted.answerable
    assert kept_back.isdisjoint([*fitted.answerable, *fitted.unanswerable])

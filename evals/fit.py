"""``python -m evals.fit``: fits the weights of the gate on several books at once.

Each set is a folder that holds a book's index (``DATA_DIR`` of ``python -m loaders``) and a file of
questions. Besides each set's own questions, some of every other set are asked of its book: they
are foreign to it. Every set weighs the same. What is printed is measured with the set left out of
the fit, and by cross-validation with all sets in it.
"""

import argparse
import asyncio
import json
import random
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from chains.evidence.abstention import WEIGHTS, Weights, well_covered
from chains.evidence.evidence import Evidence, gather
from chains.evidence.retriever import BookRetriever
from errors import FixConfiguration
from evals.questions import FOLDER, load_questions
from providers.embedded.word_ranks import english
from providers.factory import open_stores
from providers.models import build_models
from settings import load_settings
from text.words import language_of

ANSWERED: Final = ("scaled", "scaled_sentence", "covered", "names", "unknown", "capitals")
SURE: Final = (
    *("sentence", "covered_first", "names", "unknown", "missing_most", "capitals", "pairs"),
    *("lead", "length", "words", "personal"),
)
SURE_WHERE_COVERED: Final = ("nearness", "sentence", "missing", "negated", "personal", "lead")
FALSE_REFUSALS: Final = 0.068
SURE_OF_ANSWERABLE: Final = 0.72
NEAR_SURE: Final = 0.48
_FOREIGN: Final = 20
"""Questions of each other set that are asked of a book."""
_WEIGHT: Final = {"answerable": 100.0, "near": 100.0, "foreign": 30.0}
_FOLDS: Final = 5
_RIDGE: Final = 5.0
_STEPS: Final = 25
_STRICTER: Final = [step / 10 for step in range(40)]
"""How much more evidence a well covered question may need."""

Kind = str
Array = NDArray[np.float64]


@dataclass
class Case:
    """One question put to one book."""

    book: str
    kind: Kind
    """``answerable``, ``near`` (of the set itself) or ``foreign`` (of another one)."""
    question: str
    evidence: Evidence
    of: str
    """The set that the question comes from."""


@dataclass
class QuestionSet:
    """A book's index and the questions about it."""

    name: str
    folder: Path
    answerable: list[str] = field(default_factory=list)
    unanswerable: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, given: str) -> "QuestionSet":
        """From ``NAME=FOLDER=FILE[,FILE…]``.

        Raises:
            FixConfiguration: it is not of that form, or a file cannot be read.
        """
        try:
            name, folder, files = given.split("=")
            found = cls(name, Path(folder))
            for file in map(Path, files.split(",")):
                if file.resolve().parent == FOLDER:
                    # The other split is what the fitted gate is measured on.
                    for question in load_questions([file], "dev"):
                        found.add({"kind": question.kind, "question": question.question})
                    continue
                for line in file.read_text("utf-8").splitlines():
                    found.add(json.loads(line))
        except (ValueError, OSError) as error:
            raise FixConfiguration(f"--set {given}: {error}") from None
        return found

    def add(self, row: Mapping[str, str]) -> None:
        """Keeps a question in English that stands alone."""
        kind = row.get("kind", "answerable")
        if language_of(row["question"]) != "en":
            return
        if kind in ("unanswerable", "not_in_book"):
            self.unanswerable.append(row["question"])
        elif kind == "answerable":
            self.answerable.append(row["question"])


async def collect(
    sets: Sequence[QuestionSet], most: int, related: Sequence[frozenset[str]]
) -> list[Case]:
    """The evidence for every question on its book, and for some on each of the others."""
    cases: list[Case] = []
    chance = random.Random(0)  # noqa: S311 - a sample, not a secret
    for book in sets:
        asked = [("answerable", q, book.name) for q in _some(book.answerable, most, chance)]
        asked += [("near", q, book.name) for q in _some(book.unanswerable, most, chance)]
        for other in sets:
            if other is not book and {other.name, book.name} not in related:
                some = _some(other.answerable, _FOREIGN, chance)
                asked += [("foreign", q, other.name) for q in some]
        cases += await _ask(book, asked)
    return cases


def _some(questions: list[str], most: int, chance: random.Random) -> list[str]:
    return questions if len(questions) <= most else chance.sample(questions, most)


async def _ask(book: QuestionSet, asked: Sequence[tuple[Kind, str, str]]) -> list[Case]:
    settings = load_settings().model_copy(update={"data_dir": book.folder})
    models = build_models(settings)
    cases = []
    async with open_stores(settings, models.embeddings) as (store, _):
        retriever = BookRetriever(store=store, multilingual=False)
        info = await store.info()
        if info is None:
            raise FixConfiguration(f"{book.folder} holds no index")
        vocabulary = await store.vocabulary(info.book_version)
        for kind, question, of in asked:
            passages = await retriever.ainvoke(question)
            if passages:
                found = gather(question, passages, vocabulary, info.calibration, english())
                cases.append(Case(book.name, kind, question, found, of))
    return cases


def design(cases: Sequence[Case], plain: Sequence[str], covered: Sequence[str]) -> Array:
    """A row per case: the plain evidence, then that which counts where a passage covers it.

    Its last column is how well it does, where that counts.
    """
    rows = []
    for case in cases:
        values, full = asdict(case.evidence), well_covered(case.evidence)
        rows.append(
            [values[n] for n in plain]
            + [full * values[n] for n in covered]
            + [full] * bool(covered)
        )
    return np.array(rows, dtype=float)


def balanced(cases: Sequence[Case]) -> Array:
    """Weights that make every set, and every kind of question within it, count the same."""
    sizes: dict[tuple[str, Kind], int] = {}
    for case in cases:
        sizes[case.book, case.kind] = sizes.get((case.book, case.kind), 0) + 1
    return np.array([_WEIGHT[c.kind] / sizes[c.book, c.kind] for c in cases])


def logistic(rows: Array, yes: Array, weights: Array) -> tuple[Array, float]:
    """Coefficients and offset of a ridge logistic regression, by Newton's method."""
    middle, spread = rows.mean(0), rows.std(0) + 1e-9
    scaled = np.c_[(rows - middle) / spread, np.ones(len(rows))]
    ridge = np.eye(scaled.shape[1]) * _RIDGE
    ridge[-1, -1] = 0
    found = np.zeros(scaled.shape[1])
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-scaled @ found))
        slope = scaled.T @ (weights * (chance - yes)) + ridge @ found
        bend = (scaled * (weights * chance * (1 - chance))[:, None]).T @ scaled + ridge
        found -= np.linalg.solve(bend, slope)
    coefficients = found[:-1] / spread
    return coefficients, float(found[-1] - coefficients @ middle)


@dataclass(frozen=True)
class Line:
    """The score from which a question passes, and how much more where it is well covered."""

    least: float
    stricter: float


@dataclass
class Fit:
    """One of the two questions of the gate, fitted."""

    plain: Sequence[str]
    covered: Sequence[str]
    kinds: frozenset[Kind]
    """What counts as a no."""
    near_of: frozenset[str] | None = None
    """Sets whose near misses count; None: all."""

    def cases(self, cases: Sequence[Case]) -> list[Case]:
        """Those that it is fitted on."""
        return [c for c in cases if c.kind == "answerable" or self._no(c)]

    def _no(self, case: Case) -> bool:
        if case.kind == "near" and self.near_of is not None:
            return case.book in self.near_of
        return case.kind in self.kinds

    def train(self, cases: Sequence[Case]) -> tuple[Array, float]:
        """Coefficients and offset."""
        used = self.cases(cases)
        yes = np.array([float(c.kind == "answerable") for c in used])
        return logistic(design(used, self.plain, self.covered), yes, balanced(used))

    def apply(self, trained: tuple[Array, float], cases: Sequence[Case]) -> Array:
        """Scores."""
        return design(cases, self.plain, self.covered) @ trained[0] + trained[1]

    def left_out(self, cases: Sequence[Case], groups: Sequence[object]) -> Array:
        """The score of every case by a fit without its group."""
        scores = np.zeros(len(cases))
        for group in sorted(set(groups), key=str):
            inside = np.array([g == group for g in groups])
            rest = [c for c, i in zip(cases, inside, strict=True) if not i]
            mine = [c for c, i in zip(cases, inside, strict=True) if i]
            scores[inside] = self.apply(self.train(rest), mine)
        return scores

    def weights(self, trained: tuple[Array, float], line: Line) -> Weights:
        """As the gate reads them: the line lies at 0."""
        values = [round(float(value), 4) for value in trained[0]]
        names, last = len(self.plain), values.pop() if self.covered else 0.0
        return Weights(
            dict(zip(self.plain, values[:names], strict=True)),
            dict(zip(self.covered, values[names:], strict=True)),
            round(trained[1] - line.least, 4),
            round(last - line.stricter, 4),
        )


def line(scores: Array, cases: Sequence[Case], share: float, stricter: Sequence[float]) -> Line:
    """The line that keeps this share of the answerable questions of every set.

    Of all such lines, the one that tells best apart, among those that let at most ``NEAR_SURE``
    of any set's near misses pass, if one does.
    """
    kinds, books = (np.array([getattr(c, name) for c in cases]) for name in ("kind", "book"))
    full = np.array([well_covered(c.evidence) for c in cases])

    def passed(least: float, moved: Array, kind: Kind) -> list[float]:
        groups = (moved[(books == book) & (kinds == kind)] for book in dict.fromkeys(books))
        return [float((group >= least).mean()) for group in groups if len(group)]

    def tried(more: float) -> tuple[float, float, Line]:
        moved = scores - more * full
        own = (moved[(books == book) & (kinds == "answerable")] for book in set(books))
        least = min(float(np.quantile(one, 1 - share)) for one in own)
        near = passed(least, moved, "near")
        gain = np.mean(passed(least, moved, "answerable")) - np.mean(near)
        return max(0.0, max(near) - NEAR_SURE), -float(gain), Line(least, more)

    return min(map(tried, stricter), key=lambda one: one[:2])[2]


def table(
    answered: Array, sure: Array, cases: Sequence[Case], low: Line, high: Line
) -> dict[str, dict[str, float]]:
    """By set: false refusals, what is refused or answered surely of each kind."""
    full = np.array([well_covered(c.evidence) for c in cases])
    no = answered - low.stricter * full < low.least
    yes = ~no & (sure - high.stricter * full >= high.least)
    rows: dict[str, dict[str, float]] = {}
    for book in dict.fromkeys(c.book for c in cases):
        row = rows[book] = {}
        for kind in ("answerable", "near", "foreign"):
            mine = np.array([c.book == book and c.kind == kind for c in cases])
            if mine.any():
                row[f"{kind} refused"] = round(float(no[mine].mean()), 3)
                row[f"{kind} sure"] = round(float(yes[mine].mean()), 3)
    return rows


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status: 0 fitted, 1 could not."""
    parser = argparse.ArgumentParser(prog="python -m evals.fit", description=__doc__)
    parser.add_argument("--set", action="append", required=True, help="NAME=FOLDER=FILE[,FILE…]")
    parser.add_argument("--near", default="", help="sets whose near misses are to be refused")
    parser.add_argument("--related", default="", help="A+B,…: sets that are not foreign to another")
    parser.add_argument("--most", type=int, default=400, help="questions of a kind from one set")
    parser.add_argument("--evidence", type=Path, help="keep the evidence here, or read it again")
    parser.add_argument("--out", type=Path, default=WEIGHTS, help="the file of the gate")
    options = parser.parse_args(argv)
    try:
        cases = _cases(options)
    except FixConfiguration as error:
        sys.stderr.write(f"error: {error.detail}\n")
        return 1
    near = frozenset(filter(None, options.near.split(","))) or None
    answered = Fit(ANSWERED, (), frozenset({"near", "foreign"}), near)
    sure = Fit(SURE, SURE_WHERE_COVERED, frozenset({"near", "foreign"}))
    folds = [random.Random(f"{c.book}{c.question}").randrange(_FOLDS) for c in cases]  # noqa: S311 - a split
    inside = answered.left_out(cases, folds), sure.left_out(cases, folds)
    low = line(inside[0], cases, 1 - FALSE_REFUSALS, [0.0])
    high = line(inside[1], cases, SURE_OF_ANSWERABLE, _STRICTER)
    books = [c.book for c in cases]
    outside = answered.left_out(cases, books), sure.left_out(cases, books)
    figures = {
        "cross-validated": table(*inside, cases, low, high),
        "set left out": table(*outside, cases, low, high),
    }
    weights = {
        "fitted": {"date": date.today().isoformat(), "sets": sorted(set(books)), **figures},
        "answered": asdict(answered.weights(answered.train(cases), low)),
        "sure": asdict(sure.weights(sure.train(cases), high)),
    }
    options.out.write_text(json.dumps(weights, indent=1) + "\n", "utf-8")
    sys.stdout.write(json.dumps(figures, indent=1) + "\n")
    return 0


def _cases(options: argparse.Namespace) -> list[Case]:
    kept: Path | None = options.evidence
    if kept is not None and kept.exists():
        read = json.loads(kept.read_text("utf-8"))
        return [Case(**{**row, "evidence": Evidence(**row["evidence"])}) for row in read]
    sets = [QuestionSet.read(one) for one in options.set]
    related = [frozenset(pair.split("+")) for pair in filter(None, options.related.split(","))]
    cases = asyncio.run(collect(sets, options.most, related))
    if kept is not None:
        kept.write_text(json.dumps([asdict(case) for case in cases]), "utf-8")
    return cases


if __name__ == "__main__":
    sys.exit(main())

"""What the answers are worth: retrieval, abstention, facts, citations, cost, time.

Retrieval figures come from ``ir_measures`` (Success@k, RR@10, nDCG@10 with binary gold).
"""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import ir_measures
from ir_measures import RR, Success, nDCG

from evals.questions import EvalQuestion, section_key
from schema import Answer, Source
from text.sentences import split_sentences
from text.words import content_words

RETRIEVAL: Final = {
    "hit@1": Success @ 1,
    "hit@5": Success @ 5,
    "hit@10": Success @ 10,
    "MRR": RR @ 10,
    "nDCG@10": nDCG @ 10,
}
_SUPPORTED: Final = 0.8
"""Share of a cited span's content words that its passages must hold to count as right."""


@dataclass
class Outcome:
    """One question with its answer, the sections found for it, and the time it took."""

    question: EvalQuestion
    answer: Answer
    ranked: list[Source]
    seconds: float

    @property
    def refused(self) -> bool:
        """The answer was ``not_in_book``."""
        return self.answer.status == "not_in_book"

    @property
    def sure(self) -> bool:
        """It was answered, and not as perhaps beside the question."""
        return not self.refused and self.answer.confidence == "high"

    @property
    def holds_fact(self) -> bool:
        """Any of the facts stands in the answer."""
        text = _plain(self.answer.answer)
        return any(_plain(fact) in text for fact in self.question.facts)


def table(outcomes: Sequence[Outcome]) -> dict[str, dict[str, float]]:
    """Figures by kind of question, and over all; a figure that does not apply is left out."""
    kinds = list(dict.fromkeys(o.question.kind for o in outcomes))
    rows: dict[str, dict[str, float]] = {}
    for kind in kinds:
        rows[kind] = _row([o for o in outcomes if o.question.kind == kind])
    rows["all"] = {**_row(outcomes), **abstention(outcomes)}
    return rows


def abstention(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """Precision and recall of refusing, and the share of answerable questions refused."""
    absent = [o for o in outcomes if o.question.kind == "not_in_book"]
    present = [o for o in outcomes if o.question.kind != "not_in_book"]
    right, wrong = sum(o.refused for o in absent), sum(o.refused for o in present)
    return {
        "abstention recall": _share(right, len(absent)),
        "abstention precision": _share(right, right + wrong),
        "false refusals": _share(wrong, len(present)),
    }


def _row(outcomes: Sequence[Outcome]) -> dict[str, float]:
    row: dict[str, float] = {"n": len(outcomes)}
    sought = [o for o in outcomes if o.question.gold]
    if sought:
        row.update(retrieval(sought))
        row["fact rate"] = _share(sum(o.holds_fact for o in sought), len(sought))
    row["refused"] = _share(sum(o.refused for o in outcomes), len(outcomes))
    row["sure"] = _share(sum(o.sure for o in outcomes), len(outcomes))
    row.update(citations([o.answer for o in outcomes if not o.refused]))
    times = sorted(o.seconds for o in outcomes)
    row["p50 ms"] = statistics.median(times) * 1000
    row["p95 ms"] = times[min(len(times) - 1, int(len(times) * 0.95))] * 1000
    calls = [o.answer.usage.provider_calls for o in outcomes]
    row["calls"] = statistics.fmean(calls)
    return row


def retrieval(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """Mean retrieval figures."""
    gold: dict[str, Mapping[str, int]] = {}
    run: dict[str, Mapping[str, float]] = {}
    for outcome in outcomes:
        gold[outcome.question.id] = {g.key: 1 for g in outcome.question.gold}
        keys = dict.fromkeys(section_key(s.path, s.heading) for s in outcome.ranked)
        run[outcome.question.id] = {key: -float(rank) for rank, key in enumerate(keys)}
    found: Mapping[Any, float] = ir_measures.calc_aggregate(RETRIEVAL.values(), gold, run)
    return {name: found[measure] for name, measure in RETRIEVAL.items()}


def citations(answers: Iterable[Answer]) -> dict[str, float]:
    """How many citations their passages support, and how many sentences are cited."""
    right = total = cited = sentences = 0
    for answer in answers:
        texts = {s.id: f"{' '.join(s.breadcrumb)} {s.text}" for s in answer.sources}
        for citation in answer.citations:
            claimed = set(content_words(citation.text))
            held = set(content_words(" ".join(texts[s] for s in citation.source_ids)))
            total += 1
            right += not claimed or len(claimed & held) >= _SUPPORTED * len(claimed)
        position = 0
        for sentence in split_sentences(answer.answer):
            start = max(position, answer.answer.find(sentence, position))
            position = start + len(sentence)
            sentences += 1
            cited += any(c.start < position and c.end > start for c in answer.citations)
    if not sentences:
        return {}
    return {"citation precision": _share(right, total), "coverage": _share(cited, sentences)}


def _share(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")


def _plain(text: str) -> str:
    return " ".join(text.casefold().replace("`", "").replace("*", "").split())

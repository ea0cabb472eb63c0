"""One question on its way through the chain: what is known of it so far."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from langchain_core.documents import Document
from langchain_core.runnables import RunnableConfig

import metering
from chains.budget import BudgetMode
from chains.generation import Generation
from chains.memory import AnswerKey
from chains.passages import as_source
from errors import FixQuestion
from schema import Answer, AnswerChunk, CollectionInfo, Question, Status

_NOTHING_USED: Final = {"input_tokens": 0, "output_tokens": 0}


@dataclass
class Asked:
    """State of one question; made per call, so nothing is shared between readers."""

    question: Question
    answer_id: str
    config: RunnableConfig
    clock: Callable[[], float]
    meter: metering.Meter = field(default_factory=metering.Meter)
    timings: dict[str, float] = field(default_factory=dict)
    standalone: str = ""
    info: CollectionInfo = field(default_factory=lambda: CollectionInfo(fingerprint=""))
    passages: list[Document] = field(default_factory=list)
    answerable: bool = True
    budget: BudgetMode = BudgetMode.FULL
    prefix: str = ""
    """Said before the model's answer."""
    generation: Generation | None = None
    key: AnswerKey | None = None

    _sources: AnswerChunk | None = None
    _before: AnswerChunk | None = None

    def __post_init__(self) -> None:
        self._started = self._lapped = self.clock()

    def lap(self, stage: str) -> None:
        """Notes the milliseconds since the stage before."""
        now = self.clock()
        self.timings[stage] = round((now - self._lapped) * 1000, 1)
        self._lapped = now

    def left(self, seconds: float) -> float:
        """What is left of ``seconds`` that the question may take."""
        return max(0.0, seconds - (self.clock() - self._started))

    def status(self) -> Status:
        """``degraded`` yields to ``not_in_book``: there is no lesser answer then."""
        if (self.generation and self.generation.not_in_book) or not self.answerable:
            return "not_in_book"
        return "degraded" if self.meter.degraded else "answered"

    def sources(self) -> AnswerChunk:
        """The passages, best first."""
        if self._sources is None:
            self._sources = {"sources": [as_source(p).model_dump() for p in self.passages]}
        return self._sources

    def rest(self) -> AnswerChunk:
        """Everything of the Answer but sources, text and citations."""
        generation = self.generation
        if generation and generation.first_token_ms is not None:
            self.timings["first_token"] = round(generation.first_token_ms, 1)
        used = generation.usage if generation else _NOTHING_USED
        return {
            **self._identity(),
            "status": self.status(),
            "book_version": self.info.book_version,
            "model": (generation and generation.model) or "none",
            "usage": {**used, "provider_calls": self.meter.total},
            "timings_ms": {**self.timings, "total": self._total()},
        }

    def said(self) -> AnswerChunk:
        """The Answer as far as it came."""
        if self._before is not None:
            return self._before
        text = self.generation.so_far() if self.generation else {}
        return {**text, **self.sources(), **self.rest()}

    def own(self, part: AnswerChunk, maker: "Asked") -> AnswerChunk:
        """A part that was made for ``maker``, as a part of the answer to this question."""
        return part if maker is self else {**part, **self._nothing_called()}

    def answered_before(self, cached: Answer) -> AnswerChunk:
        """A cached answer as the answer to this question: nothing was called."""
        whole: AnswerChunk = {**cached.model_dump(), **self._nothing_called()}  # type: ignore[typeddict-item]
        self._before = whole
        return whole

    def _nothing_called(self) -> AnswerChunk:
        return {
            **self._identity(),
            "usage": {**_NOTHING_USED, "provider_calls": self.meter.total},
            "timings_ms": {"total": self._total()},
        }

    def _identity(self) -> AnswerChunk:
        return {
            "answer_id": self.answer_id,
            "session_id": self.question.session_id,
            "standalone_question": self.standalone,
        }

    def _total(self) -> float:
        return round((self.clock() - self._started) * 1000, 1)


def as_question(given: Any) -> Question:
    """A ``Question`` from what a caller passes: the model, its JSON object, or a bare string.

    Raises:
        FixQuestion: it does not fit the contract.
    """
    if isinstance(given, Question):
        return given
    try:
        return Question.model_validate({"question": given} if isinstance(given, str) else given)
    except ValueError as error:
        raise FixQuestion(f"That is not a valid question: {_first_problem(error)}") from None


def _first_problem(error: ValueError) -> str:
    problems: list[dict[str, Any]] = getattr(error, "errors", list)()
    if not problems:
        return "it has no question text"
    return f"{'.'.join(map(str, problems[0]['loc']))}: {problems[0]['msg']}"

"""One question on its way through the chain: what is known of it so far."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from langchain_core.documents import Document
from langchain_core.runnables import RunnableConfig

import metering
from chains.budget import Thrift
from chains.generation import Generation
from errors import FixQuestion
from schema import Answer, AnswerChunk, CollectionInfo, Question, Status


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
    thrift: Thrift = Thrift.NONE
    prefix: str = ""
    """Said before the model's answer."""
    cached: Answer | None = None
    cache_key: tuple[Any, ...] | None = None

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

    def status(self, generation: Generation) -> Status:
        """``degraded`` yields to ``not_in_book``: there is no lesser answer then."""
        if generation.not_in_book or not self.answerable:
            return "not_in_book"
        return "degraded" if self.meter.degraded else "answered"

    def rest(self, generation: Generation) -> AnswerChunk:
        """Everything of the Answer but sources, text and citations."""
        if generation.first_token_ms is not None:
            self.timings["first_token"] = round(generation.first_token_ms, 1)
        return {
            **self._identity(),
            "status": self.status(generation),
            "book_version": self.info.book_version,
            "model": generation.model or "none",
            "usage": {**generation.usage, "provider_calls": self.meter.total},
            "timings_ms": {**self.timings, "total": self._total()},
        }

    def again(self, cached: Answer) -> AnswerChunk:
        """A cached answer as the answer to this question: nothing was called."""
        fresh: AnswerChunk = {
            **self._identity(),
            "usage": {"input_tokens": 0, "output_tokens": 0, "provider_calls": self.meter.total},
            "timings_ms": {"total": self._total()},
        }
        whole: AnswerChunk = {**cached.model_dump(), **fresh}  # type: ignore[typeddict-item]
        return whole

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

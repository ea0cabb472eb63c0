"""What is known of one answer on its way through the chain."""

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from langchain_core.documents import Document
from pydantic import ValidationError

import metering
from chains.answer.generation import Generation
from chains.budget import BudgetMode
from chains.evidence.passages import as_source
from chains.evidence.store import SearchLimits
from chains.question.places import Found
from errors import FixQuestion
from schema import AnswerChunk, CollectionInfo, Confidence, PastTurn, Question, Status

NOTHING_USED: Final = {"input_tokens": 0, "output_tokens": 0}


@dataclass(frozen=True)
class OwnPart:
    """A section on the book itself, such as its prerequisites."""

    place: Found
    passage: Document
    held: bool
    """It holds what is asked for."""
    better: bool
    """It does, and the best passage of the search is of another kind."""


@dataclass
class AnswerState:
    """State of one answer, made for each question, so nothing is shared between readers.

    Each step of the flow fills its part in. A door that wants to choose the ``answer_id`` makes
    the state itself and hands it to the chain in place of the question.
    """

    question: Question
    answer_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    clock: Callable[[], float] = time.perf_counter
    meter: metering.Meter = field(default_factory=metering.new_meter)
    timings: dict[str, float] = field(default_factory=dict)
    """Milliseconds by stage."""
    history: Sequence[PastTurn] = ()
    """The turns before this question, newest last."""
    book: CollectionInfo | None = None
    version: str | None = None
    """The version of the book that is searched, as a reader may name it."""
    locale: str | None = None
    """The locale whose pages are preferred."""
    budget: BudgetMode = BudgetMode.FULL
    readings: list[str] = field(default_factory=list)
    """What the reader may have meant, as questions that stand alone; the best guess first."""
    asked: str = ""
    """The question without a greeting before it and without typing errors."""
    alone: str = ""
    """The reading that leaves the history out."""
    already_said: list[str] = field(default_factory=list)
    """Earlier answers that the question may go on from; a follow-up is not given them again."""
    brief: bool = False
    """The answer before was too long."""
    found: list[list[Document]] = field(default_factory=list)
    """The passages of each reading."""
    standalone: str = ""
    """The reading that is answered."""
    passages: list[Document] = field(default_factory=list)
    """Its passages, best first."""
    place: Found | None = None
    """The place of the book that is asked for, when the question is about the book itself."""
    own_part: "OwnPart | None" = None
    """What the book says of itself, where that may be asked."""
    confidence: Confidence = "high"
    answerable: bool = True
    preface: str = ""
    """Said before the model's answer, such as how the question was read."""
    suggestions: list[str] = field(default_factory=list)
    """Up to three questions that the book answers."""
    generation: Generation | None = None
    made_elsewhere: Callable[[], AnswerChunk] | None = None
    """Gives ``rest`` of the answer that this reader is told, when it was made for another."""

    def __post_init__(self) -> None:
        self._started = self._last_lap = self.clock()
        self.standalone = self.standalone or self.question.question
        self.readings = self.readings or [self.question.question]
        self.version = self.version or self.question.version
        self.locale = self.locale or self.question.locale

    @property
    def limits(self) -> SearchLimits:
        """What the searches for this answer are limited to."""
        return SearchLimits(self.question.section, self.version, self.locale, self.budget)

    def lap(self, stage: str) -> None:
        """Notes the milliseconds since the stage before."""
        now = self.clock()
        self.timings[stage] = round((now - self._last_lap) * 1000, 1)
        self._last_lap = now

    def left(self, seconds: float) -> float:
        """What is left of ``seconds`` that the question may take."""
        return max(0.0, seconds - (self.clock() - self._started))

    @property
    def status(self) -> Status:
        """``not_in_book`` goes before ``degraded``: a refusal has no fallback."""
        if (self.generation and self.generation.not_in_book) or not self.answerable:
            return "not_in_book"
        return "degraded" if self.meter.degraded else "answered"

    def sources(self) -> AnswerChunk:
        """The passages, best first."""
        return {"sources": [as_source(p).model_dump() for p in self.passages]}

    def rest(self) -> AnswerChunk:
        """Everything of the Answer but sources, text and citations."""
        if self.made_elsewhere is not None:
            return {**self.made_elsewhere(), **self.personal()}
        generation = self.generation
        if generation and generation.first_token_ms is not None:
            self.timings["first_token"] = round(generation.first_token_ms, 1)
        used = generation.usage if generation else NOTHING_USED
        return {
            **self.personal(),
            "status": self.status,
            "confidence": "high" if self.status == "not_in_book" else self.confidence,
            "standalone_question": self.standalone,
            "suggestions": self.suggestions,
            "book_version": self.book.book_version if self.book else "",
            "indexed": round(self.book.embedded, 3) if self.book else 1.0,
            "model": (generation and generation.model) or "none",
            "usage": {**used, "provider_calls": self.meter.total},
            "timings_ms": {**self.timings, "total": self._total()},
        }

    def personal(self) -> AnswerChunk:
        """What belongs to this reader of an answer that was made for another."""
        return {
            "answer_id": self.answer_id,
            "session_id": self.question.session_id,
            "usage": {**NOTHING_USED, "provider_calls": self.meter.total},
            "timings_ms": {"total": self._total()},
        }

    def _total(self) -> float:
        return round((self.clock() - self._started) * 1000, 1)


Asking = AnswerState | Question | Mapping[str, object] | str
"""What the chain takes: a question in any of its forms, or a state that a door has begun."""


def as_state(given: object, begin: Callable[[Question], AnswerState] = AnswerState) -> AnswerState:
    """The state that ``given`` is, or a new one for the question that it is.

    Raises:
        FixQuestion: it does not fit the contract.
    """
    return given if isinstance(given, AnswerState) else begin(as_question(given))


def as_question(given: object) -> Question:
    """A ``Question`` from what a caller passes: the model, its JSON object, or a bare string.

    Raises:
        FixQuestion: it does not fit the contract.
    """
    if isinstance(given, Question):
        return given
    try:
        return Question.model_validate({"question": given} if isinstance(given, str) else given)
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(map(str, problem["loc"]))
        raise FixQuestion(f"That is not a valid question: {where}: {problem['msg']}") from None

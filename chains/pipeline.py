"""The whole answer flow on one screen.

``build_flow`` answers a question. ``build_chain`` puts three wrappers around it, each of which
can be left out. Both are LangChain runnables: the input is a ``Question`` (or its JSON object, or
the bare text), the output an ``Answer`` as a JSON object, and ``astream`` yields partial answers
that add up to it. They raise ``BookChatError`` only, with a detail that is safe to show.
"""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from chains.answer.cache_key import AnswerKeys
from chains.answer.generation import Models
from chains.budget import Budget
from chains.evidence.abstention import Gate
from chains.evidence.retriever import BookRetriever
from chains.question.condense import Condenser, LexicalCondenser
from chains.question.understanding import QuestionReader
from chains.runnable import AnswerRunnable
from chains.served_book import ServedBook
from chains.state import AnswerState
from chains.steps.condense import Condense
from chains.steps.generate import Generate
from chains.steps.judge import EvidenceScorer, Judge
from chains.steps.other_versions import JudgeVersions
from chains.steps.retrieve import Retrieve
from chains.steps.step import AnswerFlow
from chains.wrappers.cached import AnswerCache, CachedAnswers
from chains.wrappers.remembered import (
    Memory,
    NoMemory,
    Observer,
    RememberedAnswers,
    SessionHistory,
)
from chains.wrappers.shared import SharedAnswers
from chains.wrappers.small_talk import SmallTalkAnswers
from metering import Counter, Meter
from schema import Question


@dataclass
class ChainParts:
    """What a chain is made of; a fake of any of them drops in."""

    retriever: BookRetriever
    models: Models
    condenser: Condenser = field(default_factory=LexicalCondenser)
    scorer: EvidenceScorer = field(default_factory=Gate)
    reader: QuestionReader | None = None
    """None: one that knows no English beyond the book."""
    budget: Budget = field(default_factory=Budget)
    cache: AnswerCache | None = None
    memory: Memory = field(default_factory=NoMemory)
    observe: Observer = lambda answer, outcome: None
    """Called with every answer, however it ended; for metrics."""
    counter: Counter = field(default_factory=Counter)
    """Told of provider calls, cache hits and fallbacks."""
    new_id: Callable[[], str] = lambda: uuid.uuid4().hex
    clock: Callable[[], float] = time.perf_counter


def build_flow(parts: ChainParts, book: ServedBook | None = None) -> AnswerFlow:
    """Four steps: the state of an answer goes in and out, and the last one streams."""
    book = book or ServedBook(parts.retriever.store, parts.clock)
    reader = parts.reader or QuestionReader(parts.retriever.store)
    condense = Condense(parts.condenser, parts.budget, reader, book)
    retrieve = Retrieve(parts.retriever, book)
    judge = JudgeVersions(
        Judge(parts.retriever.store, book, parts.scorer), retrieve, parts.retriever, book
    )
    generate = Generate(parts.models)
    return condense | retrieve | judge | generate


def build_chain(parts: ChainParts) -> RememberedAnswers:
    """The flow with a memory, for many readers at once."""
    book = ServedBook(parts.retriever.store, parts.clock)
    chain: AnswerRunnable = build_flow(parts, book)
    keys = AnswerKeys(book, parts.models.name)
    if parts.cache is not None:
        chain = CachedAnswers(chain, parts.cache, keys)
    chain = SharedAnswers(chain, keys)
    chain = SmallTalkAnswers(chain, parts.retriever.store, book)
    history = SessionHistory(parts.memory, parts.models.first_token_seconds)
    return RememberedAnswers(chain, history, parts.observe, partial(_begin, parts))


def _begin(parts: ChainParts, question: Question) -> AnswerState:
    return AnswerState(question, parts.new_id(), parts.clock, Meter(parts.counter))

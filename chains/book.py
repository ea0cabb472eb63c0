"""The whole answer flow: remember, condense, retrieve, abstain, generate.

``build_book_chain`` returns one LangChain runnable. All doors (LangServe, WebSocket, page,
notebook) call its ``astream`` and only serialise what it yields.
"""

import asyncio
import time
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from weakref import WeakKeyDictionary

from langchain_core.runnables import RunnableConfig
from pydantic import BaseModel

import metering
from chains import abstention, phrases
from chains.budget import Budget, BudgetMode
from chains.citations import uncited_sentences
from chains.condense import Condenser, LexicalCondenser, leans_on_history
from chains.flights import Flights
from chains.generation import Generation, Models
from chains.memory import AnswerCache, AnswerKey, Memory, NoMemory, answer_key
from chains.prompt import answer_messages, answer_prompt
from chains.recall import Recall
from chains.retriever import BookRetriever
from chains.runnable import StreamingRunnable
from chains.selection import as_given, locate
from chains.state import Asked, as_question
from errors import BookChatError, RetryLater
from schema import Answer, AnswerChunk, CollectionInfo, PastTurn, Question, Turn
from text.sentences import split_sentences

Asking = Question | dict[str, Any] | str
Outcome = Literal["complete", "cancelled", "failed"]
_INFO_SECONDS: Final = 1.0
_SEARCHES: Final = 48
"""More at once would not end sooner, but each of them would take longer than its deadline."""


@dataclass
class Parts:
    """What a book chain is made of; a fake of any of them drops in."""

    retriever: BookRetriever
    models: Models
    condenser: Condenser = field(default_factory=LexicalCondenser)
    memory: Memory = field(default_factory=NoMemory)
    cache: AnswerCache | None = None
    budget: Budget = field(default_factory=Budget)
    observe: Callable[[Answer, Outcome], None] = lambda answer, outcome: None
    """Told of every answer, however it ended; for metrics."""
    new_id: Callable[[], str] = lambda: uuid.uuid4().hex
    clock: Callable[[], float] = time.perf_counter


def build_book_chain(retriever: BookRetriever, models: Models, **parts: Any) -> "BookChain":
    """The runnable that answers questions; ``parts`` are the other fields of ``Parts``.

    Input: a ``Question`` (or its JSON object, or the bare question). Output: an ``Answer`` as a
    JSON object; ``stream`` yields partial ones that add up to it. Its methods raise
    ``BookChatError`` only, with a detail that is safe to show.
    """
    return BookChain(Parts(retriever, models, **parts))


class BookChain(StreamingRunnable[Asking, AnswerChunk]):
    """See ``build_book_chain``."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._prompt = answer_prompt()
        self._flights = Flights(self._make)
        self._recall = Recall(parts.memory, parts.models.first_token_seconds)
        self._info: tuple[float, CollectionInfo] | None = None
        self._turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = (
            WeakKeyDictionary()
        )

    @property
    def followers(self) -> int:
        """Readers of answers that others may join."""
        return self._flights.followers

    def get_input_schema(self, config: RunnableConfig | None = None) -> type[BaseModel]:
        """``Question``."""
        return Question

    def get_output_schema(self, config: RunnableConfig | None = None) -> type[BaseModel]:
        """``Answer``."""
        return Answer

    async def _stream(
        self,
        given: Any,
        config: RunnableConfig,
        *,
        answer_id: str | None = None,
        on_end: Callable[[AnswerChunk, Outcome], None] | None = None,
        **kwargs: Any,
    ) -> AsyncGenerator[AnswerChunk]:
        """``on_end`` is told what was said however the stream ends, cancellation included."""
        asked = Asked(
            as_question(given), answer_id or self._parts.new_id(), config, self._parts.clock
        )
        with metering.metered(asked.meter):
            # Beside the search: most questions do not need the history, only a valid session.
            history = self._recall.begin(asked.question)
            try:
                await self._understand(asked, history)
                cached = await self._cached(asked.key)
            except BaseException:
                history.cancel()
                raise
        flight = self._flights.landed(asked, cached) if cached else self._flights.join(asked)
        outcome: Outcome = "cancelled"
        begun = False
        try:
            async with aclosing(self._flights.follow(flight)) as parts:
                async for part in parts:
                    if not begun:
                        await history
                        begun = True
                    yield asked.own(part, flight.maker) if "status" in part else part
            outcome = "complete"
        except BookChatError:
            outcome = "failed"
            raise
        finally:
            history.cancel()
            if begun:
                said = asked.own(flight.maker.said(), flight.maker)
                if on_end:
                    on_end(said, outcome)
                await self._ended(asked.question, Answer.model_validate(said), outcome)

    async def _understand(self, asked: Asked, history: Awaitable[Sequence[PastTurn]]) -> None:
        """Makes the question stand for itself, and gives it the key of its answer.

        A question that leans on the history has none: its words mean something else elsewhere.
        """
        question = asked.question
        asked.info = await self._book()
        asked.standalone = question.question
        asked.budget = self._parts.budget.mode()
        leaning = not question.selected_text and leans_on_history(question.question)
        if leaning and (turns := await history):
            shed = asked.budget is not BudgetMode.FULL
            condenser = LexicalCondenser() if shed else self._parts.condenser
            asked.standalone = await condenser(question.question, turns)
            asked.lap("condense")
        else:
            asked.key = answer_key(question, asked.info.book_version, self._parts.models.name)

    async def _cached(self, key: AnswerKey | None) -> Answer | None:
        return await self._parts.cache.get(key) if key and self._parts.cache else None

    async def _make(self, asked: Asked) -> AsyncGenerator[AnswerChunk]:
        """Retrieve, abstain or generate; the last part is ``asked.rest()``."""
        with metering.metered(asked.meter):
            async with self._searching():
                await self._retrieve(asked)
        asked.lap("retrieve")
        generation = asked.generation = Generation(
            self._parts.models,
            {str(p.id): p for p in asked.passages},
            asked.meter,
            asked.prefix,
            spare_provider=asked.budget is BudgetMode.EXHAUSTED,
            seconds=asked.left(self._parts.models.first_token_seconds),
        )
        try:
            yield asked.sources()
            if asked.answerable:
                messages = answer_messages(self._prompt, asked.question, asked.standalone)
                chunks = generation.stream(messages, asked.config)
                async with aclosing(chunks):
                    async for chunk in chunks:
                        yield chunk
            if asked.status() == "not_in_book":
                yield generation.say(phrases.not_in_book(asked.standalone, asked.question.language))
            if not generation.citations:
                yield {"citations": []}
            yield asked.rest()
        finally:
            _count_uncited(generation)
        if self._parts.cache and asked.key and asked.status() != "degraded":
            # Nobody's own: other readers get it, and other replicas may keep it.
            said = {**asked.said(), "session_id": None}
            await self._parts.cache.put(asked.key, Answer.model_validate(said))

    async def _book(self) -> CollectionInfo:
        """What is served, as of at most a second ago."""
        now = self._parts.clock()
        if self._info is None or now - self._info[0] > _INFO_SECONDS:
            info: CollectionInfo | None = await self._parts.retriever.store.info()
            if info is None:
                raise RetryLater("The book is not indexed yet.", code="retrieval_unavailable")
            self._info = now, info
        return self._info[1]

    def _searching(self) -> asyncio.Semaphore:
        """Lets so many questions search at once; one for each event loop."""
        loop = asyncio.get_running_loop()
        turns = self._turns.get(loop)
        if turns is None:
            turns = self._turns[loop] = asyncio.Semaphore(_SEARCHES)
        return turns

    async def _retrieve(self, asked: Asked) -> None:
        question, retriever = asked.question, self._parts.retriever
        selection = (question.selected_text or "").strip()
        if selection:
            located = await locate(selection, retriever, question.section, asked.budget)
            asked.passages = [located or as_given(selection)]
            if located is None:
                asked.prefix = phrases.not_from_book(question.question, question.language)
            return
        asked.passages = await retriever.ainvoke(
            asked.standalone, asked.config, scope=question.section, budget=asked.budget
        )
        vocabulary = await retriever.store.vocabulary(asked.info.book_version)
        asked.answerable = abstention.answers(
            asked.standalone, asked.passages, vocabulary, asked.info.calibration
        )

    async def _ended(self, question: Question, answer: Answer, outcome: Outcome) -> None:
        self._parts.observe(answer, outcome)
        if question.session_id:
            turn = Turn(
                session_id=question.session_id,
                question=question.question,
                answer=answer,
                outcome=outcome,
            )
            await self._recall.remember(turn)


def _count_uncited(generation: Generation) -> None:
    if not generation.not_in_book and generation.text:
        sentences = split_sentences(generation.text)
        missing = uncited_sentences(sentences, generation.text, generation.citations)
        metering.count("uncited_sentences", missing)

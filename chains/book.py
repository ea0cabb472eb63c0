"""The whole answer flow: remember, condense, retrieve, abstain, generate.

``build_book_chain`` returns one LangChain runnable. All doors (LangServe, WebSocket, page,
notebook) call its ``astream`` and only serialise what it yields.
"""

import asyncio
import time
import uuid
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from langchain_core.messages import BaseMessage, HumanMessage
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder
from langchain_core.runnables import RunnableConfig
from pydantic import BaseModel

import metering
from chains import abstention, phrases
from chains.asked import Asked, as_question
from chains.budget import Budget, Thrift
from chains.citations import uncited_sentences
from chains.condense import Condenser, LexicalCondenser, leans_on_history
from chains.generation import Generation, Models
from chains.memory import AnswerCache, Memory, NoMemory
from chains.passages import as_source
from chains.retriever import BookRetriever
from chains.runnable import StreamingRunnable
from chains.selection import as_given, locate
from errors import BookChatError, RetryLater
from schema import Answer, AnswerChunk, CollectionInfo, PastTurn, Question, Turn
from sentences import split_sentences

Asking = Question | dict[str, Any] | str
Outcome = Literal["complete", "cancelled", "failed"]
_HISTORY_SHARE: Final = 0.25
"""Of the time to the first token: a database that hangs must not use it up."""
_REMEMBER_SECONDS: Final = 3.0
"""The reader waits for the end of the answer so long; the writing goes on behind it."""
PROMPTS: Final = Path(__file__).parent / "prompts"
_SELECTION_RULE: Final = (
    "The reader selected a text on a page; it follows the question. Explain that text, "
    "from itself and from the section that it stands in."
)
_NO_SELECTION_RULE: Final = "If passages contradict each other, say so and give both."


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


def answer_prompt() -> ChatPromptTemplate:
    """The book prompt: variables ``language``, ``selection`` and ``messages``."""
    text = (PROMPTS / "answer.md").read_text(encoding="utf-8")
    return ChatPromptTemplate.from_messages([("system", text), MessagesPlaceholder("messages")])


class BookChain(StreamingRunnable[Asking, AnswerChunk]):
    """See ``build_book_chain``."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._prompt = answer_prompt()

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
            await self._prepare(asked)
        if asked.cached:
            whole = asked.again(asked.cached)
            yield whole
            await self._remember(asked, whole, "complete")
            return
        generation = Generation(
            self._parts.models,
            {str(p.id): p for p in asked.passages},
            asked.meter,
            asked.prefix,
            spare_provider=asked.thrift is Thrift.STOP,
            seconds=asked.left(self._parts.models.first_token_seconds),
        )
        sources: AnswerChunk = {"sources": [as_source(p).model_dump() for p in asked.passages]}
        outcome: Outcome = "cancelled"
        try:
            yield sources
            if asked.answerable:
                async with aclosing(generation.stream(self._messages(asked), config)) as chunks:
                    async for chunk in chunks:
                        yield chunk
            if asked.status(generation) == "not_in_book":
                yield generation.say(phrases.not_in_book(asked.standalone, asked.question.language))
            if not generation.citations:
                yield {"citations": []}
            yield asked.rest(generation)
            outcome = "complete"
        except BookChatError:
            outcome = "failed"
            raise
        finally:
            _count_uncited(generation)
            said: AnswerChunk = {**generation.so_far(), **sources, **asked.rest(generation)}
            if on_end:
                on_end(said, outcome)
            await self._remember(asked, said, outcome)

    async def _prepare(self, asked: Asked) -> None:
        question = asked.question
        history = await self._history(question)
        asked.info = await self._book()
        asked.standalone = question.question
        asked.thrift = self._parts.budget.thrift()
        if history and not question.selected_text and leans_on_history(question.question):
            shed = asked.thrift is not Thrift.NONE
            condenser = LexicalCondenser() if shed else self._parts.condenser
            asked.standalone = await condenser(question.question, history)
            asked.lap("condense")
        elif self._parts.cache:
            name = self._parts.models.name
            asked.cache_key = AnswerCache.key(question, asked.info.book_version, name)
            asked.cached = self._parts.cache.get(asked.cache_key)
        if asked.cached:
            metering.count("cache_hit")
        else:
            await self._retrieve(asked)
            asked.lap("retrieve")

    async def _history(self, question: Question) -> Sequence[PastTurn]:
        turns: Sequence[PastTurn] = []
        if question.session_id:
            try:
                async with asyncio.timeout(_HISTORY_SHARE * self._parts.models.first_token_seconds):
                    turns = await self._parts.memory.history(question.session_id)
            except (RetryLater, TimeoutError):
                metering.degrade("memory", visible=False)
        return turns or question.history

    async def _book(self) -> CollectionInfo:
        info: CollectionInfo | None = await self._parts.retriever.store.info()
        if info is None:
            raise RetryLater("The book is not indexed yet.", code="retrieval_unavailable")
        return info

    async def _retrieve(self, asked: Asked) -> None:
        question, retriever = asked.question, self._parts.retriever
        selection = (question.selected_text or "").strip()
        if selection:
            located = await locate(selection, retriever, question.section, asked.thrift)
            asked.passages = [located or as_given(selection)]
            if located is None:
                asked.prefix = phrases.not_from_book(question.question, question.language)
            return
        asked.passages = await retriever.ainvoke(
            asked.standalone, asked.config, scope=question.section, thrift=asked.thrift
        )
        vocabulary = await retriever.store.vocabulary(asked.info.book_version)
        asked.answerable = abstention.answers(
            asked.standalone, asked.passages, vocabulary, asked.info.calibration
        )

    def _messages(self, asked: Asked) -> list[BaseMessage]:
        question = asked.question
        content = asked.standalone
        if question.selected_text:
            content += f'\n\nThe selected text:\n"""\n{question.selected_text}\n"""'
        told = {"question": asked.standalone, "selection": question.selected_text}
        return self._prompt.format_messages(
            language=phrases.answer_language(question.question, question.language),
            selection=_SELECTION_RULE if question.selected_text else _NO_SELECTION_RULE,
            messages=[HumanMessage(content, additional_kwargs=told)],
        )

    async def _remember(
        self,
        asked: Asked,
        whole: AnswerChunk,
        outcome: Outcome,
    ) -> None:
        answer = Answer.model_validate(whole)
        self._parts.observe(answer, outcome)
        fit = outcome == "complete" and answer.status != "degraded"
        if self._parts.cache and asked.cache_key and not asked.cached and fit:
            self._parts.cache.put(asked.cache_key, answer)
        session_id = asked.question.session_id
        if session_id:
            question = asked.question.question
            turn = Turn(session_id=session_id, question=question, answer=answer, outcome=outcome)
            try:
                async with asyncio.timeout(_REMEMBER_SECONDS):
                    await self._parts.memory.remember(turn)
            except (BookChatError, TimeoutError):
                # Away, or the reader deleted the session meanwhile: the answer was said.
                metering.degrade("memory", visible=False)


def _count_uncited(generation: Generation) -> None:
    if not generation.not_in_book and generation.text:
        sentences = split_sentences(generation.text)
        missing = uncited_sentences(sentences, generation.text, generation.citations)
        metering.count("uncited_sentences", missing)

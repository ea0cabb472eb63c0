"""History in, turn out: the conversation that a question belongs to."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import Any, Final, Literal, Protocol

from langchain_core.runnables import RunnableConfig

import metering
from chains.answer.builder import AnswerBuilder
from chains.runnable import AnswerRunnable, AnswerWrapper, traced
from chains.state import AnswerState, as_state
from errors import BookChatError, RetryLater
from schema import Answer, AnswerChunk, PastTurn, Question, Turn

Outcome = Literal["complete", "cancelled", "failed"]
Observer = Callable[[Answer, Outcome], None]
_HISTORY_SHARE: Final = 0.4
"""Of the time to the first token: a database that hangs must not use up the answer's time."""
_SAVE_SECONDS: Final = 3.0
"""The reader waits for the end of the answer so long; the writing goes on behind it."""


class Memory(Protocol):
    """Turns of sessions; ``conversations`` provides it."""

    async def history(self, session_id: str) -> Sequence[PastTurn]:
        """Turns, newest last.

        Raises:
            FixQuestion: no such session.
            RetryLater: the database is away.
        """

    async def remember(self, turn: Turn) -> None:
        """Stores a turn."""


class NoMemory:
    """Sessions have no turns; for notebooks and evaluation."""

    async def history(self, session_id: str) -> Sequence[PastTurn]:
        """Nothing."""
        return []

    async def remember(self, turn: Turn) -> None:
        """Forgets."""


class SessionHistory:
    """Reads and writes a session's turns; while ``memory`` is away answers go on without it.

    Args:
        seconds: from a question to the first token of its answer.
    """

    def __init__(self, memory: Memory, seconds: float) -> None:
        self._memory = memory
        self._seconds = _HISTORY_SHARE * seconds

    async def load(self, question: Question) -> Sequence[PastTurn]:
        """The session's turns, or those that came with the question.

        Raises:
            FixQuestion: no such session.
        """
        turns: Sequence[PastTurn] = []
        if question.session_id:
            try:
                async with asyncio.timeout(self._seconds):
                    turns = await self._memory.history(question.session_id)
            except (RetryLater, TimeoutError):
                metering.degrade(metering.Part.MEMORY, visible=False)
        # A question that is asked again must not be read as a follow-up of itself.
        again = question.replaces
        known = turns or question.history
        return [turn for turn in known if again is None or turn.answer_id != again]

    async def save(self, turn: Turn) -> None:
        """Stores a turn, if it can be."""
        try:
            async with asyncio.timeout(_SAVE_SECONDS):
                await self._memory.remember(turn)
        except (BookChatError, TimeoutError):
            # Away, or the reader deleted the session meanwhile. The answer was given.
            metering.degrade(metering.Part.MEMORY, visible=False)


class RememberedAnswers(AnswerWrapper):
    """Gives ``inner`` the history, and keeps the turn however the answer ends.

    Args:
        observe: called with every answer that began, for metrics and logs.
        begin: makes the state of a question.
    """

    def __init__(
        self,
        inner: AnswerRunnable,
        history: SessionHistory,
        observe: Observer,
        begin: Callable[[Question], AnswerState] = AnswerState,
    ) -> None:
        super().__init__(inner, "remembered")
        self._history = history
        self._observe = observe
        self._begin = begin

    async def astream(
        self, input: Any, config: RunnableConfig | None = None, **kwargs: Any
    ) -> AsyncGenerator[AnswerChunk]:
        """Partial answers of ``inner``."""
        state = as_state(input, self._begin)
        async with traced("book_chat", state.question, config) as run:
            async with traced("history", state.question, run.config) as loading:
                with metering.metered(state.meter):
                    state.history = loading.output = await self._history.load(state.question)
            state.lap("history")
            answer = AnswerBuilder()
            outcome: Outcome = "cancelled"
            try:
                async with aclosing(self.inner.astream(state, run.config)) as parts:
                    async for part in parts:
                        answer.add(part)
                        yield part
                outcome = "complete"
            except Exception:
                outcome = "failed"
                raise
            finally:
                if answer.begun:
                    await self._keep(state, answer, outcome)
            run.output = answer.sum()

    async def _keep(self, state: AnswerState, answer: AnswerBuilder, outcome: Outcome) -> None:
        given = {"answer": "", "citations": [], "sources": [], **state.rest(), **answer.sum()}
        whole = Answer.model_validate(given)
        self._observe(whole, outcome)
        question = state.question
        if question.session_id:
            await self._history.save(
                Turn(
                    session_id=question.session_id,
                    question=question.question,
                    selected_text=question.selected_text,
                    section=question.section,
                    language=question.language,
                    replaces=question.replaces,
                    answer=whole,
                    outcome=outcome,
                )
            )

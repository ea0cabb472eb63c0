"""A session's turns, within bounds: a database that hangs must not use up the answer's time."""

import asyncio
from collections.abc import Sequence
from typing import Final

import metering
from chains.memory import Memory
from errors import BookChatError, RetryLater
from schema import PastTurn, Question, Turn

_HISTORY_SHARE: Final = 0.4
"""Of the time to the first token."""
_REMEMBER_SECONDS: Final = 3.0
"""The reader waits for the end of the answer so long; the writing goes on behind it."""


class Recall:
    """Reads and writes ``memory``; while that is away answers go on without.

    Args:
        seconds: from a question to the first token of its answer.
    """

    def __init__(self, memory: Memory, seconds: float) -> None:
        self._memory = memory
        self._seconds = _HISTORY_SHARE * seconds

    def begin(self, question: Question) -> "asyncio.Task[Sequence[PastTurn]]":
        """Reads the history beside what else is done for the question.

        The task raises FixQuestion for a session that is not there; nobody need wait for it.
        """
        task = asyncio.create_task(self._history(question))
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        return task

    async def _history(self, question: Question) -> Sequence[PastTurn]:
        turns: Sequence[PastTurn] = []
        if question.session_id:
            try:
                async with asyncio.timeout(self._seconds):
                    turns = await self._memory.history(question.session_id)
            except (RetryLater, TimeoutError):
                metering.degrade("memory", visible=False)
        return turns or question.history

    async def remember(self, turn: Turn) -> None:
        """Stores a turn, if it can be."""
        try:
            async with asyncio.timeout(_REMEMBER_SECONDS):
                await self._memory.remember(turn)
        except (BookChatError, TimeoutError):
            # Away, or the reader deleted the session meanwhile: the answer was said.
            metering.degrade("memory", visible=False)

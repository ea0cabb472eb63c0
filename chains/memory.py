"""What the chain remembers: a session's turns, and answers that stand for good."""

import re
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from schema import Answer, PastTurn, Question, Turn


class Memory(Protocol):
    """Turns of sessions; ``conversations`` provides it."""

    async def history(self, session_id: str) -> Sequence[PastTurn]:
        """Turns, newest last.

        Raises:
            FixQuestion: no such session.
            RetryLater: the database is away; the chain goes on without memory.
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


AnswerKey = tuple[Any, ...]


def answer_key(question: Question, book_version: str, model: str) -> AnswerKey:
    """Two first questions with one key get one answer."""
    text = re.sub(r"\s+", " ", question.question.casefold()).strip(" ?!.؟۔")
    return (
        text,
        question.section,
        question.selected_text,
        question.language,
        book_version,
        model,
    )


class SharedAnswers(Protocol):
    """Answers of all replicas; ``api.runs.redis_answers`` provides it. Never raises."""

    async def get(self, key: AnswerKey) -> Answer | None:
        """The answer, if one is there and can be reached."""

    async def put(self, key: AnswerKey, answer: Answer, seconds: float) -> None:
        """Keeps an answer so long."""


class AnswerCache:
    """Answers to first questions, by everything that shapes them; least recently used go first.

    Args:
        size: of what this process keeps.
        seconds: after which an answer is made anew.
        shared: asked for what this process does not have.
    """

    def __init__(
        self,
        size: int,
        seconds: float,
        clock: Callable[[], float],
        shared: SharedAnswers | None = None,
    ) -> None:
        self._size = size
        self._seconds = seconds
        self._clock = clock
        self._shared = shared
        self._answers: OrderedDict[AnswerKey, tuple[float, Answer]] = OrderedDict()

    async def get(self, key: AnswerKey) -> Answer | None:
        """The answer, unless it is too old."""
        found = self._answers.get(key)
        if found is not None and self._clock() - found[0] <= self._seconds:
            self._answers.move_to_end(key)
            return found[1]
        return await self._shared.get(key) if self._shared else None

    async def put(self, key: AnswerKey, answer: Answer) -> None:
        """Keeps an answer."""
        self._answers[key] = (self._clock(), answer)
        self._answers.move_to_end(key)
        while len(self._answers) > self._size:
            self._answers.popitem(last=False)
        if self._shared:
            await self._shared.put(key, answer, self._seconds)

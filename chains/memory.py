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


class AnswerCache:
    """Answers to first questions, by everything that shapes them; least recently used go first.

    Only whole, undegraded answers are kept, and only for one book version at a time.
    """

    def __init__(self, size: int, seconds: float, clock: Callable[[], float]) -> None:
        self._size = size
        self._seconds = seconds
        self._clock = clock
        self._answers: OrderedDict[tuple[Any, ...], tuple[float, Answer]] = OrderedDict()

    @staticmethod
    def key(question: Question, book_version: str, model: str) -> tuple[Any, ...]:
        """Two questions with one key get one answer."""
        text = re.sub(r"\s+", " ", question.question.casefold()).strip(" ?!.")
        return (
            text,
            question.section,
            question.selected_text,
            question.language,
            book_version,
            model,
        )

    def get(self, key: tuple[Any, ...]) -> Answer | None:
        """The answer, unless it is too old."""
        found = self._answers.get(key)
        if found is None or self._clock() - found[0] > self._seconds:
            return None
        self._answers.move_to_end(key)
        return found[1]

    def put(self, key: tuple[Any, ...], answer: Answer) -> None:
        """Keeps an answer."""
        self._answers[key] = (self._clock(), answer)
        self._answers.move_to_end(key)
        while len(self._answers) > self._size:
            self._answers.popitem(last=False)

"""When two questions have one answer."""

import hashlib
import re
from typing import Final

from chains.question.condense import history_used
from chains.served_book import ServedBook
from chains.state import AnswerState

AnswerKey = tuple[str | None, ...]
_SPACE: Final = re.compile(r"\s+")


class AnswerKeys:
    """Keys by everything that shapes an answer; questions with one key get one answer.

    Args:
        model: the model that answers.
    """

    def __init__(self, book: ServedBook, model: str) -> None:
        self._book = book
        self._model = model

    async def of(self, state: AnswerState) -> AnswerKey:
        """The key of the question that ``state`` is for."""
        question, book = state.question, await self._book.of(state)
        return (
            _SPACE.sub(" ", question.question.casefold()).strip(" ?!.؟۔"),
            question.section,
            question.selected_text,
            question.language,
            question.version,
            question.locale,
            _digest(state),
            # What is found before all vectors are in may be found better a minute later.
            f"{book.book_version}-{book.pending}" if book.pending else book.book_version,
            self._model,
        )


def _digest(state: AnswerState) -> str:
    """The history that the question is read with; empty when it stands alone."""
    turns = history_used(state.question, state.history)
    if not turns:
        return ""
    digest = hashlib.sha256()
    for turn in turns:
        for text in (turn.question, turn.answer):
            digest.update(len(text).to_bytes(4) + text.encode())
    return digest.hexdigest()

"""Small talk is answered without a search and without a model."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from langchain_core.runnables import RunnableConfig

from chains.evidence.store import BookStore
from chains.question.condense import (
    asks_for_any_example,
    leans_on_history,
    names_a_subject,
    names_nothing,
    names_others,
    was_answered,
)
from chains.question.places import find
from chains.question.said_in_urdu import in_english
from chains.question.small_talk import Kind, SmallTalk, small_talk
from chains.question.small_talk_replies import reply
from chains.runnable import AnswerRunnable, AnswerWrapper, traced
from chains.served_book import ServedBook
from chains.state import AnswerState, as_state
from errors import BookChatError
from schema import AnswerChunk, PastTurn
from text.code import asks_for_any_code
from text.outline import Outline
from text.words import language_of, tokens


class SmallTalkAnswers(AnswerWrapper):
    """Answers greetings, thanks and questions about the assistant; hands on everything else."""

    def __init__(self, inner: AnswerRunnable, store: BookStore, book: ServedBook) -> None:
        super().__init__(inner, "small_talk")
        self._store = store
        self._book = book

    async def astream(
        self, input: Any, config: RunnableConfig | None = None, **kwargs: Any
    ) -> AsyncGenerator[AnswerChunk]:
        """A kind reply with questions to begin with, or the answer of ``inner``."""
        state = as_state(input)
        talk = small_talk(state.question.question) or await self._of_no_answer(state)
        if talk is None or state.question.selected_text or _goes_on(state, talk):
            async with aclosing(self.inner.astream(state, config, **kwargs)) as parts:
                async for part in parts:
                    yield part
            return
        async with traced("small_talk", state.question, config) as run:
            outline = await self._outline(state)
            state.suggestions = outline.suggestions
            text = reply(talk, outline.title, state.question.language)
            yield {"sources": []}
            yield {"answer": text}
            yield {"citations": []}
            rest: AnswerChunk = {**state.rest(), "status": "small_talk"}
            yield rest
            run.output = {"answer": text, **rest}

    async def _of_no_answer(self, state: AnswerState) -> SmallTalk | None:
        """ "Why?" and "simpler, please" where nothing was answered: there is nothing to search."""
        newest = _newest(state)
        if newest is not None and was_answered(newest):
            return None
        typed = state.question.question
        asked = in_english(typed) or typed
        kind: Kind | None = None
        if asks_for_any_code(asked) or asks_for_any_example(asked):
            kind = "of_what"
        elif names_others(asked) and newest and not any(map(was_answered, state.history)):
            kind = "not_found"
        elif names_nothing(asked):
            outline = await self._outline(state)
            if find(asked, outline, begins=not state.history) is None:
                kind = "not_found" if newest else "no_answer"
        language = "roman-ur" if asked != typed and typed.isascii() else language_of(typed)
        return SmallTalk(kind, language) if kind else None

    async def _outline(self, state: AnswerState) -> Outline:
        """A greeting is answered while the store is away, too."""
        try:
            book = await self._book.of(state)
            outline = await self._store.outline(book.book_version)
            return outline.of(state.version)
        except BookChatError:
            return Outline()


def _newest(state: AnswerState) -> PastTurn | None:
    """The last turn that asked something."""
    asked = (t for t in reversed(state.history) if t.status != "small_talk")
    return next((turn for turn in asked if small_talk(turn.question) is None), None)


def _goes_on(state: AnswerState, talk: SmallTalk) -> bool:
    """ "How does this work?" and "I don't get it" after an answer are about what was answered."""
    newest = _newest(state)
    if talk.kind == "lost":
        typed = newest.question if newest and was_answered(newest) else ""
        asked = in_english(typed) or typed
        return names_a_subject(asked) or (bool(asked) and leans_on_history(asked))
    words = tokens(state.question.question)
    return bool(state.history) and "this" in words and words[0] in ("what", "how")

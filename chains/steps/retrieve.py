"""Step 2: the passages of the book that may answer each reading."""

import asyncio
from dataclasses import replace
from typing import Final
from weakref import WeakKeyDictionary

from langchain_core.runnables import RunnableConfig

from chains.answer import phrases
from chains.evidence.abstention import is_refused
from chains.evidence.passages import sections_of
from chains.evidence.retriever import BookRetriever
from chains.question.condense import history_used
from chains.question.places import Found, asks_for_exercises, find
from chains.question.selection import as_given, locate
from chains.served_book import ServedBook
from chains.state import AnswerState
from chains.steps.step import Step
from schema import ANY_VERSION
from text.outline import Outline

_TABLE: Final = 4
"""How many times wider than others the passage of a plan is."""
_SEARCHES: Final = 48
"""More at once would not end sooner, but each of them would take longer than its deadline."""


class Retrieve(Step):
    """Fills ``found``, and ``passages`` with those of the best guess."""

    name = "retrieve"

    def __init__(self, retriever: BookRetriever, book: ServedBook) -> None:
        self._retriever = retriever
        self._book = book
        self._limits: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = (
            WeakKeyDictionary()
        )

    async def fill(self, state: AnswerState, config: RunnableConfig) -> None:
        """Searches for every reading, or finds the selected text in the book."""
        await self._book.of(state)
        async with self._limit():
            if selection := (state.question.selected_text or "").strip():
                await self._select(state, selection)
            elif not await self._look_up(state):
                searches = (
                    self._retriever.ainvoke(reading, config, limits=state.limits)
                    for reading in state.readings
                )
                state.found = await asyncio.gather(*searches)
        state.standalone, state.passages = state.readings[0], state.found[0]

    async def _look_up(self, state: AnswerState) -> bool:
        """The sections of the place that is asked for, such as "week 5", if one is."""
        store = self._retriever.store
        book = await self._book.of(state)
        outline = await store.outline(book.book_version)
        asked = state.question.question
        state.place = None if is_refused(asked) else _place(state, outline.of(state.version))
        if state.place is None:
            return False
        chunks = await store.sections(list(state.place.sections))
        # The row of a plan may stand anywhere in its table.
        wide = _TABLE if state.place.task == "row" else 1
        room = self._retriever.passage_tokens * wide
        passages = sections_of(chunks, state.place.sections, room)
        state.readings, state.found = [state.question.question], [passages]
        if not passages:
            state.place = None
        return bool(passages)

    async def _select(self, state: AnswerState, selection: str) -> None:
        question = state.question
        book = await self._book.of(state)
        located = None
        for version in (state.version, ANY_VERSION) if book.versions else (None,):
            located = located or await locate(
                selection, self._retriever, replace(state.limits, version=version)
            )
        state.found = [[located or as_given(selection)]]
        if located is None:
            state.preface = phrases.not_from_book(question.question, question.language)

    def _limit(self) -> asyncio.Semaphore:
        """One for each event loop; a notebook has two."""
        loop = asyncio.get_running_loop()
        return self._limits.setdefault(loop, asyncio.Semaphore(_SEARCHES))


def _place(state: AnswerState, outline: Outline) -> Found | None:
    """The place that the question names, or "quiz me on it" after a chapter was asked for."""
    asked = state.asked or state.question.question
    place = find(asked, outline, begins=not history_used(state.question, state.history))
    if place is None and state.readings[0] != state.alone and asks_for_exercises(asked):
        meant = find(state.readings[0], outline)
        place = meant if meant and meant.task == "exercises" else None
    return place

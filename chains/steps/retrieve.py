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
from chains.question.own_parts import asked_of
from chains.question.places import Found, asks_for_exercises, find
from chains.question.selection import as_given, locate
from chains.question.urdu import in_english
from chains.served_book import ServedBook
from chains.state import AnswerState, OwnPart
from chains.steps.step import Step
from schema import ANY_VERSION
from text.definitions import asks_what_is, says_what_kind
from text.outline import Outline
from text.words import language_of, word_set

_WHAT_IS: Final = "What is {}?"
_BEST: Final = 2
"""So many of the best passages may define a thing."""
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
        state.found = []
        async with self._limit():
            if selection := (state.question.selected_text or "").strip():
                await self._select(state, selection)
            elif not await self._look_up(state, config):
                if not any(state.found):
                    searches = (
                        self._retriever.ainvoke(reading, config, limits=state.limits)
                        for reading in state.readings
                    )
                    state.found = await asyncio.gather(*searches)
                await self._in_english(state, config)
                state.own_part = await self._own_part(state)
        state.standalone, state.passages = state.readings[0], state.found[0]

    async def _look_up(self, state: AnswerState, config: RunnableConfig) -> bool:
        """The sections of the place that is asked for, such as "week 5", if one is."""
        store = self._retriever.store
        book = await self._book.of(state)
        outline = await store.outline(book.book_version)
        asked = state.question.question
        state.place = None if is_refused(asked) else _place(state, outline.of(state.version))
        if state.place is None or (state.place.named and await self._defined(state, config)):
            state.place = None
            return False
        chunks = await store.sections(list(state.place.sections))
        # The row of a plan may stand anywhere in its table.
        wide = _TABLE if state.place.task == "row" else 1
        room = self._retriever.passage_tokens * wide
        passages = sections_of(chunks, state.place.sections, room)
        # A question in Urdu was read in English.
        shown = asked if language_of(asked) == "en" else state.asked or asked
        state.readings, state.found = [shown], [passages]
        if not passages:
            state.place = None
        return bool(passages)

    async def _defined(self, state: AnswerState, config: RunnableConfig) -> bool:
        """Whether the book says what a thing is that only was named; then that is asked."""
        name = state.asked or state.question.question
        question = _WHAT_IS.format(name.strip(" ?!."))
        found = await self._retriever.ainvoke(question, config, limits=state.limits)
        names = {asks_what_is(question), asks_what_is(question).removesuffix("s")}
        texts = [passage.page_content for passage in found[:_BEST]]
        if not any(says_what_kind(text, one) for text in texts for one in names):
            return False
        state.readings, state.alone, state.found = [question], question, [found]
        return True

    async def _in_english(self, state: AnswerState, config: RunnableConfig) -> None:
        """Searches for what a question in Urdu script asks in English, where no page is in Urdu."""
        unread = [
            language_of(reading) == "ur"
            and not any(p.metadata["locale"] == "ur" for p in found[:1])
            for reading, found in zip(state.readings, state.found, strict=True)
        ]
        if self._retriever.multilingual or not any(unread):
            return
        vocabulary = await self._retriever.store.vocabulary()
        loanwords = await asyncio.to_thread(lambda: vocabulary.loanwords)
        for i in (i for i, one in enumerate(unread) if one):
            if english := in_english(state.readings[i], loanwords):
                if state.alone == state.readings[i]:
                    state.alone = english
                state.readings[i] = english
                state.found[i] = await self._retriever.ainvoke(english, config, limits=state.limits)
                spoken = {"language": state.question.language or "Urdu"}
                state.question = state.question.model_copy(update=spoken)

    async def _own_part(self, state: AnswerState) -> OwnPart | None:
        """What the book says of itself, where that may be asked: "do I need a GPU?"."""
        store = self._retriever.store
        book = await self._book.of(state)
        outline = (await store.outline(book.book_version)).of(state.version)
        asked = asked_of(state.readings[0], outline)
        if asked is None or not asked.sections or is_refused(state.question.question):
            return None
        chunks = await store.sections(list(asked.sections))
        passages = sections_of(chunks, asked.sections, self._retriever.passage_tokens)
        by_id = {str(p.metadata["id"]): p for p in passages}
        told, held = asked.told_by({i: word_set(p.page_content) for i, p in by_id.items()})
        if told is None:
            return None
        best = {str(found[0].metadata["id"]) for found in state.found if found}
        better = held and best.isdisjoint(asked.sections)
        return OwnPart(Found("part", [told]), by_id[told], held, better)

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
    if place is None and asks_for_exercises(asked):
        meant = find(state.readings[0], outline) if state.readings[0] != state.alone else None
        place = meant if meant and meant.task == "exercises" else find(asked, outline, begins=True)
    return place

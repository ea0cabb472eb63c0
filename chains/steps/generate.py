"""Step 4: the answer, streamed."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from langchain_core.runnables import RunnableConfig

import metering
from chains.answer import phrases
from chains.answer.builder import AnswerBuilder
from chains.answer.citations import uncited_sentences
from chains.answer.generation import Generation, Models
from chains.answer.prompt import answer_messages, answer_prompt
from chains.budget import BudgetMode
from chains.runnable import AnswerRunnable, traced
from chains.state import AnswerState, as_state
from schema import AnswerChunk
from text.sentences import split_sentences


class Generate(AnswerRunnable):
    """Streams sources, text and citations, then the rest of the answer."""

    name = "generate"

    def __init__(self, models: Models) -> None:
        self._models = models
        self._prompt = answer_prompt()

    async def astream(
        self, input: Any, config: RunnableConfig | None = None, **kwargs: Any
    ) -> AsyncGenerator[AnswerChunk]:
        """Partial answers from ``state.passages``.

        Raises:
            BookChatError: no model could begin, or one failed after its first token.
        """
        state = as_state(input)
        generation = state.generation = self._generation(state)
        async with traced(self.name, state, config) as run:
            answer = AnswerBuilder()
            async with aclosing(self._parts(state, generation, run.config)) as parts:
                async for part in parts:
                    if run.seen:
                        answer.add(part)
                    yield part
            run.output = answer.sum()

    async def _parts(
        self, state: AnswerState, generation: Generation, config: RunnableConfig
    ) -> AsyncGenerator[AnswerChunk]:
        try:
            yield state.sources()
            if state.answerable:
                messages = answer_messages(
                    self._prompt,
                    state.question,
                    state.standalone,
                    place=state.place,
                    already_said=state.already_said,
                    brief=state.brief,
                )
                async with aclosing(generation.stream(messages, config)) as chunks:
                    async for chunk in chunks:
                        yield chunk
            if generation.cut and not generation.not_in_book:
                language = state.question.language
                yield generation.say(phrases.cut_off(state.standalone, language))
            if state.status == "not_in_book":
                language = state.question.language
                refusal = phrases.not_in_book(
                    state.standalone, language, nearest=bool(state.passages)
                )
                yield generation.say(_still_indexing(state) + refusal)
            if not generation.citations:
                yield {"citations": []}
            yield state.rest()
        finally:
            _count_uncited(generation)

    def _generation(self, state: AnswerState) -> Generation:
        return Generation(
            self._models,
            {str(p.id): p for p in state.passages},
            state.meter,
            _notices(state),
            spare_provider=state.budget is BudgetMode.EXHAUSTED,
            seconds=state.left(self._models.first_token_seconds),
        )


def _notices(state: AnswerState) -> str:
    """What is said before the answer, as paragraphs: a table or a list may follow."""
    notices = (_still_indexing(state).strip(), state.preface.strip())
    return "".join(f"{notice}\n\n" for notice in notices if notice)


def _still_indexing(state: AnswerState) -> str:
    if state.book is None or not state.book.pending:
        return ""
    question = state.question
    return phrases.still_indexing(state.standalone, question.language, state.book.embedded)


def _count_uncited(generation: Generation) -> None:
    if not generation.not_in_book and generation.text:
        sentences = split_sentences(generation.text)
        missing = uncited_sentences(sentences, generation.text, generation.citations)
        metering.count(metering.Event.UNCITED_SENTENCES, missing)

"""Step 1: what may the reader have meant, in words that can be understood alone?"""

from langchain_core.runnables import RunnableConfig

from chains.answer import phrases
from chains.budget import Budget, BudgetMode
from chains.question.condense import (
    Condenser,
    LexicalCondenser,
    asks_for_less,
    history_used,
    leans_on_history,
    of_the_book,
)
from chains.question.said_in_urdu import in_english
from chains.question.small_talk import without_opening
from chains.question.understanding import (
    QuestionReader,
    language_wished,
    without_place,
    without_wish,
)
from chains.served_book import ServedBook
from chains.state import AnswerState
from chains.steps.step import Step
from schema import PastTurn
from text.words import content_words, language_of


class Condense(Step):
    """Fills ``readings``, ``asked``, ``alone``, ``already_said`` and ``budget``."""

    name = "condense"

    def __init__(
        self, condenser: Condenser, budget: Budget, reader: QuestionReader, book: ServedBook
    ) -> None:
        self._condenser = condenser
        self._budget = budget
        self._reader = reader
        self._book = book

    async def fill(self, state: AnswerState, config: RunnableConfig) -> None:
        """The question as the book would write it, alone and with what it may go on with."""
        state.budget = self._budget.mode()
        if (state.question.selected_text or "").strip():
            state.readings = [state.question.question]
            return
        version = (await self._book.of(state)).book_version
        typed, language = language_wished(without_opening(state.question.question))
        if language:
            named = {"language": state.question.language or language}
            state.question = state.question.model_copy(update=named)
        typed = without_wish(typed)
        if english := in_english(typed):
            spoken = "Urdu" if language_of(typed) == "ur" else "Roman Urdu"
            named = {"language": state.question.language or spoken}
            state.question = state.question.model_copy(update=named)
            typed = english
        question = state.asked = await self._reader.mended(typed, version)
        if question != typed:
            state.preface = phrases.read_as(question)
        readings = [question]
        if turns := history_used(state.question, state.history):
            free = state.budget is not BudgetMode.FULL
            turns = [await self._mended(turn, version) for turn in turns]
            condenser = LexicalCondenser() if free else self._condenser
            readings = await condenser(question, turns)
            state.brief = asks_for_less(question)
            # Who wants the answer in another language wants the same again.
            again = bool(language) and not content_words(question)
            state.already_said = [] if again else [turn.answer for turn in turns]
        elif leans_on_history(question):
            readings = of_the_book(question)
        if readings == [question] and (wider := without_place(question)):
            readings.append(wider)
        state.readings = [await self._reader.written_out(one, version) for one in readings]
        state.alone = await self._reader.written_out(question, version)
        state.standalone = state.readings[0]

    async def _mended(self, turn: PastTurn, version: str) -> PastTurn:
        """An earlier question is a topic, and is searched for, too."""
        asked = in_english(turn.question) or turn.question
        question = await self._reader.mended(asked, version)
        return turn.model_copy(update={"question": question})

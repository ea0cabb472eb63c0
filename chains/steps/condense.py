"""Step 1: what may the reader have meant, in words that can be understood alone?"""

from langchain_core.runnables import RunnableConfig

from chains.budget import Budget, BudgetMode
from chains.condense import Condenser, LexicalCondenser, history_used
from chains.state import AnswerState
from chains.steps.step import Step


class Condense(Step):
    """Fills ``readings`` and ``budget``."""

    name = "condense"

    def __init__(self, condenser: Condenser, budget: Budget) -> None:
        self._condenser = condenser
        self._budget = budget

    async def fill(self, state: AnswerState, config: RunnableConfig) -> None:
        """One reading: the question, rewritten when it leans on the history."""
        state.budget = self._budget.mode()
        question = state.question.question
        if turns := history_used(state.question, state.history):
            free = state.budget is not BudgetMode.FULL
            condenser = LexicalCondenser() if free else self._condenser
            question = await condenser(question, turns)
        state.readings = [question]

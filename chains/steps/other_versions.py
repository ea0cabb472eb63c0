"""Step 3 for a book with versions: what the reader's does not answer may stand in another."""

from dataclasses import replace
from typing import Final

from langchain_core.runnables import RunnableConfig

from chains.answer import phrases
from chains.budget import BudgetMode
from chains.evidence.retriever import BookRetriever
from chains.served_book import ServedBook
from chains.state import AnswerState
from chains.steps.judge import Judge
from chains.steps.retrieve import Retrieve
from chains.steps.step import Step
from schema import ANY_VERSION, CollectionInfo

_JUDGED: Final = (
    *("found", "place", "readings", "standalone", "passages", "already_said"),
    *("confidence", "answerable", "preface", "suggestions"),
)


class JudgeVersions(Step):
    """Judges; then searches the other locales and versions for what was refused.

    A book with one version and one locale costs nothing more.
    """

    name = "judge"

    def __init__(
        self, judge: Judge, retrieve: Retrieve, retriever: BookRetriever, book: ServedBook
    ) -> None:
        self._judge, self._retrieve = judge, retrieve
        self._retriever = retriever
        self._book = book

    async def fill(self, state: AnswerState, config: RunnableConfig) -> None:
        """Keeps the first version that answers; the answer says so if it is not the reader's."""
        book = await self._book.of(state)
        begun = replace(state)
        await self._judge.fill(state, config)
        if (state.question.selected_text or "").strip():
            return
        own = book.version_for(state.version)
        if not state.answerable and state.locale not in (None, book.language):
            await self._again(state, replace(begun, locale=book.language), config)
        if not state.answerable and (other := await self._other(state, book, own)):
            await self._again(state, replace(begun, version=other, locale=book.language), config)
        shown = state.passages[0].metadata.get("version") if state.passages else None
        if own and shown not in (None, own) and state.answerable:
            asked = state.question
            said = phrases.from_version(asked.question, asked.language, own, str(shown))
            state.preface = f"{said}\n\n{state.preface}"

    async def _again(self, state: AnswerState, trial: AnswerState, config: RunnableConfig) -> None:
        await self._retrieve.fill(trial, config)
        await self._judge.fill(trial, config)
        if trial.answerable:
            for name in _JUDGED:
                setattr(state, name, getattr(trial, name))

    async def _other(self, state: AnswerState, book: CollectionInfo, own: str | None) -> str | None:
        """The version whose passage fits best; of versions that say the same, the newest."""
        if len(book.versions) < 2:
            return None
        free = BudgetMode.EXHAUSTED if state.budget is BudgetMode.EXHAUSTED else BudgetMode.REDUCED
        limits = replace(state.limits, version=ANY_VERSION, locale=None, budget=free)
        hits = await self._retriever.hits(state.standalone, limits)
        newer = {name: -place for place, name in enumerate(book.versions) if name != own}
        ranked = [
            (round(hit.metadata["score"], 2), newer[name], name)
            for hit in hits
            if (name := hit.metadata.get("version")) in newer
        ]
        return max(ranked)[2] if ranked else None

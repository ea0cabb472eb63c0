"""Step 3: which reading do the passages answer best, and do they answer it at all?"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, Protocol

from langchain_core.documents import Document
from langchain_core.runnables import RunnableConfig

from chains.answer import phrases
from chains.answer.follow_ups import follow_ups
from chains.evidence.abstention import Verdict
from chains.evidence.store import BookStore
from chains.question.condense import (
    asks_of_the_answer,
    history_used,
    is_only_a_name,
    names_another_thing,
)
from chains.question.understanding import without_place
from chains.served_book import ServedBook
from chains.state import AnswerState, OwnPart
from chains.steps.step import Step
from schema import CollectionInfo
from text.sentences import split_sentences
from text.vocabulary import Vocabulary
from text.words import content_words, word_set

_BETTER: Final = 0.5
"""Log-odds by which a later reading must be better than the one guessed before it."""


_OWN: Final = 0.6
"""Share of a question that stands alone that must be answered when a topic is joined to it."""


class EvidenceScorer(Protocol):
    """Says how well passages answer a question; ``Gate`` is the default."""

    def __call__(
        self,
        question: str,
        passages: Sequence[Document],
        vocabulary: Vocabulary,
        calibration: Mapping[str, float],
    ) -> Verdict:
        """The verdict; of several readings the one with the highest score is answered."""


class Judge(Step):
    """Fills ``standalone``, ``passages``, ``confidence`` and ``answerable``."""

    name = "judge"

    def __init__(self, store: BookStore, book: ServedBook, scorer: EvidenceScorer) -> None:
        self._store = store
        self._book = book
        self._score = scorer

    async def fill(self, state: AnswerState, config: RunnableConfig) -> None:
        """Keeps the reading with the best evidence; a selected text is its own evidence."""
        if state.question.selected_text and state.question.selected_text.strip():
            return
        book = await self._book.of(state)
        if state.place is None:
            await self._weigh(state, book)
        elif state.place.named and state.place.task == "chapters":
            question = state.question
            state.preface += phrases.in_parts(question.question, question.language)
        elif not state.place.exact:
            state.confidence = "low"
            _warn(state)
        outline = await self._store.outline(book.book_version)
        state.suggestions = follow_ups(
            outline.of(state.version),
            state.passages,
            state.standalone,
            [turn.question for turn in history_used(state.question, state.history)],
        )

    async def _weigh(self, state: AnswerState, book: CollectionInfo) -> None:
        vocabulary = await self._store.vocabulary(book.book_version)
        verdicts = [
            self._score(reading, passages, vocabulary, book.calibration)
            for reading, passages in zip(state.readings, state.found, strict=True)
        ]
        of_all = asks_of_the_answer(state.alone)
        own = frozenset() if of_all else frozenset(content_words(state.alone))
        verdicts = _with_doubts(state, verdicts, own, vocabulary)
        best = _chosen(state, verdicts, own)
        state.standalone, state.passages = state.readings[best], state.found[best]
        part, verdict = state.own_part, verdicts[best]
        near = part and (part.held or verdict.answerable)
        if part and (part.better or (near and not verdict.sure)):
            _take(state, part, judged=verdict.judged)
            return
        state.confidence = verdict.confidence
        state.answerable = verdict.answerable
        if state.standalone == state.alone:
            state.already_said = []
        if state.answerable and state.confidence == "low":
            _warn(state)


def _with_doubts(
    state: AnswerState, verdicts: Sequence[Verdict], own: frozenset[str], vocabulary: Vocabulary
) -> list[Verdict]:
    """The verdicts, less sure where a topic answers and not the question's ``own`` words."""
    if state.readings[0] == state.alone:
        joined = zip(verdicts[1:], state.found[1:], strict=True)
        return [
            verdicts[0],
            *(
                replace(v, sure=v.sure and vocabulary.coverage(own, _first(found)) >= _OWN)
                for v, found in joined
            ),
        ]
    # What is only a name is another topic where none of the passages says it.
    another = is_only_a_name(state.alone)
    return [
        v if _speaks_of(own, found) else v.refused() if another else v.doubted()
        for v, found in zip(verdicts, state.found, strict=True)
    ]


def _chosen(state: AnswerState, verdicts: Sequence[Verdict], own: frozenset[str]) -> int:
    """The reading that is answered, by evidence and by the headings that name it."""
    best, last = _best(verdicts, stands_alone=state.readings[0] == state.alone), len(verdicts) - 1
    asked = state.question.question
    if verdicts[last].titled:
        another = names_another_thing(asked) or is_only_a_name(asked)
        if state.readings[last] == state.alone and another:
            best = last
        if state.readings[last] == without_place(asked):
            place = own - frozenset(content_words(state.readings[last]))
            if any(place <= _first([passage]) for passage in state.found[last]):
                best = last
    if not verdicts[best].answerable and state.alone in state.readings:
        # What the book does not answer is shown as it was asked, without an earlier topic.
        best = state.readings.index(state.alone)
    return best


def _take(state: AnswerState, part: OwnPart, *, judged: bool) -> None:
    """Answers from what the book says of itself; a model reads that beside what was found."""
    if judged:
        own = part.passage.metadata["id"]
        others = [p for p in state.passages if p.metadata["id"] != own]
        state.passages = [part.passage, *others]
    else:
        state.place, state.passages, state.already_said = part.place, [part.passage], []


def _warn(state: AnswerState) -> None:
    state.preface += phrases.unsure(state.question.question, state.question.language)


def _speaks_of(own: frozenset[str], passages: Sequence[Document]) -> bool:
    """False for "is it hard?" of passages on a topic that never say the word.

    Who asks in more words than one is often answered in others.
    """
    if len(own) != 1:
        return True
    # A word within code says nothing of what is free, hard or best.
    told = ([*p.metadata["breadcrumb"], *split_sentences(p.page_content)] for p in passages)
    return any(own <= word_set(" ".join(sentences)) for sentences in told)


def _first(passages: Sequence[Document]) -> frozenset[str]:
    """The words of the first passage."""
    texts = ([*p.metadata["breadcrumb"], p.page_content] for p in passages[:1])
    return word_set(" ".join(text for parts in texts for text in parts))


def _best(verdicts: Sequence[Verdict], *, stands_alone: bool) -> int:
    """The reading that is answered.

    A question that stands alone is joined to a topic only where that makes the answer sure, and
    by more evidence. One that leans on its topic means little without it.
    """
    alone, others = verdicts[0], [v for v in verdicts[1:] if v.sure]
    if stands_alone and (alone.sure or all(v.score <= alone.score for v in others)):
        return 0
    worth = [(v.answerable, v.score - _BETTER * i) for i, v in enumerate(verdicts)]
    if stands_alone:
        worth = [(v.sure, score) for v, (_, score) in zip(verdicts, worth, strict=True)]
    return max(range(len(verdicts)), key=worth.__getitem__)

"""A follow-up becomes a question that stands alone, only when it leans on the history."""

import re
from collections.abc import Sequence
from typing import Final, Protocol

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage, SystemMessage

import metering
from chains.leaks import prompts
from errors import BookChatError
from schema import MAX_QUESTION, PastTurn, Question
from text.words import content_words, tokens

_PRONOUNS: Final = frozenset(
    """it its they them their theirs this these those he she his her hers iska iski iske uska uski
    uske isko usko inka unka inhe unhe اس ان یہ وہ اسے انہیں""".split()
)
_COMPARING: Final = frozenset(
    """that one ones there then same former latter above previous earlier again also instead else
    both two second third first last other others""".split()
)
_JOINING: Final = frozenset("and but aur lekin اور لیکن مگر".split())
_OPENING: Final = frozenset("so or what how why".split())
_NAMES_A_THING: Final = re.compile(
    r"\W*(what(['’]s| is| are| was| does)|who|define|explain|describe)\b"
    r"|.*\b(kya|kia) (hai|hain|hota|hoti|hote)\b|.*کیا (ہے|ہیں|ہوتا|ہوتی)",
    re.I,
)
_EARLY: Final = 2
"""A pronoun after so many content words has what it stands for in its own question."""
_SHORT: Final = 2
_LEAN: Final = 4
_ANSWER: Final = 600
"""Characters of an earlier answer that the model is shown."""


class Condenser(Protocol):
    """Rewrites a question with its history."""

    async def __call__(self, question: str, history: Sequence[PastTurn]) -> str:
        """A question that can be understood, and searched for, alone."""


def leans_on_history(question: str) -> bool:
    """True when the question probably cannot be understood alone."""
    words = tokens(question)
    content = len(content_words(question))
    if not content or words[0] in _JOINING:
        return True
    before = 0
    for word in words:
        if word in _PRONOUNS and (before < _EARLY or content <= _SHORT):
            return True
        if word in _COMPARING and content <= _LEAN:
            return True
        before += bool(content_words(word))
    if content == 1:
        return not _NAMES_A_THING.match(question)
    return words[0] in _OPENING and content <= _SHORT and len(words) <= _LEAN


def history_used(question: Question, history: Sequence[PastTurn]) -> Sequence[PastTurn]:
    """The turns that the question is read with; none when it stands alone.

    An answer may be shared by readers who ask the same with the same turns.
    """
    selected = bool(question.selected_text)
    return () if selected or not leans_on_history(question.question) else history


class LexicalCondenser:
    """Deterministic rewrite: carries the topic of the last question that stood alone over."""

    async def __call__(self, question: str, history: Sequence[PastTurn]) -> str:
        """``question`` with its topic in front; unchanged when there is none."""
        topic = next(
            (turn.question for turn in reversed(history) if not leans_on_history(turn.question)),
            history[0].question,
        )
        rewritten = f"{topic.strip().rstrip('?!.؟ ')}: {question}"
        return rewritten[:MAX_QUESTION]


class ModelCondenser:
    """Rewrite by a small chat model; falls back to the lexical one."""

    def __init__(self, model: BaseChatModel, prompt: str, turns: int = 4) -> None:
        self._model = model
        self._prompt = prompt
        self._turns = turns
        self._fallback = LexicalCondenser()

    async def __call__(self, question: str, history: Sequence[PastTurn]) -> str:
        """The model's rewrite, one line."""
        lines: list[str] = []
        for turn in history[-self._turns :]:
            lines += [_line("Reader", turn.question), _line("Book", turn.answer[:_ANSWER])]
        lines.append(_line("Reader", question))
        try:
            reply = await self._model.ainvoke(
                [SystemMessage(self._prompt), HumanMessage("\n".join(lines))]
            )
        except BookChatError:
            metering.degrade("condense", visible=False)
            return await self._fallback(question, history)
        rewritten = str(reply.text).strip().splitlines()
        if rewritten and prompts().in_text(str(reply.text)):
            # The reader is shown the rewritten question.
            metering.count("prompt_withheld")
            return await self._fallback(question, history)
        return rewritten[0][:MAX_QUESTION] if rewritten else question


def _line(who: str, said: str) -> str:
    """One line of the transcript, whatever line breaks somebody put into what he said."""
    return f"{who}: {' '.join(said.split())}"

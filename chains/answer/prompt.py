"""The book prompt: what the model is told beside the passages."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

from langchain_core.messages import BaseMessage, HumanMessage
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder

from chains.answer import phrases
from chains.question.places import Found
from chains.question.selection import fenced
from schema import Question

PROMPTS: Final = Path(__file__).parent.parent / "prompts"
_SELECTION_RULE: Final = (
    "The reader selected a text on a page; it follows the question. Explain that text, "
    "from itself and from the section that it stands in."
)
_NO_SELECTION_RULE: Final = "If passages contradict each other, say so and give both."


def answer_prompt() -> ChatPromptTemplate:
    """The book prompt: variables ``language``, ``selection`` and ``messages``."""
    text = (PROMPTS / "answer.md").read_text(encoding="utf-8")
    return ChatPromptTemplate.from_messages([("system", text), MessagesPlaceholder("messages")])


@cache
def _marking_rule() -> str:
    return (PROMPTS / "marking.md").read_text(encoding="utf-8")


def answer_messages(
    prompt: ChatPromptTemplate,
    question: Question,
    standalone: str,
    *,
    place: Found | None = None,
    already_said: Sequence[str] = (),
    brief: bool = False,
) -> list[BaseMessage]:
    """The messages for a question whose words stand for themselves in ``standalone``.

    Args:
        place: the place of the book that is asked for.
        already_said: earlier answers of the conversation, none of which is to be repeated.
        brief: the answer before was too long.
    """
    content = standalone
    if brief:
        content += "\n\nAnswer in one short sentence."
    if question.selected_text:
        content += f"\n\nThe selected text:\n{fenced(question.selected_text)}"
    told = {
        "question": standalone,
        "selection": question.selected_text,
        "language": question.language,
        # Read by models that do not cite by themselves; the others never see it.
        "marking": _marking_rule(),
        "place": (place.task, list(place.places)) if place else None,
        "already_said": list(already_said),
        "brief": brief,
    }
    return prompt.format_messages(
        language=phrases.answer_language(question.question, question.language),
        selection=_SELECTION_RULE if question.selected_text else _NO_SELECTION_RULE,
        messages=[HumanMessage(content, additional_kwargs=told)],
    )

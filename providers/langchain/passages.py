"""Passages for a model that takes no documents: numbered, before the question."""

from collections.abc import Sequence
from typing import Any, Final

from langchain_core.documents import Document
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

MARKING: Final = "marking"
"""Key of ``additional_kwargs`` under which the question brings the rule of marking along."""


def with_passages(
    messages: Sequence[BaseMessage], documents: Sequence[Document]
) -> list[BaseMessage]:
    """The conversation with ``documents`` in it; the rule of marking ends the system message."""
    last = messages[-1]
    rule = last.additional_kwargs.get(MARKING)
    plain = [_plain(message, rule if documents else None) for message in messages[:-1]]
    if not documents:
        return [*plain, _plain(last)]
    shown = "\n\n".join(_shown(number, one) for number, one in enumerate(documents, 1))
    return [*plain, HumanMessage(f"{shown}\n\nQuestion: {last.text}")]


def source_id(document: Document, number: int) -> str:
    """The id that a citation of the passage carries."""
    return str(document.metadata.get("id") or document.id or f"doc-{number}")


def _shown(number: int, document: Document) -> str:
    path: list[str] = list(document.metadata.get("breadcrumb") or ())
    headings = " › ".join(path) or str(document.metadata.get("title") or "")
    # A passage cannot end itself: the book's own text is material, not structure.
    text = document.page_content.replace("</passage", "<\\/passage")
    return f"<passage number={number}>\n[{number}] {headings}\n{text}\n</passage>"


def _plain(message: BaseMessage, rule: Any = None) -> BaseMessage:
    """A message without what only our own models read."""
    text = str(message.text)
    if message.type == "system":
        return SystemMessage(f"{text.rstrip()}\n{rule}" if rule else text)
    return AIMessage(text) if message.type == "ai" else HumanMessage(text)

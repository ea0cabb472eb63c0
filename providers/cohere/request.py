"""LangChain's messages and documents as Cohere's chat API wants them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from langchain_core.documents import Document
from langchain_core.messages import BaseMessage

_ROLES: Final = {"system": "system", "human": "user", "ai": "assistant"}


def as_documents(documents: Sequence[Document | Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Cohere's ``documents``: every key and value of ``data`` is read by the model."""
    return [
        _document(d, index) if isinstance(d, Document) else dict(d)
        for index, d in enumerate(documents)
    ]


def _document(document: Document, index: int) -> dict[str, Any]:
    told = document.metadata
    data = {"title": told.get("title"), "heading": told.get("heading")}
    if data["heading"] == data["title"]:
        del data["heading"]
    return {
        "id": str(told.get("id") or document.id or f"doc-{index}"),
        "data": {**{k: v for k, v in data.items() if v}, "text": document.page_content},
    }


def as_message(message: BaseMessage) -> dict[str, str]:
    """A message of the conversation; only its text is told."""
    return {"role": _ROLES.get(message.type, "user"), "content": str(message.text)}

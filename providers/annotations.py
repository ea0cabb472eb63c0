"""Citations as LangChain's standard annotations of a text block."""

from collections.abc import Sequence
from typing import Any

Annotation = dict[str, Any]


def annotation_of(text: str, start: int, source_ids: Sequence[str]) -> Annotation:
    """A citation of ``source_ids`` for ``text``, which stands at ``start`` of the answer."""
    return {
        "type": "citation",
        "start_index": start,
        "end_index": start + len(text),
        "cited_text": text,
        "extras": {"source_ids": list(dict.fromkeys(source_ids))},
    }


def content_of(text: str, notes: list[Annotation]) -> str | list[str | Annotation]:
    """Message content: plain text, or a text block with its citations."""
    return [{"type": "text", "text": text, "annotations": notes}] if notes else text

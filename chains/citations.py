"""Citations are checked against the answer and the passages that were sent."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from langchain_core.documents import Document

import metering
from schema import Citation
from text.words import language_of, word_set


def read_annotations(block: Mapping[str, Any]) -> Iterator[Citation]:
    """Citations of one standard text block (``annotations`` of type ``citation``)."""
    for note in block.get("annotations") or ():
        if note.get("type") == "citation":
            yield Citation(
                start=note["start_index"],
                end=note["end_index"],
                text=note["cited_text"],
                source_ids=list(note.get("extras", {}).get("source_ids", ())),
            )


def verify(citation: Citation, answer: str, passages: Mapping[str, Document]) -> Citation | None:
    """The citation with true offsets and supporting sources only, or None if nothing is left."""
    start = citation.start
    if answer[start : citation.end] != citation.text:
        # Providers count offsets in their own units once the text has left the basic plane.
        start = answer.find(citation.text, max(0, start - 40)) if citation.text.strip() else -1
    sources = [s for s in dict.fromkeys(citation.source_ids) if s in passages]
    supported = [s for s in sources if supports(passages[s], citation.text)]
    if start < 0 or not supported:
        metering.count("citations_dropped")
        return None
    return Citation(
        start=start, end=start + len(citation.text), text=citation.text, source_ids=supported
    )


def supports(passage: Document, span: str) -> bool:
    """True when the passage shares a content word with the span.

    A span in another language than the passage cannot be compared by words and passes.
    """
    claimed = word_set(span)
    text = " ".join([*passage.metadata["breadcrumb"], passage.page_content])
    if not claimed or language_of(span) != language_of(text):
        return True
    return not claimed.isdisjoint(word_set(text))


def uncited_sentences(sentences: Sequence[str], answer: str, citations: Sequence[Citation]) -> int:
    """How many sentences of the answer no citation touches."""
    missing = position = 0
    for sentence in sentences:
        start = answer.find(sentence, position)
        if start < 0:
            continue
        position = start + len(sentence)
        missing += not any(c.start < position and c.end > start for c in citations)
    return missing

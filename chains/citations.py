"""Citations are checked against the answer and the passages that were sent."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from langchain_core.documents import Document

import metering
from schema import Citation
from text.words import language_of, word_set

_SENTENCE_MARKS: Final = (". ", "! ", "? ", "\n", "۔", "؟")
_NUMBER: Final = re.compile(r"\d+(?:[.,]\d+)*")


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
    claim = sentence_around(answer, start, start + len(citation.text)) if start >= 0 else ""
    sources = [s for s in dict.fromkeys(citation.source_ids) if s in passages]
    supported = [s for s in sources if supports(passages[s], citation.text, claim)]
    if start < 0 or not supported:
        metering.count(metering.Event.CITATIONS_DROPPED)
        return None
    return Citation(
        start=start, end=start + len(citation.text), text=citation.text, source_ids=supported
    )


def sentence_around(text: str, start: int, end: int) -> str:
    """The sentence of ``text`` that holds this span, as far as it has been said."""
    before = max(text.rfind(mark, 0, start) for mark in _SENTENCE_MARKS)
    after = [at for mark in _SENTENCE_MARKS if (at := text.find(mark, end)) >= 0]
    return text[before + 1 : min(after, default=len(text))]


def supports(passage: Document, span: str, claim: str = "") -> bool:
    """True unless the passage says something else than the span and the claim that it is part of.

    A paraphrase may share no word with its passage, so the whole claim is compared; a number must
    stand in a passage that has numbers. What is in another language cannot be compared.
    """
    claimed = word_set(claim or span)
    text = " ".join([*passage.metadata["breadcrumb"], passage.page_content])
    if not claimed or language_of(claim or span) != language_of(text):
        return True
    figures, there = _numbers(span), _numbers(text)
    if figures and there and not figures & there:
        return False
    return not claimed.isdisjoint(word_set(text))


def _numbers(text: str) -> set[str]:
    return {found.replace(",", "") for found in _NUMBER.findall(text)}


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

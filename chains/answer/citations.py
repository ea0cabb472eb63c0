"""Citations are checked against the answer and the passages that were sent."""

import re
from collections.abc import Iterator, Mapping, Sequence
from operator import mul
from typing import Any, Final, Protocol

from langchain_core.documents import Document

import metering
from schema import Citation
from text.sentences import split_sentences
from text.words import language_of, word_set

_SENTENCE_MARKS: Final = (". ", "! ", "? ", "\n", "۔", "؟")
_SENTENCES: Final = 24
"""So many sentences of a passage are compared by meaning, at about 5 ms each."""
_NEAR: Final = 0.2
"""Cosine from which sentences are about the same: paraphrases lie above, strangers below 0.15."""
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


class Meaning(Protocol):
    """Embeds texts in this process."""

    async def aembed_queries(self, texts: list[str]) -> list[list[float]]:
        """One unit vector per text."""


async def verify(
    citation: Citation,
    answer: str,
    passages: Mapping[str, Document],
    meaning: Meaning | None = None,
) -> Citation | None:
    """The citation with true offsets and supporting sources only, or None if nothing is left.

    A source that shares no word with the claim is compared by ``meaning``; without one it stays,
    as a right citation weighs more than a wrong one.
    """
    start = citation.start
    if answer[start : citation.end] != citation.text:
        # Providers count offsets in their own units once the text has left the basic plane.
        start = answer.find(citation.text, max(0, start - 40)) if citation.text.strip() else -1
    claim = sentence_around(answer, start, start + len(citation.text)) if start >= 0 else ""
    supported = []
    for source in dict.fromkeys(citation.source_ids) if start >= 0 else ():
        if source not in passages:
            continue
        found = supports(passages[source], citation.text, claim)
        if found is None:
            metering.count(metering.Event.CITATIONS_IN_OTHER_WORDS)
            found = meaning is None or await _means(meaning, claim, passages[source])
        if found:
            supported.append(source)
    if not supported:
        metering.count(metering.Event.CITATIONS_DROPPED)
        return None
    return Citation(
        start=start, end=start + len(citation.text), text=citation.text, source_ids=supported
    )


async def _means(meaning: Meaning, claim: str, passage: Document) -> bool:
    """Some sentence of the passage is about what the claim is about."""
    sentences = split_sentences(passage.page_content)[:_SENTENCES]
    claimed, *told = await meaning.aembed_queries([claim.strip(), *sentences])
    return any(sum(map(mul, claimed, one)) >= _NEAR for one in told)


def sentence_around(text: str, start: int, end: int) -> str:
    """The sentence of ``text`` that holds this span, as far as it has been said."""
    before = max(text.rfind(mark, 0, start) for mark in _SENTENCE_MARKS)
    after = [at for mark in _SENTENCE_MARKS if (at := text.find(mark, end)) >= 0]
    return text[before + 1 : min(after, default=len(text))]


def supports(passage: Document, span: str, claim: str = "") -> bool | None:
    """Whether the passage speaks of the span and the claim that it is part of; None: who knows.

    The words of the whole claim are compared, and a number must stand in a passage that has
    numbers. What is in another language cannot be compared; it is believed.
    """
    claimed = word_set(claim or span)
    text = " ".join([*passage.metadata["breadcrumb"], passage.page_content])
    if not claimed or language_of(claim or span) != language_of(text):
        return True
    figures, there = _numbers(span), _numbers(text)
    if figures and there and not figures & there:
        return False
    return None if claimed.isdisjoint(word_set(text)) else True


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

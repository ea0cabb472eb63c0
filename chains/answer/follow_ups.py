"""Questions to go on with: what the neighbours of the sections that answered answer surely."""

from collections.abc import Iterator, Sequence
from typing import Final

from langchain_core.documents import Document

from text.outline import Outline
from text.words import content_words

_MOST: Final = 3
_SECTIONS: Final = 2
_NEAR: Final = 6


def follow_ups(
    outline: Outline, passages: Sequence[Document], question: str, earlier: Sequence[str] = ()
) -> list[str]:
    """Up to three questions, the nearest first; none that was asked before."""
    asked = [frozenset(content_words(text)) for text in (question, *earlier)]
    found: dict[str, None] = {}
    for candidate in _near(outline, passages):
        words = frozenset(content_words(candidate))
        if words and not any(words <= known for known in asked):
            asked.append(words)
            found[candidate] = None
    return list(found)[:_MOST]


def _near(outline: Outline, passages: Sequence[Document]) -> Iterator[str]:
    for passage in passages[:_SECTIONS]:
        place = outline.by_section.get(str(passage.metadata.get("id") or passage.id))
        if place is None:
            continue
        page, at = place
        near = sorted(range(len(page.sections)), key=lambda i: (abs(i - at), i < at))
        yield from (s for i in near[:_NEAR] if (s := page.sections[i].question))
    for passage in passages[_SECTIONS:]:
        place = outline.by_section.get(str(passage.metadata.get("id") or passage.id))
        if place is not None and (question := place[0].sections[place[1]].question):
            yield question

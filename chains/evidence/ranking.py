"""How well a chunk fits a question: by its meaning, its best sentence and its words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

from langchain_core.documents import Document

from text.code import code_words, fits, holds_code, languages_in, subject_of_code
from text.headings import name_in
from text.vocabulary import Vocabulary
from text.words import word_set

_SENTENCE_SHARE: Final = 0.5
_LEXICAL_SHARE: Final = 0.5
_CODE: Final = 0.25
_OF_IT: Final = 0.1
"""For code below a heading that names a part of what is sought: "Links" for a "URDF link"."""


@dataclass(frozen=True)
class LexicalScale:
    """BM25 as a share of what the whole question would weigh.

    A question in other words than the book's has little to go by but its meaning: relative to
    the strongest hit alone, a single common word would count as much as a full match.
    """

    full: float

    @classmethod
    def of(cls, query: str, hits: Sequence[Document], vocabulary: Vocabulary) -> Self:
        """The scale of one question and its hits."""
        strongest = max((hit.metadata["lexical"] or 0.0 for hit in hits), default=0.0)
        return cls(max(strongest, sum(map(vocabulary.weight, word_set(query)))))

    def share(self, hit: Document) -> float:
        """0 to 1."""
        return (hit.metadata["lexical"] or 0.0) / self.full if self.full else 0.0


def agreement(chunk: float, sentence: float, lexical: float) -> float:
    """Cosine of the chunk and of its best sentence, and the share of BM25; 0 to about 1.

    Ranks alone (RRF) forget how far apart two hits are; measured in ``docs/quality.md``.
    """
    weights = 1.0 + _SENTENCE_SHARE
    return (chunk + _SENTENCE_SHARE * sentence + _LEXICAL_SHARE * lexical) / weights


def code_first(
    question: str, hits: Sequence[Document], vocabulary: Vocabulary, bonus: float = _CODE
) -> list[Document]:
    """The hits, raised where they hold code in the words of what is sought."""
    asked = code_words(subject_of_code(question))
    for hit in hits:
        if holds_code(hit.page_content):
            heading = hit.metadata["heading"]
            held = code_words(f"{hit.metadata['title']} {heading} {hit.page_content}")
            named = frozenset(word_set(name_in(heading)))
            share = bonus * vocabulary.coverage(asked, held)
            share += _OF_IT if named and named <= asked else 0.0
            hit.metadata["score"] += share * fits(languages_in(hit.page_content), question)
    return sorted(hits, key=lambda hit: -hit.metadata["score"])

"""Search while a reader types: words only, completed and corrected, no embedding, no provider."""

from collections.abc import Sequence
from typing import Any, Final

from langchain_core.documents import Document

from chains.evidence.passages import by_section, passage_of
from chains.evidence.retriever import BookRetriever
from text.completion import Completion, TypedWord
from text.words import tokens

_FETCH: Final = 40
_IN_HEADING: Final = 1.0
_IN_TITLE: Final = 0.4
"""Shares of the strongest BM25 that a hit gains when its heading or title has all words."""


class TypingSearch:
    """Finds sections for unfinished words; what it knows of a version is kept."""

    def __init__(self, retriever: BookRetriever) -> None:
        self._retriever = retriever
        self._completion: tuple[str, Completion] | None = None

    async def read(self, query: str, book_version: str) -> list[TypedWord]:
        """The words of a query as the book may spell them."""
        if self._completion is None or self._completion[0] != book_version:
            vocabulary = await self._retriever.store.vocabulary(book_version)
            self._completion = book_version, Completion(vocabulary.spellings)
        return self._completion[1].read(query)

    async def find(
        self, words: Sequence[TypedWord], k: int, section: str | None, version: str | None = None
    ) -> list[Document]:
        """The ``k`` best passages, each the hits of one section; best first."""
        query = " ".join(word for typed in words for word in typed.words)
        found = await self._retriever.store.asimilarity_search_with_score(
            query, _FETCH, scope=section, version=version, sparse_only=True
        )
        strongest = max((score for _, score in found), default=0.0)
        for hit, score in found:
            hit.metadata["score"] = score + strongest * _named(words, hit.metadata)
            if hit.metadata["kind"] == "echo":
                hit.metadata["score"] *= self._retriever.echo_discount
        hits = sorted((hit for hit, _ in found), key=lambda hit: -hit.metadata["score"])
        return [passage_of(group[:1], (), 0) for group in by_section(hits, k).values()]


def _named(words: Sequence[TypedWord], metadata: dict[str, Any]) -> float:
    """How far the heading, and the title above it, say what was typed."""
    if not words:
        return 0.0
    share = 0.0
    for weight, text in ((_IN_HEADING, metadata["heading"]), (_IN_TITLE, metadata["title"])):
        there = tokens(text)
        held = sum(any(word.matches(one) for one in there) for word in words)
        share += weight * held / len(words) / (1 + 0.1 * len(there))
    return share

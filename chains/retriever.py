"""From a question to passages: search, rerank, widen.

A hit is a chunk; a passage is a section (or the part of it that fits the budget) around its
hits. What the passage shows is exactly what the model is sent.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final, Protocol

from langchain_core.callbacks import (
    AsyncCallbackManagerForRetrieverRun,
    CallbackManagerForRetrieverRun,
)
from langchain_core.documents import BaseDocumentCompressor, Document
from langchain_core.retrievers import BaseRetriever

import metering
from chains.budget import Thrift
from errors import BookChatError
from schema import CollectionInfo, Source
from vocabulary import Vocabulary
from words import content_words, language_of, tokens

_LEXICAL_SHARE: Final = 0.3


class BookStore(Protocol):
    """What the retriever needs of a vector store; ``BookVectorStore`` provides it."""

    async def asimilarity_search_with_score(
        self, query: str, k: int = 4, *, scope: str | None = None, sparse_only: bool = False
    ) -> list[tuple[Document, float]]:
        """Chunks, best first; metadata gains ``similarity`` and ``lexical``."""

    async def sections(self, section_ids: Sequence[str]) -> list[Document]:
        """All chunks of these sections in book order."""

    async def info(self) -> CollectionInfo | None:
        """What the served collection says about itself."""

    async def vocabulary(self, book_version: str) -> Vocabulary:
        """The words of that version of the book."""


class BookRetriever(BaseRetriever):
    """Passages for a question, best first, one per section.

    Document metadata: the fields of ``Source`` but the text, ``chunks`` (the merged chunk
    documents), ``similarity`` (best cosine of a hit or None) and ``lexical`` (best BM25).
    """

    store: Any
    reranker: BaseDocumentCompressor | None = None
    fetch: int = 32
    """Chunks that the search returns for reranking and grouping."""
    passages: int = 6
    """Passages that are handed on."""
    passage_tokens: int = 400
    """Widest passage; Cohere asks for documents under about 300 words."""
    echo_discount: float = 0.5
    multilingual: bool = True
    """The embeddings read other languages than English."""

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,
        scope: str | None = None,
        thrift: Thrift = Thrift.NONE,
    ) -> list[Document]:
        # The base class reads this signature to learn what may be passed on.
        raise NotImplementedError("the retriever is asynchronous: use ainvoke")

    async def _aget_relevant_documents(
        self,
        query: str,
        *,
        run_manager: AsyncCallbackManagerForRetrieverRun,
        scope: str | None = None,
        thrift: Thrift = Thrift.NONE,
    ) -> list[Document]:
        unread = not self.multilingual and language_of(query) != "en"
        if unread:
            query = await self._known_words(query)
        # Vectors of a script that the model cannot read are noise.
        sparse_only = thrift is Thrift.STOP or (unread and language_of(query) != "en")
        hits = await self._search(query, scope, sparse_only=sparse_only)
        if thrift is Thrift.NONE:
            hits = await self._rerank(query, hits)
        groups = _by_section(hits, self.passages)
        if not groups:
            return []
        siblings = _index(await self.store.sections(list(groups)))
        return [
            _passage(group, siblings.get(section_id, []), self.passage_tokens)
            for section_id, group in groups.items()
        ]

    async def _known_words(self, query: str) -> str:
        """The words of a question in another language that the book uses, such as its terms."""
        info = await self.store.info()
        if info is None:
            return query
        vocabulary = await self.store.vocabulary(info.book_version)
        known = (t for t in tokens(query) if any(w in vocabulary for w in content_words(t)))
        return " ".join(known) or query

    async def _search(self, query: str, scope: str | None, *, sparse_only: bool) -> list[Document]:
        try:
            found = await self.store.asimilarity_search_with_score(
                query, self.fetch, scope=scope, sparse_only=sparse_only
            )
        except BookChatError as error:
            if error.code == "retrieval_unavailable":
                raise
            metering.degrade("embedding")
            found = await self.store.asimilarity_search_with_score(
                query, self.fetch, scope=scope, sparse_only=True
            )
        hits = [chunk for chunk, _ in found]
        strongest = max((hit.metadata["lexical"] or 0.0 for hit in hits), default=0.0)
        for hit in hits:
            score = _agreement(hit, strongest)
            echo = hit.metadata.get("kind") == "echo"
            hit.metadata["score"] = score * self.echo_discount if echo else score
        return sorted(hits, key=lambda hit: -hit.metadata["score"])

    async def _rerank(self, query: str, hits: list[Document]) -> list[Document]:
        if self.reranker is None or len(hits) < 2:
            return hits
        try:
            ranked = list(await self.reranker.acompress_documents(hits, query))
        except BookChatError:
            metering.degrade("reranker", visible=False)
            return hits
        for chunk in ranked:
            chunk.metadata["score"] = chunk.metadata["relevance_score"]
        return ranked


def _agreement(hit: Document, strongest: float) -> float:
    """Cosine plus a share of the BM25 score relative to the strongest hit's.

    Ranks alone (RRF) forget how far apart two hits are; measured in ``docs/quality.md``.
    """
    lexical = (hit.metadata["lexical"] or 0.0) / strongest if strongest else 0.0
    return (hit.metadata["similarity"] or 0.0) + _LEXICAL_SHARE * lexical


def _by_section(hits: Iterable[Document], limit: int) -> dict[str, list[Document]]:
    groups: dict[str, list[Document]] = {}
    for hit in hits:
        section_id = hit.metadata["section_id"]
        if section_id in groups or len(groups) < limit:
            groups.setdefault(section_id, []).append(hit)
    return groups


def _index(chunks: Iterable[Document]) -> dict[str, list[Document]]:
    sections: dict[str, list[Document]] = {}
    for chunk in chunks:
        sections.setdefault(chunk.metadata["section_id"], []).append(chunk)
    return sections


def _passage(hits: list[Document], siblings: list[Document], budget: int) -> Document:
    chunks = _window(hits, siblings or hits, budget)
    best = hits[0].metadata
    return Document(
        id=best["section_id"],
        page_content="\n\n".join(chunk.page_content for chunk in chunks),
        metadata={
            **{key: best[key] for key in ("title", "heading", "breadcrumb", "path", "url")},
            "id": best["section_id"],
            "score": best["score"],
            "similarity": _best(hits, "similarity"),
            "lexical": _best(hits, "lexical"),
            "chunks": chunks,
        },
    )


def _best(hits: Iterable[Document], key: str) -> float | None:
    found = [hit.metadata[key] for hit in hits if hit.metadata.get(key) is not None]
    return max(found, default=None)


def _window(hits: list[Document], siblings: list[Document], budget: int) -> list[Document]:
    """The hits of a section, then their neighbours, as far as the budget goes; book order."""
    position = {chunk.id: i for i, chunk in enumerate(siblings)}
    starts = [position[hit.id] for hit in hits if hit.id in position] or [0]
    nearest = sorted(
        range(len(siblings)), key=lambda i: (i not in starts, min(abs(i - s) for s in starts), -i)
    )
    chosen: list[int] = []
    for i in nearest:
        cost = siblings[i].metadata["tokens"]
        if chosen and cost > budget:
            break
        chosen.append(i)
        budget -= cost
    return [siblings[i] for i in sorted(chosen)]


def as_source(passage: Document) -> Source:
    """The public form of a passage."""
    fields = {key: passage.metadata[key] for key in Source.model_fields if key in passage.metadata}
    return Source(**fields, text=passage.page_content)

"""From a question to passages: search, rerank, widen.

A hit is a chunk; a passage is a section (or the part of it that fits the budget) around its
hits. What the passage shows is exactly what the model is sent.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final

import numpy as np
from langchain_core.callbacks import (
    AsyncCallbackManagerForRetrieverRun,
    CallbackManagerForRetrieverRun,
)
from langchain_core.documents import BaseDocumentCompressor, Document
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables.config import set_config_context
from numpy.typing import NDArray

import metering
from chains.budget import BudgetMode
from chains.evidence.locales import known_words, prefer_pages_that_hold, preferred_locale
from chains.evidence.passages import by_section, passage_of
from chains.evidence.ranking import LexicalScale, agreement, code_first
from chains.evidence.store import ALL, SearchLimits
from chains.runnable import traced
from errors import BookChatError, FixConfiguration
from text.code import asks_for_code, subject_of_code
from text.comparison import names_of_sides
from text.definitions import asks_what_is, defines
from text.headings import asks_about_the_page, is_about_the_page, is_named, is_summary
from text.sentence_vectors import unpack_vectors
from text.steps import asks_for_steps
from text.words import Language, language_of, word_set

_ALL_CODE: Final = 3
_ALL_STEPS: Final = 2
"""Who asks for code or for steps wants all of it: such passages are so many times wider."""


class BookRetriever(BaseRetriever):
    """Passages for a question, best first, one per section.

    Document metadata: the fields of ``Source`` but the text, ``chunks`` (the merged chunk
    documents), ``similarity`` (best cosine of a hit or None), ``lexical`` (best BM25) and
    ``cosines`` (by chunk id, those of its sentences, where vectors of sentences are kept).
    """

    store: Any
    reranker: BaseDocumentCompressor | None = None
    fetch: int = 64
    """Chunks that the search returns for grouping."""
    reranked: int = 32
    """Chunks that the search returns for reranking, which costs by their number."""
    passages: int = 6
    """Passages that are handed on."""
    passage_tokens: int = 400
    """Widest passage; Cohere asks for documents under about 300 words."""
    echo_discount: float = 0.5
    announcing_discount: float = 0.9
    """For goals and summaries: the section that they speak of says more."""
    named_bonus: float = 0.15
    """For the section whose heading is the name of what is asked for, or that defines it."""
    other_locale_discount: float = 0.6
    multilingual: bool = True
    """The embeddings read other languages than English."""

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,
        limits: SearchLimits = ALL,
    ) -> list[Document]:
        # The base class reads this signature to learn what may be passed on.
        raise NotImplementedError("the retriever is asynchronous: use ainvoke")

    async def _aget_relevant_documents(
        self,
        query: str,
        *,
        run_manager: AsyncCallbackManagerForRetrieverRun,
        limits: SearchLimits = ALL,
    ) -> list[Document]:
        # Whatever runs inside shows up in traces as a part of this retrieval.
        with set_config_context({"callbacks": run_manager.get_child()}) as context:
            return await asyncio.create_task(self._passages(query, limits), context=context)

    async def _passages(self, query: str, limits: SearchLimits) -> list[Document]:
        hits = await self._with_sides(query, await self.hits(query, limits), limits)
        passages = await self.widen(hits, code=asks_for_code(query), steps=asks_for_steps(query))
        chunks = {chunk.id: chunk for p in passages for chunk in p.metadata["chunks"]}
        if any(p.metadata["similarity"] is not None for p in passages) and self._reads(query):
            cosines = await self._sentence_cosines(query, list(chunks.values()))
            for passage in passages:
                ids = (chunk.id for chunk in passage.metadata["chunks"])
                passage.metadata["cosines"] = {i: cosines[i] for i in ids if i in cosines}
        return passages

    async def hits(self, query: str, limits: SearchLimits = ALL) -> list[Document]:
        """Chunks, best first; metadata gains ``score``, ``similarity`` and ``lexical``."""
        language = language_of(query)
        if self._reads(query):
            sought = subject_of_code(query) if asks_for_code(query) else query
            found = await self._search(sought, limits)
            hits = await self._scored(
                sought, found, preferred_locale(language, limits.locale, found)
            )
            if sought != query:
                hits = code_first(query, hits, await self.store.vocabulary())
        else:
            query, hits = await self._unread(query, language, limits)
        return await self._rerank(query, hits) if limits.budget is BudgetMode.FULL else hits

    async def _with_sides(
        self, query: str, hits: list[Document], limits: SearchLimits
    ) -> list[Document]:
        """The hits, and behind the first those on each of two things that are compared.

        Two things may be explained on pages far apart, neither of which a search for both finds.
        """
        names = names_of_sides(query) if hits and self._reads(query) else None
        if not names or _names_both(hits[0].metadata["heading"], names):
            return hits
        known = {hit.id: hit.metadata for hit in hits}
        best = hits[0].metadata["score"]
        first = {hits[0].id: hits[0]}
        for name in names:
            # By words alone: a name needs no embedding, and no second call pays for it.
            by_words = replace(limits, budget=BudgetMode.EXHAUSTED)
            for hit in (await self.hits(f"What is {name}?", by_words))[:1]:
                if word_set(name) <= word_set(f"{hit.metadata['heading']} {hit.page_content}"):
                    metadata = {**known.get(hit.id, hit.metadata), "score": best}
                    first.setdefault(hit.id, hit.model_copy(update={"metadata": metadata}))
        return [*first.values(), *(hit for hit in hits if hit.id not in first)]

    def _reads(self, query: str) -> bool:
        """The embeddings read the language of the question."""
        return self.multilingual or language_of(query) == "en"

    async def _unread(
        self, query: str, language: Language, limits: SearchLimits
    ) -> tuple[str, list[Document]]:
        """Hits for a question in a language that the embedding model cannot read.

        Its terms are sought in the book's language, its own words on the pages of its locale.
        Returns the words that were sought, too.
        """
        vocabulary = await self.store.vocabulary()
        own: list[Document] = []
        if language == "ur":
            # Sorting a book's words by sound takes some tenths of a second, once per version.
            loanwords = await asyncio.to_thread(lambda: vocabulary.loanwords)
            terms = " ".join(loanwords.english(query))
            own = await self._search(query, limits, sparse_only=True, locale=language)
            prefer_pages_that_hold(query, own, vocabulary)
        else:
            terms = known_words(query, vocabulary)
        found = await self._search(terms or query, limits, sparse_only=not terms)
        hits = await self._scored(terms or query, found, "en")
        ids = {hit.id for hit in own}
        hits = own + [hit for hit in hits if hit.id not in ids]
        return terms or query, sorted(hits, key=lambda hit: -hit.metadata["score"])

    async def widen(
        self, hits: Sequence[Document], *, code: bool = False, steps: bool = False
    ) -> list[Document]:
        """One passage per section of the hits, in their order.

        ``code``: wide ones around the best hit, so that a block of code comes whole.
        ``steps``: wide ones, so that a procedure does.
        """
        groups = by_section(hits, self.passages)
        if not groups:
            return []
        siblings = by_section(await self.store.sections(list(groups)))
        room = self.passage_tokens * (_ALL_CODE if code else _ALL_STEPS if steps else 1)
        return [
            passage_of(group[:1] if code else group, siblings.get(section_id, []), room)
            for section_id, group in groups.items()
        ]

    async def _search(
        self,
        query: str,
        limits: SearchLimits,
        *,
        sparse_only: bool = False,
        locale: str | None = None,
    ) -> list[Document]:
        """``locale``: that of all pages that are searched."""
        depth = self.fetch if self.reranker is None else self.reranked
        search = partial(
            self.store.asimilarity_search_with_score,
            query,
            depth,
            scope=limits.scope,
            version=limits.version,
            locale=locale,
        )
        async with traced("search", query) as run:
            try:
                found = await search(sparse_only=sparse_only or limits.sparse_only)
            except FixConfiguration:
                # Degrading would hide from the operator that the key or the model is refused.
                raise
            except BookChatError as error:
                if error.code == "retrieval_unavailable":
                    raise
                metering.degrade(metering.Part.EMBEDDING)
                found = await search(sparse_only=True)
            run.output = chunks = [chunk for chunk, _ in found]
        return chunks

    async def _sentence_cosines(
        self, query: str, chunks: Sequence[Document]
    ) -> dict[str | None, NDArray[np.float32]]:
        """By chunk id, the cosine of each of its sentences; chunks without vectors are left out."""
        kept = [chunk for chunk in chunks if chunk.metadata.get("sentence_vectors")]
        if not kept:
            return {}
        asked = np.asarray(await self.store.vector_of(query), dtype=np.float32)
        return {
            chunk.id: unpack_vectors(chunk.metadata["sentence_vectors"], len(asked)) @ asked
            for chunk in kept
        }

    async def _scored(self, query: str, hits: list[Document], language: str) -> list[Document]:
        """The hits with their ``score``, best first."""
        near = [hit for hit in hits if hit.metadata["similarity"] is not None]
        cosines = await self._sentence_cosines(query, hits) if near else {}
        scale = LexicalScale.of(query, hits, await self.store.vocabulary())
        # What only the words found lies below all that the vectors found.
        unseen = min((hit.metadata["similarity"] for hit in near), default=0.0)
        locales = {hit.metadata["locale"] for hit in hits}
        about_the_page, wanted = asks_about_the_page(query), asks_what_is(query)
        for hit in hits:
            similarity = hit.metadata["similarity"]
            whole = unseen if similarity is None else similarity
            best = float(cosines[hit.id].max()) if hit.id in cosines else whole
            score = agreement(whole, best, scale.share(hit))
            heading = hit.metadata["heading"]
            if hit.metadata["kind"] == "echo":
                score *= self.echo_discount
            if (is_about_the_page(heading) or is_summary(heading)) and not about_the_page:
                score *= self.announcing_discount
            if is_named(heading, query) or defines(hit.page_content, wanted):
                score += self.named_bonus
            if language in locales and hit.metadata["locale"] != language:
                # A translation says the same; the reader gets the page in the question's language.
                score *= self.other_locale_discount
            hit.metadata["score"] = score
        own = [hit for hit in hits if hit.metadata["locale"] == language]
        # Translations are for readers of that language, unless this one has too few pages.
        kept = own if len({hit.metadata["section_id"] for hit in own}) >= self.passages else hits
        return sorted(kept, key=lambda hit: -hit.metadata["score"])

    async def _rerank(self, query: str, hits: list[Document]) -> list[Document]:
        if self.reranker is None or len(hits) < 2:
            return hits
        async with traced("rerank", query) as run:
            try:
                ranked = list(await self.reranker.acompress_documents(hits, query))
            except BookChatError:
                metering.degrade(metering.Part.RERANKER, visible=False)
                return hits
            run.output = ranked
        for chunk in ranked:
            chunk.metadata["score"] = chunk.metadata["relevance_score"]
        return ranked


def _names_both(heading: str, names: Sequence[str]) -> bool:
    return all(word_set(name) <= word_set(heading) for name in names)

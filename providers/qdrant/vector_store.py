"""The book as a LangChain vector store: hybrid search without the thread pool."""

from collections.abc import Sequence
from typing import Any, Final, Literal

from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_qdrant import QdrantVectorStore, RetrievalMode
from langchain_qdrant.sparse_embeddings import SparseEmbeddings
from qdrant_client import AsyncQdrantClient, QdrantClient, models

from errors import RetryLater
from providers.qdrant.info_point import INFO_ID, NO_CHUNKS, read_detail, read_info
from providers.qdrant.likely import with_likely_similarity
from providers.qdrant.points import DENSE, SPARSE, document_of, filter_of
from providers.qdrant.query_vectors import QueryVectors
from providers.qdrant.section_cache import SectionCache
from providers.qdrant.server import translated
from providers.qdrant.sparse import encoder_for
from schema import CollectionInfo
from text.outline import Outline
from text.vocabulary import Vocabulary

_PAGE: Final = 1000
# Deeper than k, because a good passage may be far down one list and high up in the other.
_DEPTH: Final = 4

Fusion = Literal["rrf", "dbsf"]


class BookVectorStore(QdrantVectorStore):
    """Searches the collection behind the alias ``collection_name``.

    The asynchronous methods go through ``AsyncQdrantClient``. The synchronous ones are
    LangChain's own. Every method raises only errors.*, those of the embeddings included.
    """

    def __init__(
        self,
        client: QdrantClient,
        async_client: AsyncQdrantClient,
        collection_name: str,
        embeddings: Embeddings,
        *,
        fusion: Fusion = "dbsf",
    ) -> None:
        super().__init__(
            client=client,
            collection_name=collection_name,
            embedding=embeddings,
            retrieval_mode=RetrievalMode.HYBRID,
            vector_name=DENSE,
            sparse_embedding=encoder_for("en"),
            sparse_vector_name=SPARSE,
            # Checking would embed a text: a billable call, and no start while the model is away.
            validate_collection_config=False,
            # Indexing opens the stores without a model of their own.
            validate_embeddings=False,
        )
        self._async = async_client
        self._queries = QueryVectors(embeddings)
        self._fusion: Any = models.FusionQuery(fusion=models.Fusion(fusion))
        self._language: str | None = None
        self._served: CollectionInfo | None = None
        self._vocabulary: tuple[str, Vocabulary] | None = None
        self._outline: tuple[str, Outline] | None = None
        self._sections = SectionCache()

    @property
    def sparse_embeddings(self) -> SparseEmbeddings:
        """The encoder that the served collection was made with."""
        return encoder_for(self._language or "en")

    async def asimilarity_search_with_score(
        self,
        query: str,
        k: int = 4,
        *,
        scope: str | None = None,
        locale: str | None = None,
        version: str | None = None,
        sparse_only: bool = False,
        **kwargs: Any,
    ) -> list[tuple[Document, float]]:
        """Chunks with their fused scores, best first, in one round trip.

        Metadata gains ``similarity`` (cosine of the dense leg or None) and ``lexical`` (BM25 or
        None). ``sparse_only`` embeds nothing and scores by BM25. Of a book with versions, one is
        searched: ``version``, or the default one; ``ANY_VERSION`` searches them all.
        """
        # What is known of a whole book stays true; of one that is being filled it is read anew.
        served = self._served if self._served and not self._served.pending else await self.info()
        if served is None:
            raise RetryLater("The book is not indexed yet.", code="retrieval_unavailable")
        sparse_only = sparse_only or served.embedded == 0
        dense = None if sparse_only else await self._queries.of(query)
        terms = self.sparse_embeddings.embed_query(query)
        sparse = models.SparseVector(indices=terms.indices, values=terms.values)
        limits = filter_of(scope, locale, served.versions_beside(version))
        legs = [
            models.Prefetch(query=vector, using=name, limit=k * _DEPTH, filter=limits)
            for name, vector in ((DENSE, dense), (SPARSE, sparse if terms.indices else None))
            if vector is not None
        ]
        if not legs:
            return []
        hits = await self._fused(legs, k, pending=bool(served.pending))
        return with_likely_similarity(hits) if served.pending and dense else hits

    async def _fused(
        self, legs: list[models.Prefetch], k: int, *, pending: bool
    ) -> list[tuple[Document, float]]:
        """``pending``: some chunks have no dense vector yet, so both legs' best are kept."""
        fused = models.QueryRequest(
            prefetch=legs if len(legs) > 1 else None,
            query=self._fusion if len(legs) > 1 else legs[0].query,
            using=None if len(legs) > 1 else legs[0].using,
            filter=legs[0].filter,
            limit=k,
            with_payload=True,
        )
        # The fused score is a matter of ranks; the legs' own scores say how near a hit is.
        scored = [_leg(leg, int(leg.limit or k)) for leg in legs]
        more = [_leg(leg, k, with_payload=True) for leg in legs[1:] if pending]
        with translated():
            answers = await self._async.query_batch_points(
                self.collection_name, requests=[fused, *scored, *more]
            )
        scores = {
            str(leg.using): {str(point.id): point.score for point in answer.points}
            for leg, answer in zip(legs, answers[1:], strict=False)
        }
        points: dict[Any, Any] = {}
        for answer in (answers[0], *answers[1 + len(legs) :]):
            for point in answer.points:
                points.setdefault(point.id, point)
        return [
            (document_of(point, scores.get(DENSE, {}), scores.get(SPARSE, {})), point.score)
            for point in points.values()
        ]

    async def vector_of(self, query: str) -> list[float]:
        """The vector that ``query`` is searched by; kept for the questions asked lately."""
        kept = self._queries.kept(query)
        return kept if kept is not None else await self._queries.of(query)

    async def asimilarity_search(self, query: str, k: int = 4, **kwargs: Any) -> list[Document]:
        """As ``asimilarity_search_with_score``, without the scores."""
        return [chunk for chunk, _ in await self.asimilarity_search_with_score(query, k, **kwargs)]

    async def aget_by_ids(self, ids: Sequence[str | int], /) -> list[Document]:
        """Chunks by id, in no order; unknown ids are left out."""
        with translated():
            found = await self._async.retrieve(self.collection_name, list(ids), with_payload=True)
        return [document_of(point) for point in found if str(point.id) not in NO_CHUNKS]

    async def sections(self, section_ids: Sequence[str]) -> list[Document]:
        """All chunks of these sections, by path and place on the page."""
        version = self._sections.version
        known = self._sections.get(section_ids)
        missing = [i for i in section_ids if i not in known]
        if missing:
            read = {i: list[Document]() for i in missing}
            for chunk in await self._read_sections(missing):
                read[chunk.metadata["section_id"]].append(chunk)
            self._sections.put(read, version)
            known |= read
        chunks = [chunk for section in known.values() for chunk in section]
        return sorted(chunks, key=lambda chunk: (chunk.metadata["path"], chunk.metadata["index"]))

    async def _read_sections(self, section_ids: list[str]) -> list[Document]:
        return await self._matching("metadata.section_id", models.MatchAny(any=section_ids))

    async def page(self, path: str) -> list[Document]:
        """All chunks of one page, in order."""
        chunks = await self._matching("metadata.path", models.MatchValue(value=path))
        return sorted(chunks, key=lambda chunk: chunk.metadata["index"])

    async def first_chunks(self) -> list[Document]:
        """The first chunk of every page: its title, its address and how it begins."""
        return await self._matching("metadata.index", models.MatchValue(value=0))

    async def _matching(self, key: str, match: models.Match) -> list[Document]:
        """Chunks whose payload matches, in no order."""
        wanted = models.Filter(must=[models.FieldCondition(key=key, match=match)])
        chunks: list[Document] = []
        offset: Any = None
        while True:
            with translated():
                page, offset = await self._async.scroll(
                    self.collection_name, scroll_filter=wanted, limit=_PAGE, offset=offset
                )
            chunks += [document_of(point) for point in page]
            if offset is None:
                return chunks

    async def nearest(self, collection: str, vectors: Sequence[Sequence[float]]) -> list[float]:
        """Cosine of the nearest chunk of any collection to each vector; 0 in an empty one."""
        requests = [
            models.QueryRequest(query=list(vector), using=DENSE, limit=1) for vector in vectors
        ]
        with translated():
            answers = await self._async.query_batch_points(collection, requests=requests)
        return [answer.points[0].score if answer.points else 0.0 for answer in answers]

    async def info(self) -> CollectionInfo | None:
        """What the served collection says about itself; None while there is no such collection."""
        try:
            found = await read_info(self._async, self.collection_name)
        except RetryLater as error:
            if is_missing(error):
                return None
            raise
        if found is None:
            return None
        info, self._language = found
        if not self._reads(info):
            # Another model's vectors mean nothing to this one: until its own are in, words answer.
            info = info.model_copy(update={"pending": info.chunks, "calibration": {}})
        self._served = info
        self._sections.serve(info.book_version)
        return info

    def _reads(self, info: CollectionInfo) -> bool:
        """Whether questions are embedded by the model that embedded the book."""
        model: str | None = getattr(self._queries.embeddings, "fingerprint", None)
        return model is None or info.fingerprint.startswith(f"{model}/")

    async def vocabulary(self, book_version: str | None = None) -> Vocabulary:
        """The words of the served book; read again only when ``book_version`` changes."""
        if book_version is None:
            served = self._served or await self.info()
            if served is None:
                return Vocabulary()
            book_version = served.book_version
        if self._vocabulary is None or self._vocabulary[0] != book_version:
            text = await read_detail(self._async, self.collection_name, "vocabulary")
            self._vocabulary = (book_version, Vocabulary.loads(text) if text else Vocabulary())
        return self._vocabulary[1]

    async def outline(self, book_version: str) -> Outline:
        """The structure of the served book; empty until a version of it is complete."""
        known = self._outline
        if known is None or known[0] != book_version or not known[1].pages:
            text = await read_detail(self._async, self.collection_name, "outline")
            self._outline = known = (book_version, Outline.loads(text) if text else Outline())
        return known[1]

    async def ping(self) -> None:
        """Asks for one point by id.

        Raises:
            RetryLater: the store is away or holds no book yet.
        """
        with translated():
            await self._async.retrieve(self.collection_name, [INFO_ID], with_payload=False)


def _leg(
    leg: models.Prefetch, limit: int, *, with_payload: bool | None = None
) -> models.QueryRequest:
    """A leg of a hybrid search as a search of its own."""
    return models.QueryRequest(
        query=leg.query,
        using=leg.using,
        filter=leg.filter,
        limit=limit,
        with_payload=with_payload,
    )


def is_missing(error: BaseException) -> bool:
    """True when the store answered that there is no such collection."""
    cause = error.__cause__
    return getattr(cause, "status_code", None) == 404

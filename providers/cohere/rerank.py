"""Cohere's reranker, natively async (``CohereRerank`` of langchain-cohere is synchronous only)."""

from collections.abc import Sequence
from typing import Any

from langchain_core.callbacks import Callbacks
from langchain_core.documents import BaseDocumentCompressor, Document
from pydantic import ConfigDict, Field

import metering
from providers.cohere.http import CohereHTTP
from providers.failures import unavailable
from providers.rankings import checked_ranking, passage_text, ranked


class CohereReranker(BaseDocumentCompressor):
    """Orders documents by how well they answer the query, best first.

    ``metadata["relevance_score"]`` is 0 to 1. Raises ``BookChatError`` only.

    Args:
        top_n: how many to keep; None: all.
        seconds: for the request, a retry included.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    http: CohereHTTP = Field(exclude=True, repr=False)
    model: str
    top_n: int | None = None
    seconds: float = 5.0

    async def acompress_documents(
        self, documents: Sequence[Document], query: str, callbacks: Callbacks | None = None
    ) -> list[Document]:
        """Copies of ``documents``, best first; none without a call."""
        if not documents:
            return []
        body: dict[str, Any] = {
            "model": self.model,
            "query": query,
            "documents": [passage_text(d) for d in documents],
        }
        if self.top_n:
            body["top_n"] = self.top_n
        answer = await self.http.post("/v2/rerank", body, operation="rerank", deadline=self.seconds)
        ranking = checked_ranking(answer.get("results"), len(documents), self.top_n)
        if ranking is None:
            metering.count(metering.Event.RANKINGS_REFUSED)
            raise unavailable("rerank")
        return ranked(documents, ranking)

    def compress_documents(
        self, documents: Sequence[Document], query: str, callbacks: Callbacks | None = None
    ) -> list[Document]:
        """As ``acompress_documents``, for synchronous callers."""
        return self.http.background.run(self.acompress_documents(documents, query))

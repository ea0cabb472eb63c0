"""A reranker behind ``/rerank``: llama.cpp, vLLM, Jina and LiteLLM have it beside OpenAI's API."""

import asyncio
from collections.abc import Sequence
from typing import Any

import httpx
from langchain_core.callbacks import Callbacks
from langchain_core.documents import BaseDocumentCompressor, Document
from pydantic import ConfigDict, SkipValidation

import metering
from background_loop import BackgroundLoop
from providers.calls import Calls
from providers.failures import unavailable
from providers.langchain.errors import translated
from providers.loops import PerLoop
from providers.rankings import checked_ranking, passage_text, ranked


class RerankEndpoint(BaseDocumentCompressor):
    """Orders documents by how well they answer the query, best first.

    ``metadata["relevance_score"]`` is 0 to 1; logits are squashed. Raises ``BookChatError`` only.

    Args:
        url: of the server, without ``/rerank``.
        seconds: for the request, a retry included.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    http: SkipValidation[PerLoop[httpx.AsyncClient]]
    calls: SkipValidation[Calls]
    background: SkipValidation[BackgroundLoop]
    url: str
    headers: dict[str, str]
    model: str
    seconds: float = 5.0

    async def acompress_documents(
        self, documents: Sequence[Document], query: str, callbacks: Callbacks | None = None
    ) -> list[Document]:
        """Copies of ``documents``, best first; none without a call."""
        if not documents:
            return []
        body = {
            "model": self.model,
            "query": query,
            "documents": [passage_text(d) for d in documents],
        }

        async def attempt(seconds: float) -> list[tuple[int, float]]:
            with self.calls.counted("rerank"), translated(self.calls.vendor, "rerank"):
                async with asyncio.timeout(seconds):
                    response = await self.http.get().post(
                        f"{self.url}/rerank", json=body, headers=self.headers
                    )
                response.raise_for_status()
                said: Any = response.json()
                ranking = checked_ranking(said.get("results"), len(documents))
                if ranking is None:
                    metering.count(metering.Event.RANKINGS_REFUSED)
                    raise unavailable("rerank")
                return ranking

        return ranked(documents, await self.calls.retried(attempt, "rerank", self.seconds))

    def compress_documents(
        self, documents: Sequence[Document], query: str, callbacks: Callbacks | None = None
    ) -> list[Document]:
        """As ``acompress_documents``, for synchronous callers."""
        return self.background.run(self.acompress_documents(documents, query))

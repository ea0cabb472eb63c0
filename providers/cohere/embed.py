"""Cohere's embeddings: ``CohereEmbeddings`` over our HTTP client, sync and async alike."""

from typing import Any, ClassVar, Final

from langchain_cohere import CohereEmbeddings
from pydantic import Field, PrivateAttr, model_validator

import metering
from providers.cohere.http import CohereHTTP
from providers.failures import unavailable
from providers.tokens import estimate_tokens
from providers.vectors import checked_vectors

_DIMENSIONS: Final = {
    "embed-v4.0": 1536,
    "embed-english-v3.0": 1024,
    "embed-multilingual-v3.0": 1024,
    "embed-english-light-v3.0": 384,
    "embed-multilingual-light-v3.0": 384,
}
# embed-v4.0 reads 128,000 tokens; the third generation cuts a text at 512 and says nothing.
_MAX_TOKENS: Final = {"embed-v4.0": 128_000}


class BookCohereEmbeddings(CohereEmbeddings):
    """Embeddings over ``http``: unit-free float vectors of ``dimensions``, in the texts' order.

    Raises ``BookChatError`` only. The synchronous methods send the same requests from a
    background loop, so they work in notebooks and never sit in the SDK's waits of 4 s and more.

    Args:
        query_seconds, documents_seconds: for one request, a retry included.
    """

    billable: ClassVar[bool] = True
    max_batch: ClassVar[int] = 96

    client: Any = None
    async_client: Any = None
    http: CohereHTTP = Field(exclude=True, repr=False)
    query_seconds: float = 10.0
    documents_seconds: float = 60.0
    _dimensions: int | None = PrivateAttr(None)

    @model_validator(mode="before")
    @classmethod
    def validate_environment(cls, values: Any) -> Any:
        """Nothing to check here; the parent would make two SDK clients in 70 ms."""
        return values

    @property
    def dimensions(self) -> int:
        """Length of a vector. A model that is not known here is asked once (one call)."""
        if self._dimensions is None:
            known = _DIMENSIONS.get(str(self.model))
            self._dimensions = known or len(self.embed_query("dimensions"))
        return self._dimensions

    @property
    def fingerprint(self) -> str:
        """What vectors must share to be compared."""
        return f"cohere/{self.model}/{self.dimensions}"

    @property
    def multilingual(self) -> bool:
        """The model reads other languages than English."""
        return "english" not in str(self.model)

    @property
    def max_tokens(self) -> int:
        """Length at which the model cuts a text."""
        return _MAX_TOKENS.get(str(self.model), 512)

    def count_tokens(self, text: str) -> int:
        """Tokens of ``text``, see ``estimate_tokens``."""
        return estimate_tokens(text)

    async def aembed(self, texts: list[str], *, input_type: Any = None) -> list[list[float]]:
        """One vector per text; ``input_type`` is ``search_document`` or ``search_query``."""
        vectors: list[list[float]] = []
        for start in range(0, len(texts), self.max_batch):
            batch = texts[start : start + self.max_batch]
            vectors += await self._embed_batch(batch, input_type or "search_document")
        return vectors

    async def aembed_queries(self, texts: list[str]) -> list[list[float]]:
        """The vectors of several questions, which LangChain would embed one by one."""
        return await self.aembed(texts, input_type="search_query")

    def embed(self, texts: list[str], *, input_type: Any = None) -> list[list[float]]:
        """As ``aembed``, for synchronous callers."""
        return self.http.background.run(self.aembed(texts, input_type=input_type))

    async def _embed_batch(self, texts: list[str], input_type: str) -> list[list[float]]:
        body = {
            "model": self.model,
            "texts": texts,
            "input_type": input_type,
            "embedding_types": ["float"],
            **({"truncate": self.truncate} if self.truncate else {}),
        }
        # A reader waits for one query; many are embedded when indexing.
        query = input_type == "search_query" and len(texts) == 1
        answer = await self.http.post(
            "/v2/embed",
            body,
            operation="embed",
            deadline=self.query_seconds if query else self.documents_seconds,
        )
        embeddings = answer.get("embeddings")
        floats = embeddings.get("float") if isinstance(embeddings, dict) else None
        vectors = checked_vectors(floats, len(texts), _DIMENSIONS.get(str(self.model)))
        if vectors is None:
            metering.count(metering.Event.EMBEDDINGS_REFUSED)
            raise unavailable("embed")
        return vectors

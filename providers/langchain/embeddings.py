"""Any LangChain embeddings as an embedder of the book: declared, counted and checked."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Final

from langchain_core.embeddings import Embeddings

import metering
from background_loop import BackgroundLoop
from providers.calls import Calls
from providers.failures import unavailable
from providers.known_models import Facts
from providers.langchain.errors import translated
from providers.loops import PerLoop
from providers.tokens import estimate_tokens
from providers.vectors import checked_vectors

Ask = Callable[[Embeddings], Awaitable[list[list[float]]]]

_TRIAL: Final = "dimensions"


class CheckedEmbeddings(Embeddings):
    """Embeddings of ``models`` (one for each event loop), which ``facts`` describe.

    Raises ``BookChatError`` only. A vector that is none is refused before anybody keeps it.

    Args:
        name: as in ``provider:model``; part of the fingerprint.
        billable: calls go to a provider and are counted.
        one_kind: the model is asked for questions as for passages, so they may share a call.
        query_seconds, documents_seconds: for one request, a retry included.
    """

    def __init__(
        self,
        models: PerLoop[Embeddings],
        calls: Calls,
        background: BackgroundLoop,
        *,
        name: str,
        facts: Facts,
        billable: bool = True,
        one_kind: bool = False,
        max_batch: int = 32,
        query_seconds: float = 10.0,
        documents_seconds: float = 60.0,
    ) -> None:
        self._models, self._calls, self._background = models, calls, background
        self._one_kind = one_kind
        self._facts, self._dimensions = facts, facts.dimensions
        self._query_seconds, self._documents_seconds = query_seconds, documents_seconds
        self.model, self.billable, self.max_batch = name.partition(":")[2], billable, max_batch
        self.max_tokens, self.multilingual = facts.max_tokens, facts.multilingual
        prefixes = "/prefixed" if facts.query or facts.document else ""
        self.fingerprint = f"{name}{prefixes}"

    @property
    def dimensions(self) -> int:
        """Length of a vector. A model that is not known is asked once (one call)."""
        if self._dimensions is None:
            self._dimensions = len(self.embed_query(_TRIAL))
        return self._dimensions

    def count_tokens(self, text: str) -> int:
        """Tokens of ``text``, see ``estimate_tokens``."""
        return estimate_tokens(text)

    async def aembed_documents(self, texts: list[str]) -> list[list[float]]:
        """One vector per text."""
        told = [self._facts.document + text for text in texts]
        return await self._in_batches(told, self._documents_seconds)

    async def aembed_queries(self, texts: list[str]) -> list[list[float]]:
        """The vectors of several questions."""
        if not self._facts.query and not self._one_kind:
            return [await self.aembed_query(text) for text in texts]
        told = [self._facts.query + text for text in texts]
        return await self._in_batches(told, self._documents_seconds)

    async def aembed_query(self, text: str) -> list[float]:
        """The vector of a question."""
        if self._facts.query:
            # Through the method for documents, or an integration would add a prefix of its own.
            return (await self._in_batches([self._facts.query + text], self._query_seconds))[0]

        async def ask(model: Embeddings) -> list[list[float]]:
            return [await model.aembed_query(text)]

        return (await self._checked(ask, 1, self._query_seconds))[0]

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """As ``aembed_documents``, for synchronous callers."""
        return self._background.run(self.aembed_documents(texts))

    def embed_query(self, text: str) -> list[float]:
        """As ``aembed_query``, for synchronous callers."""
        return self._background.run(self.aembed_query(text))

    async def _in_batches(self, texts: list[str], seconds: float) -> list[list[float]]:
        vectors: list[list[float]] = []
        for start in range(0, len(texts), self.max_batch):
            batch = texts[start : start + self.max_batch]

            async def ask(model: Embeddings, batch: list[str] = batch) -> list[list[float]]:
                return await model.aembed_documents(batch)

            vectors += await self._checked(ask, len(batch), seconds)
        return vectors

    async def _checked(self, ask: Ask, count: int, seconds: float) -> list[list[float]]:
        async def attempt(left: float) -> list[list[float]]:
            with self._counted(), translated(self._calls.vendor, "embed"):
                async with asyncio.timeout(left):
                    came = await ask(self._models.get())
                return self._accepted(came, count)

        return await self._calls.retried(attempt, "embed", seconds)

    def _counted(self) -> AbstractContextManager[None]:
        return self._calls.counted("embed") if self.billable else nullcontext()

    def _accepted(self, came: object, count: int) -> list[list[float]]:
        vectors = checked_vectors(came, count, self._dimensions)
        if vectors is None:
            metering.count(metering.Event.EMBEDDINGS_REFUSED)
            # A length that was learned and does not hold is learned anew.
            self._dimensions = self._facts.dimensions
            raise unavailable("embed")
        self._dimensions = len(vectors[0]) if vectors else self._dimensions
        return vectors

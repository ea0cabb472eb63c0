"""Who answers: the chain in this process, or a running server."""

from collections.abc import Mapping
from typing import Any, Protocol

import httpx
from langchain_core.runnables import Runnable

from chains.evidence.passages import as_source
from chains.evidence.retriever import BookRetriever
from errors import BookChatError, RetryLater
from schema import Answer, Source

DEPTH = 10


class Asker(Protocol):
    """Answers questions and ranks sections."""

    async def answer(self, question: Mapping[str, Any]) -> Answer:
        """The answer to a ``Question``."""

    async def search(self, query: str) -> list[Source]:
        """The ten best passages."""


class ChainAsker:
    """Asks the chain in this process."""

    def __init__(self, chain: Runnable[Any, Any], retriever: BookRetriever) -> None:
        self._chain = chain
        self._retriever = retriever.model_copy(update={"passages": DEPTH})

    async def answer(self, question: Mapping[str, Any]) -> Answer:
        """The answer of the chain."""
        return Answer.model_validate(await self._chain.ainvoke(dict(question)))

    async def search(self, query: str) -> list[Source]:
        """The retriever's passages."""
        return [as_source(passage) for passage in await self._retriever.ainvoke(query)]


class ServerAsker:
    """Asks a running service over HTTP."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def answer(self, question: Mapping[str, Any]) -> Answer:
        """The answer of ``/chat/invoke``."""
        response = await self._http.post("/chat/invoke", json={"input": dict(question)})
        return Answer.model_validate(_fields(response)["output"])

    async def search(self, query: str) -> list[Source]:
        """The sources of ``/search``."""
        response = await self._http.get("/search", params={"q": query[:2000], "k": DEPTH})
        return [Source.model_validate(source) for source in _fields(response)["sources"]]


def _fields(response: httpx.Response) -> dict[str, Any]:
    body: dict[str, Any] = response.json()
    if response.status_code == 429:
        wait = float(response.headers.get("retry-after", "5"))
        raise RetryLater("The server limits questions.", code="rate_limited", retry_after=wait)
    if response.is_error:
        raise BookChatError(f"The server answered {response.status_code}: {body.get('detail')}")
    return body

"""``GET /search``: passages only, no model call beyond the query's embedding.

``mode=typing`` is for a search box: words only, completed and corrected, and nothing is embedded.
``format=docsearch`` answers in the shape that DocSearch's box draws.
"""

import time
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.requests import HTTPConnection

import metering
from api.public_address import public_base
from api.services import Services
from api.shapes import docsearch
from chains.budget import BudgetMode
from chains.evidence.passages import as_source
from chains.evidence.store import SearchLimits
from errors import RetryLater
from schema import MAX_QUESTION, Source

router = APIRouter(tags=["search"])


class SearchResult(BaseModel):
    """Passages, best first."""

    sources: list[Source]
    book_version: str


class DocSearchResult(BaseModel):
    """Hits as DocSearch's box draws them."""

    hits: list[dict[str, Any]]
    nbHits: int = Field(description="how many are here")  # noqa: N815 - the field is DocSearch's
    query: str
    processingTimeMS: float  # noqa: N815 - the field is DocSearch's
    book_version: str


@router.get("/search")
async def search(
    request: Request,
    q: Annotated[str, Query(min_length=1, max_length=MAX_QUESTION, pattern=r"\S")],
    k: Annotated[int, Query(ge=1, le=20)] = 6,
    section: Annotated[str | None, Query(max_length=200)] = None,
    mode: Annotated[
        Literal["full", "typing"],
        Query(description="typing: words only, completed and corrected; nothing is embedded"),
    ] = "full",
    format: Annotated[Literal["passages", "docsearch"], Query()] = "passages",
    version: Annotated[str | None, Query(max_length=200)] = None,
) -> SearchResult | DocSearchResult:
    """The ``k`` best passages for ``q``, limited to ``section`` when it is given.

    Of a book with versions, ``version`` is searched, or the one that its readers get by default.
    """
    began = time.perf_counter()
    services: Services = request.app.state.services
    if mode == "typing":
        found = await typed(services, request, q, k, section, version)
    else:
        found = await passages(services, request, q.strip(), k, section, version)
    if format == "passages":
        return found
    words = await services.typing.read(q, found.book_version)
    hits = docsearch.hits(found.sources, words, public_base(request))
    return DocSearchResult(
        hits=hits,
        nbHits=len(hits),
        query=q,
        processingTimeMS=round((time.perf_counter() - began) * 1000, 1),
        book_version=found.book_version,
    )


async def passages(
    services: Services,
    connection: HTTPConnection,
    query: str,
    k: int,
    section: str | None = None,
    version: str | None = None,
) -> SearchResult:
    """The ``k`` best passages, for any door that searches."""
    with await services.guard.admit(connection) as admitted:
        book_version = await _version(services)
        if admitted.budget is BudgetMode.EXHAUSTED:
            metering.degrade(metering.Part.BUDGET)
        retriever = services.retriever.model_copy(update={"passages": k, "reranker": None})
        limits = SearchLimits(section, version, budget=admitted.budget)
        found = await retriever.ainvoke(query, limits=limits)
    return SearchResult(sources=[as_source(p) for p in found[:k]], book_version=book_version)


async def typed(
    services: Services,
    connection: HTTPConnection,
    query: str,
    k: int,
    section: str | None,
    version: str | None,
) -> SearchResult:
    """The same for words that may be unfinished or misspelt."""
    with await services.guard.admit_typing(connection):
        book_version = await _version(services)
        words = await services.typing.read(query, book_version)
        found = await services.typing.find(words, k, section, version)
    return SearchResult(sources=[as_source(p) for p in found], book_version=book_version)


async def _version(services: Services) -> str:
    info = await services.retriever.store.info()
    if info is None:
        raise RetryLater("The book is not indexed yet.", code="retrieval_unavailable")
    return str(info.book_version)

"""``GET /search``: passages only, no model call beyond the query's embedding."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel
from starlette.requests import HTTPConnection

import metering
from api.services import Services
from chains.budget import BudgetMode
from chains.passages import as_source
from errors import RetryLater
from schema import MAX_QUESTION, Source

router = APIRouter(tags=["search"])


class SearchResult(BaseModel):
    """Passages, best first."""

    sources: list[Source]
    book_version: str


@router.get("/search")
async def search(
    request: Request,
    q: Annotated[str, Query(min_length=1, max_length=MAX_QUESTION, pattern=r"\S")],
    k: Annotated[int, Query(ge=1, le=20)] = 6,
    section: Annotated[str | None, Query(max_length=200)] = None,
) -> SearchResult:
    """The ``k`` best passages for ``q``, limited to ``section`` when it is given."""
    return await passages(request.app.state.services, request, q.strip(), k, section)


async def passages(
    services: Services,
    connection: HTTPConnection,
    query: str,
    k: int,
    section: str | None = None,
) -> SearchResult:
    """The ``k`` best passages, for any door that searches."""
    with await services.guard.admit(connection) as admitted:
        info = await services.retriever.store.info()
        if info is None:
            raise RetryLater("The book is not indexed yet.", code="retrieval_unavailable")
        if admitted.budget is BudgetMode.EXHAUSTED:
            metering.degrade("budget")
        retriever = services.retriever.model_copy(update={"passages": k, "reranker": None})
        found = await retriever.ainvoke(query, scope=section, budget=admitted.budget)
    return SearchResult(sources=[as_source(p) for p in found[:k]], book_version=info.book_version)

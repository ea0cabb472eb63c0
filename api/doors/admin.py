"""Routes of the operator; without ``ADMIN_API_KEY`` they do not exist."""

import csv
import io
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Query, Request, Response

from api.reference.openapi import answers
from api.same_questions import by_meaning, groups_by_meaning
from api.services import Services
from chains.evidence.passages import opens
from errors import FixQuestion


def _authorised(request: Request) -> Services:
    services: Services = request.app.state.services
    key = services.admin_key
    if key is None:
        raise FixQuestion("There is no such page.", code="not_found")
    key.check(request.headers.get("authorization", ""), services.guard.client(request))
    return services


Admin = Annotated[Services, Depends(_authorised)]
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
router = APIRouter(prefix="/admin", tags=["admin"])


@router.post("/index", status_code=202)
async def index(services: Admin, rebuild: Annotated[bool, Query()] = False) -> dict[str, Any]:
    """Brings the collection up to date with the book, in the background."""
    started = services.indexing.start(rebuild=rebuild)
    return {"started": started, **services.indexing.state()}


@router.get("/index")
async def index_state(services: Admin) -> dict[str, Any]:
    """Progress of the running job, or the result of the last one."""
    return dict(services.indexing.state())


@router.post("/index/rollback")
async def rollback(services: Admin) -> dict[str, str]:
    """Serves the collection before the last switch again; twice: the newer one."""
    if services.rollback is None:
        raise FixQuestion("This service keeps no earlier index.", code="not_found")
    return {"serving": await services.rollback()}


@router.get("/insights", responses=answers("text/csv"))
async def insights(
    services: Admin, form: Annotated[Literal["json", "csv"], Query(alias="format")] = "json"
) -> Any:
    """Questions by day, what the book could not answer, bad ratings, never cited pages, calls."""
    tables = dict(await services.conversations.insights())
    model = services.providers.get("embeddings", "")
    if form == "json" and groups_by_meaning(model):
        tables["unanswered_questions"] = await by_meaning(
            tables["unanswered_questions"], model, services.retriever.store.vector_of
        )
    cited = {row["path"] for row in tables.pop("cited_pages", [])}
    tables["pages_never_cited"] = await _never_cited(services, cited)
    tables["call_budget"] = [{"calls_a_month": services.settings.monthly_call_budget}]
    return Response(_csv(tables), media_type="text/csv") if form == "csv" else tables


async def _never_cited(services: Services, cited: set[str]) -> list[dict[str, Any]]:
    """Pages of the served book that no answer rests on, in reading order."""
    info = await services.retriever.store.info()
    if info is None:
        return []
    outline = await services.retriever.store.outline(info.book_version)
    return [
        {"path": page.path, "title": page.title, "url": opens(page.url)}
        for page in outline.pages
        if page.path not in cited
    ]


def _csv(tables: dict[str, list[dict[str, Any]]]) -> str:
    """All tables in one sheet, each with a header row; the first column names the table."""
    sheet = io.StringIO()
    writer = csv.writer(sheet)
    for name, rows in tables.items():
        columns = list(rows[0]) if rows else []
        writer.writerow(["table", *columns])
        writer.writerows([name, *(_plain(row[c]) for c in columns)] for row in rows)
    return sheet.getvalue()


def _plain(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula."""
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) and isinstance(value, str) else value

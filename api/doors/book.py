"""``GET /book``: what the served book is called, what it holds, and questions to begin with."""

from collections.abc import Sequence
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from api.protection.content_policy import origin
from api.services import Services
from chains.evidence.passages import opens
from settings import Settings

router = APIRouter(tags=["book"])


class BookPage(BaseModel):
    """A page of the book; ``path`` may be sent as ``section`` of a question."""

    title: str
    path: str
    url: str
    groups: list[str] = Field(description="the parts that it stands in, outermost first")


_QUOTING: Final = ("embedded", "extractive")
"""Answerers that quote the book: they can explain a passage, not put it into other words."""
_QUOTING_ACTIONS: Final = ["explain"]
_ACTIONS: Final = ["explain", "simplify", "example", "translate"]


class PageLook(BaseModel):
    """What the author has set for page and widget; empty: their defaults."""

    title: str
    greeting: str
    lead: str
    accent: str
    logo: str
    languages: list[str] = Field(description="empty: as the browser wants")


_SPOKEN: Final = ("en", "ur")
"""Languages of page and widget."""


class BookInfo(BaseModel):
    """The served book."""

    title: str = Field(description="empty until the book is indexed")
    book_version: str
    language: str
    pages: list[BookPage] = Field(description="in reading order")
    suggestions: list[str] = Field(description="up to three questions that the book answers")
    actions: list[str] = Field(description="what the answerer can do with a selected text")
    indexing: dict[str, Any] = Field(
        description="`state`: idle, running, done or failed; with `done` and `total` while it runs"
    )
    page: PageLook
    figures_from: str = Field(description="the origin whose pictures the chat page may show")


@router.get("/book", response_model=BookInfo)
async def book(
    request: Request,
    pages: Annotated[bool, Query(description="false: leave the list of pages out")] = True,
) -> BookInfo:
    """Title, pages and first questions of the served book, and how far its index is."""
    services: Services = request.app.state.services
    actions, indexing = _actions(services), _progress(services)
    info = await services.retriever.store.info()
    figures_from = origin(services.settings.book_url)
    page = _look(services.settings, info.languages if info else [])
    if info is None:
        return BookInfo(
            title="",
            book_version="",
            language="",
            pages=[],
            suggestions=[],
            actions=actions,
            indexing=indexing,
            page=page,
            figures_from=figures_from,
        )
    outline = await services.retriever.store.outline(info.book_version)
    return BookInfo(
        title=outline.title,
        book_version=info.book_version,
        language=info.language,
        pages=[
            BookPage(title=one.title, path=one.path, url=opens(one.url), groups=list(one.groups))
            for one in (outline.pages if pages else ())
        ],
        suggestions=services.settings.page_suggestions or outline.suggestions,
        actions=actions,
        indexing=indexing,
        page=page,
        figures_from=figures_from,
    )


def _look(settings: Settings, written: Sequence[str]) -> PageLook:
    """The author's wishes; without one for languages, those that the book is ``written`` in."""
    given = {name: getattr(settings, f"page_{name}") for name in PageLook.model_fields}
    own = [language for language in written if language in _SPOKEN] or ["en"]
    return PageLook(**{**given, "languages": given["languages"] or (own if written else [])})


def _progress(services: Services) -> dict[str, Any]:
    """What a reader may know of the job; its report is the operator's."""
    state = services.indexing.state()
    return {key: state[key] for key in ("state", "done", "total") if key in state}


def _actions(services: Services) -> list[str]:
    chat = services.providers.get("chat", "").lower()
    return _QUOTING_ACTIONS if chat.startswith(_QUOTING) else _ACTIONS

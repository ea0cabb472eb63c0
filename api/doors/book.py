"""``GET /book``: what the served book is called, what it holds, and questions to begin with."""

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from api.services import Services
from chains.passages import opens
from errors import RetryLater

router = APIRouter(tags=["book"])


class BookPage(BaseModel):
    """A page of the book; ``path`` may be sent as ``section`` of a question."""

    title: str
    path: str
    url: str
    groups: list[str] = Field(description="the parts that it stands in, outermost first")


class BookInfo(BaseModel):
    """The served book."""

    title: str = Field(description="empty until the book is indexed")
    book_version: str
    language: str
    pages: list[BookPage] = Field(description="in reading order")
    suggestions: list[str] = Field(description="up to three questions that the book answers")


@router.get("/book", response_model=BookInfo)
async def book(request: Request) -> BookInfo:
    """Title, pages and first questions of the served book."""
    services: Services = request.app.state.services
    info = await services.retriever.store.info()
    if info is None:
        raise RetryLater("The book is not indexed yet.", code="retrieval_unavailable")
    outline = await services.retriever.store.outline(info.book_version)
    return BookInfo(
        title=outline.title,
        book_version=info.book_version,
        language=info.language,
        pages=[
            BookPage(
                title=page.title, path=page.path, url=opens(page.url), groups=list(page.groups)
            )
            for page in outline.pages
        ],
        suggestions=outline.suggestions,
    )

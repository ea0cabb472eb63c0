"""The indexed book for agents, and pages for readers where a citation has no site to open.

``/llms.txt`` and ``/llms-full.txt``; ``/pages/{path}.md`` is Markdown, ``/pages/{path}`` is HTML
unless the client prefers Markdown. A page goes by its path inside the book, with or without its
Markdown ending, or by the path it is published at.
"""

import asyncio
from collections.abc import AsyncGenerator
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, PlainTextResponse, StreamingResponse

from api.book_pages.html import POLICY, contents_html, link_of, page_html
from api.book_pages.pages import BookPages, Contents, PageEntry
from api.public_address import public_base
from api.reference.openapi import answers
from api.services import Services
from errors import FixQuestion

MARKDOWN: Final = "text/markdown"
_MARKDOWN_TYPE: Final = "text/markdown; charset=utf-8"
_HEADERS: Final = {"Cache-Control": "no-cache", "Vary": "Accept"}

router = APIRouter(tags=["agents"])


@router.get("/llms.txt", response_class=PlainTextResponse)
async def llms(request: Request) -> Response:
    """The book's pages as a list of links, as https://llmstxt.org has it."""
    pages = _pages(request)
    contents = await pages.contents()
    if known := _unchanged(request, contents):
        return known
    base = public_base(request) + "/"
    return PlainTextResponse(_llms_txt(contents, base), headers=_headers(contents))


@router.get("/llms-full.txt", response_class=PlainTextResponse)
async def llms_full(request: Request) -> Response:
    """The whole book as one Markdown text, page after page."""
    pages = _pages(request)
    contents = await pages.contents()
    if known := _unchanged(request, contents):
        return known

    async def text() -> AsyncGenerator[str]:
        for page in contents.pages:
            yield await pages.markdown(page) + "\n"

    return StreamingResponse(text(), media_type="text/plain", headers=_headers(contents))


@router.get("/pages/", response_class=HTMLResponse, include_in_schema=False)
async def all_pages(request: Request) -> Response:
    """The list of all pages; the page that is published at the site's root comes first."""
    pages = _pages(request)
    contents = await pages.contents()
    if "" in contents.by_name:
        return await _page(request, pages, contents, contents.by_name[""])
    return _html(contents_html(contents, _root(request)), contents)


@router.get(
    "/pages/{path:path}",
    response_class=HTMLResponse,
    responses=answers(MARKDOWN),
)
async def page(request: Request, path: str) -> Response:
    """A page of the book: HTML, or Markdown for ``.md`` and ``Accept: text/markdown``."""
    pages = _pages(request)
    contents = await pages.contents()
    found = contents.find(path)
    if found is None:
        raise FixQuestion("The book has no such page.", code="not_found")
    return await _page(request, pages, contents, found)


async def _page(
    request: Request, pages: BookPages, contents: Contents, found: PageEntry
) -> Response:
    if known := _unchanged(request, contents):
        return known
    if request.url.path.endswith(".md") or _wants_markdown(request):
        text = await pages.markdown(found)
        return Response(text, media_type=_MARKDOWN_TYPE, headers=_headers(contents))
    chunks = await pages.chunks(found)
    # A PDF is one page: rendering it takes a second that other readers need not wait.
    html = await asyncio.to_thread(page_html, found, chunks, contents, _root(request))
    return _html(html, contents)


def _pages(request: Request) -> BookPages:
    services: Services = request.app.state.services
    return services.pages


def _html(text: str, contents: Contents) -> Response:
    return HTMLResponse(text, headers={**_headers(contents), "Content-Security-Policy": POLICY})


def _headers(contents: Contents) -> dict[str, str]:
    return {**_HEADERS, "ETag": _tag(contents)}


def _tag(contents: Contents) -> str:
    # Weak: one address has two forms of the same version.
    return f'W/"{contents.version}"'


def _unchanged(request: Request, contents: Contents) -> Response | None:
    """304 for who has this version already."""
    known = [tag.strip() for tag in request.headers.get("if-none-match", "").split(",")]
    return (
        Response(status_code=304, headers=_headers(contents)) if _tag(contents) in known else None
    )


def _wants_markdown(request: Request) -> bool:
    """True when Markdown or plain text is named and comes before HTML."""
    for accepted in request.headers.get("accept", "").split(","):
        kind = accepted.partition(";")[0].strip().lower()
        if kind in ("text/html", "application/xhtml+xml", "*/*"):
            return False
        if kind in (MARKDOWN, "text/plain"):
            return True
    return False


def _root(request: Request) -> str:
    """From this page's address to the service's own, wherever a proxy has put it."""
    return "../" * (request.url.path.count("/") - 1)


def _llms_txt(contents: Contents, base: str) -> str:
    groups = {
        name or "Pages": [
            f"- [{_label(page.title)}]({link_of(page, base)}.md)"
            + (f": {page.summary}" if page.summary else "")
            for page in pages
        ]
        for name, pages in contents.groups.items()
    }
    parts = [f"# {contents.title}", f"> {len(contents.pages)} pages. {_HOW.format(base=base)}"]
    parts += [f"## {name}\n\n" + "\n".join(lines) for name, lines in groups.items()]
    return "\n\n".join(parts) + "\n"


_HOW: Final = (
    "Each link opens a page as Markdown; {base}llms-full.txt holds the whole book. "
    "Ask questions over MCP at {base}mcp."
)


def _label(title: str) -> str:
    return title.replace("[", "(").replace("]", ")")

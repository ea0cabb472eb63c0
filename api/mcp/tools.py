"""The MCP tools: ``search``, ``fetch`` and ``ask``."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel
from starlette.requests import Request

from api.answering import whole_answer
from api.doors.search import passages
from api.public_address import absolute, public_base
from api.services import Services
from api.shapes.mcp import (
    AskArguments,
    FetchArguments,
    Fetched,
    PageMetadata,
    SearchArguments,
    SearchHit,
    SearchHits,
)
from api.shapes.titles import title_of
from chains.evidence.passages import opens
from errors import FixQuestion
from schema import Answer, Question

_HITS: Final = 8


@dataclass(frozen=True)
class Call:
    """Who calls a tool, and where."""

    services: Services
    request: Request
    gone: asyncio.Event
    """Set when the client has left."""

    @property
    def base(self) -> str:
        """The service's public address."""
        return public_base(self.request)


@dataclass(frozen=True)
class Tool:
    """A tool with its schemas; ``run`` takes checked arguments."""

    name: str
    title: str
    description: str
    takes: type[BaseModel]
    gives: type[BaseModel]
    run: Callable[[Call, Any], Awaitable[BaseModel]]


async def search(call: Call, arguments: SearchArguments) -> SearchHits:
    """The sections that fit best."""
    found = await passages(call.services, call.request, arguments.query, _HITS)
    hits = [
        SearchHit(
            id=source.id, title=title_of(source.model_dump()), url=absolute(source.url, call.base)
        )
        for source in found.sources
    ]
    return SearchHits(results=hits)


async def fetch(call: Call, arguments: FetchArguments) -> Fetched:
    """A section by the id that ``search`` gave, or a page by its path."""
    pages = call.services.pages
    contents = await pages.contents()
    page = contents.find(arguments.id)
    if page is not None:
        first = (await pages.chunks(page))[0].metadata
        title, url, text = page.title, page.url, await pages.markdown(page)
        breadcrumb = [*page.folders, page.title]
    else:
        chunks = await call.services.retriever.store.sections([arguments.id])
        if not chunks:
            raise FixQuestion("The book has no section or page with this id.", code="not_found")
        first = chunks[0].metadata
        title, url = f"{first['title']}: {first['heading']}", first["url"]
        text = "\n\n".join(chunk.page_content for chunk in chunks)
        breadcrumb = list(first["breadcrumb"])
    return Fetched(
        id=arguments.id,
        title=title,
        text=text,
        url=absolute(opens(url), call.base),
        metadata=PageMetadata(
            path=first["path"], breadcrumb=breadcrumb, book_version=contents.version
        ),
    )


async def ask(call: Call, arguments: AskArguments) -> Answer:
    """An answer from the book, with citations."""
    question = Question(**arguments.model_dump())
    run = await call.services.start(call.request, question)
    answer = await whole_answer(run, call.gone.wait())
    sources = [
        source.model_copy(update={"url": absolute(source.url, call.base)})
        for source in answer.sources
    ]
    return answer.model_copy(update={"sources": sources})


def checked(tool: Tool, arguments: Mapping[str, Any] | None) -> BaseModel:
    """The arguments as the tool takes them; raises ``ValidationError``."""
    return tool.takes.model_validate(dict(arguments or {}))


TOOLS: Final = {
    tool.name: tool
    for tool in (
        Tool(
            "search",
            "Search the book",
            "Finds the sections of the book that fit a question, best first. Read one with fetch.",
            SearchArguments,
            SearchHits,
            search,
        ),
        Tool(
            "fetch",
            "Read a section",
            "The full text of a section or page of the book, as Markdown.",
            FetchArguments,
            Fetched,
            fetch,
        ),
        Tool(
            "ask",
            "Ask the book",
            "Answers a question from the book alone. Every claim is cited: citations are character "
            "offsets into the answer, with the ids of their sources. Status not_in_book says that "
            "the book does not answer it.",
            AskArguments,
            Answer,
            ask,
        ),
    )
}

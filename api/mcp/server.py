"""The MCP server: tools, pages as resources, and its card, over stateless streamable HTTP.

Both the protocol without a handshake (2026-07-28) and the ones before it are spoken. No request
leaves anything behind, so any replica may answer the next one.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from mcp import types
from mcp.server import Server, ServerRequestContext
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.shared.exceptions import MCPError
from pydantic import ValidationError
from sse_starlette.sse import AppStatus
from starlette.requests import Request
from starlette.types import Message, Receive, Scope, Send

from api import problems
from api.book_pages.html import link_of
from api.mcp.tools import TOOLS, Call, Tool, checked
from api.public_address import public_base
from api.services import Services
from api.version import VERSION

NAME: Final = "book-chat"
INSTRUCTIONS: Final = (
    "Answers questions about one book. Use ask for a cited answer; use search and fetch to read "
    "the book yourself. Cite the urls that the tools return."
)
_PAGE: Final = 200
_MARKDOWN: Final = "text/markdown"
_NOT_FOUND: Final = -32602
Context = ServerRequestContext[Any, Any]


class McpServer:
    """An ASGI application, see ``api.mcp.endpoint``."""

    def __init__(self, services: Services) -> None:
        self._services = services
        server: Server[Any] = Server(
            NAME,
            version=VERSION,
            title="Book Chat",
            instructions=INSTRUCTIONS,
            on_list_tools=self._list_tools,
            on_call_tool=self._call_tool,
            on_list_resources=self._list_resources,
            on_list_resource_templates=self._list_templates,
            on_read_resource=self._read_resource,
        )
        # Host and Origin are checked for all routes alike, by ALLOWED_HOSTS and ALLOWED_ORIGINS.
        self._manager = StreamableHTTPSessionManager(server, stateless=True)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Requests are served inside of this; once."""
        # The package would cut every stream as soon as the process is told to stop. Here an answer
        # ends first, and with it its stream.
        AppStatus.enable_automatic_graceful_drain = False
        async with self._manager.run():
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request; its tools learn when the client leaves."""
        body = await Request(scope, receive).body()
        gone = asyncio.Event()
        scope["state"]["mcp_gone"] = gone
        handed = False

        async def receive_again() -> Message:
            nonlocal handed
            if not handed:
                handed = True
                return {"type": "http.request", "body": body, "more_body": False}
            await gone.wait()
            return {"type": "http.disconnect"}

        watching = asyncio.create_task(_watch(receive, gone))
        try:
            await self._manager.handle_request(scope, receive_again, send)
        finally:
            watching.cancel()

    async def _list_tools(
        self, context: Context, params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[_described(tool) for tool in TOOLS.values()])

    async def _call_tool(
        self, context: Context, params: types.CallToolRequestParams
    ) -> types.CallToolResult:
        tool = TOOLS.get(params.name)
        if tool is None:
            raise MCPError(_NOT_FOUND, f"There is no tool {params.name[:100]!r}.")
        request = _request(context)
        call = Call(self._services, request, request.state.mcp_gone)
        try:
            result = await tool.run(call, checked(tool, params.arguments))
        except ValidationError as error:
            found = error.errors(include_input=False, include_url=False)
            what = "; ".join(f"{_place(e['loc'])}: {e['msg']}" for e in found)
            return _failed(f"{what} (invalid_request)")
        except Exception as error:  # noqa: BLE001 - the protocol's boundary: nothing inside leaks
            problem = problems.of_error(error, problems.request_id(request))
            wait = getattr(error, "retry_after", None)
            when = "" if wait is None else f", try again in {max(1, round(wait))} s"
            return _failed(f"{problem['detail']} ({problem['code']}{when})")
        return types.CallToolResult(
            content=[types.TextContent(type="text", text=result.model_dump_json())],
            structured_content=result.model_dump(mode="json"),
        )

    async def _list_resources(
        self, context: Context, params: types.PaginatedRequestParams | None
    ) -> types.ListResourcesResult:
        start = _offset(params.cursor if params else None)
        base = public_base(_request(context)) + "/"
        pages = (await self._services.pages.contents()).pages
        return types.ListResourcesResult(
            resources=[
                types.Resource(
                    uri=f"{link_of(page, base)}.md",
                    name=page.name,
                    title=page.title,
                    description=page.summary or None,
                    mime_type=_MARKDOWN,
                )
                for page in pages[start : start + _PAGE]
            ],
            next_cursor=str(start + _PAGE) if start + _PAGE < len(pages) else None,
        )

    async def _list_templates(
        self, context: Context, params: types.PaginatedRequestParams | None
    ) -> types.ListResourceTemplatesResult:
        return types.ListResourceTemplatesResult(
            resource_templates=[
                types.ResourceTemplate(
                    uri_template=public_base(_request(context)) + "/pages/{+path}.md",
                    name="page",
                    title="A page of the book",
                    mime_type=_MARKDOWN,
                )
            ]
        )

    async def _read_resource(
        self, context: Context, params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        uri = str(params.uri)
        page = await self._services.pages.at(uri)
        if page is None:
            raise MCPError(_NOT_FOUND, "The book has no such page.", {"uri": uri[:1000]})
        text = await self._services.pages.markdown(page)
        contents = types.TextResourceContents(uri=uri, mime_type=_MARKDOWN, text=text)
        return types.ReadResourceResult(contents=[contents])


async def _watch(receive: Receive, gone: asyncio.Event) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    gone.set()


def _request(context: Context) -> Request:
    assert isinstance(context.request, Request)
    return context.request


def _described(tool: Tool) -> types.Tool:
    return types.Tool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=tool.takes.model_json_schema(),
        output_schema=tool.gives.model_json_schema(mode="serialization"),
        annotations=types.ToolAnnotations(
            read_only_hint=True, destructive_hint=False, open_world_hint=False
        ),
    )


def _failed(text: str) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(type="text", text=text)], is_error=True)


def _place(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location) or "arguments"


def _offset(cursor: str | None) -> int:
    if cursor is None:
        return 0
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 10):
        raise MCPError(_NOT_FOUND, "There is no such cursor.")
    return int(cursor)

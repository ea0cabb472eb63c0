"""The MCP door: ``POST /mcp``, and the card by which clients find it."""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from api.public_address import public_base
from api.reference import openapi
from api.version import VERSION

router = APIRouter(tags=["mcp"], responses=openapi.errors("A JSON-RPC error"))


class _Delegated(Response):
    """What another ASGI application answers."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__()
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)


@router.post(
    "/mcp",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"type": "object"}}},
        }
    },
)
async def mcp(request: Request) -> Response:
    """MCP over streamable HTTP: JSON-RPC, stateless; tools ``search``, ``fetch`` and ``ask``."""
    return _Delegated(request.app.state.mcp)


@router.get("/.well-known/mcp/server-card.json")
@router.get("/mcp/server-card", include_in_schema=False)
async def card(request: Request) -> JSONResponse:
    """Who this server is and where it listens, for those who have not connected yet."""
    return JSONResponse(_card(public_base(request)), headers={"Cache-Control": "max-age=3600"})


def _card(base: str) -> dict[str, Any]:
    from mcp_types.version import SUPPORTED_PROTOCOL_VERSIONS  # MCP's packages load at first use

    host = base.partition("://")[2].partition("/")[0].partition(":")[0]
    return {
        "$schema": "https://static.modelcontextprotocol.io/schemas/v1/server-card.schema.json",
        "name": f"{'.'.join(reversed(host.split('.')))}/book-chat",
        "version": VERSION,
        "title": "Book Chat",
        "description": "Answers questions about a book, with citations to the exact heading.",
        "remotes": [
            {
                "type": "streamable-http",
                "url": f"{base}/mcp",
                "supportedProtocolVersions": list(SUPPORTED_PROTOCOL_VERSIONS),
            }
        ],
    }

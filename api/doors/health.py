"""Is the process up, can it answer, and with what: no billable call is made."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from fastapi import APIRouter, Request, Response

from api.services import Services
from api.version import VERSION, commit
from errors import BookChatError

router = APIRouter(prefix="/health", tags=["health"])
CHECK_SECONDS = 2.0
MUST_WORK = ("book",)
"""Without these no question can be answered; the others only cost comfort."""


@router.head("/live", include_in_schema=False)
@router.get("/live")
async def live() -> dict[str, str]:
    """The process is up."""
    return {"status": "ok"}


@router.head("/ready", include_in_schema=False)
@router.get("/ready")
async def ready(request: Request) -> Response:
    """Questions can be answered; 503 with the failing part if not."""
    parts = await _parts(request.app.state.services)
    fit = all(parts[name]["status"] == "ok" for name in MUST_WORK)
    body = {"status": "ok" if fit else "unavailable", "parts": parts}
    return _json(body, 200 if fit else 503)


@router.head("", include_in_schema=False)
@router.get("")
async def health(request: Request) -> Response:
    """Version, book version, providers, and the parts with their state."""
    services: Services = request.app.state.services
    parts = await _parts(services)
    fit = all(part["status"] == "ok" for part in parts.values())
    fit = fit and services.indexing.state()["state"] != "failed"
    body = {
        "status": "ok" if fit else "degraded",
        "version": VERSION,
        "commit": commit(),
        "book_version": parts["book"].get("version"),
        "collection": services.settings.qdrant_collection,
        "providers": services.providers,
        "parts": parts,
        "running_answers": services.runs.running,
    }
    return _json(body, 200)


async def _parts(services: Services) -> dict[str, dict[str, Any]]:
    names = list(services.checks)
    states = await asyncio.gather(*(_check(services.checks[name]) for name in names))
    return dict(zip(names, states, strict=True))


async def _check(check: Callable[[], Awaitable[Any]]) -> dict[str, Any]:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            details = await check()
    except TimeoutError:
        return {"status": "unavailable", "detail": "No answer in time."}
    except BookChatError as error:
        return {"status": "unavailable", "code": error.code, "detail": error.detail}
    return {"status": "ok", **(details or {})}


def _json(body: dict[str, Any], status: int) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json")

"""The web application: routes, middleware, and the parts they share."""

import gc
from asyncio import all_tasks
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

from fastapi import FastAPI, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.types import Lifespan

from api import problems
from api.doors import admin, agents, ai_sdk, book, health, playground, search, sessions, websocket
from api.doors import langserve as chat
from api.doors import mcp as tools
from api.doors import openai as completions
from api.mcp.endpoint import McpEndpoint, load_server
from api.observability.telemetry import Metrics, RequestContext
from api.pages import one_file, static_files
from api.protection.body_size import BodyLimit
from api.protection.content_policy import DefaultPolicy, page_policy
from api.protection.hosts import Hosts
from api.protection.origins import Origins
from api.reference import asyncapi, openapi
from api.reference import pages as api_docs
from api.services import Services
from api.shapes.ai_sdk import ChatRequest
from api.shapes.langserve import BatchRequest, InvokeRequest
from api.shapes.openai import CompletionRequest
from api.version import VERSION
from settings import Settings, load_settings

WEB = Path(__file__).resolve().parent.parent / "web"
DRAIN_SECONDS = 20.0
_YOUNG_OBJECTS = 20_000

_DOORS = (
    *(chat, completions, ai_sdk, tools, search, book, agents, sessions, health, admin),
    *(playground, asyncapi, websocket),
)
Opener = Callable[[Settings, Metrics], Awaitable[Services]]


def create_app(
    settings: Settings | None = None,
    services: Services | None = None,
    *,
    metrics: Metrics | None = None,
    opener: Opener | None = None,
    own_process: bool = False,
) -> FastAPI:
    """The application.

    Args:
        services: replace the parts that ``settings`` would open.
        opener: opens the parts; by default ``api.wiring.open_services``.
        own_process: nothing else lives in it, so its memory may be arranged for serving.
    """
    settings = settings or (services.settings if services else load_settings())
    metrics = metrics or Metrics()

    app = FastAPI(
        title="Book Chat",
        version=VERSION,
        summary="Answers readers' questions about a book, with citations to the exact heading.",
        lifespan=_lifespan(settings, services, metrics, opener or _open, own_process=own_process),
        docs_url=None,
        redoc_url=None,
        responses=openapi.PROBLEMS,
    )
    problems.install(app)
    openapi.install(app, InvokeRequest, BatchRequest, CompletionRequest, ChatRequest)
    for part in _DOORS:
        app.include_router(part.router)
    api_docs.install(app)
    _add_pages(app, metrics, settings)
    app.add_middleware(problems.Unexpected)
    app.add_middleware(DefaultPolicy)
    app.add_middleware(BodyLimit)
    app.add_middleware(
        Origins,
        allow_origins=settings.allowed_origins,
        allow_methods=["GET", "POST", "DELETE"],
        allow_headers=["content-type", "x-request-id"],
        expose_headers=["x-request-id", "server-timing", "retry-after"],
    )
    app.add_middleware(Hosts, allowed=settings.allowed_hosts)
    app.add_middleware(RequestContext, metrics=metrics)
    return app


def _lifespan(
    settings: Settings,
    services: Services | None,
    metrics: Metrics,
    opener: Opener,
    *,
    own_process: bool,
) -> Lifespan[FastAPI]:
    """Opens the parts before the first request, and closes them after the last answer."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        opened = services or await opener(settings, metrics)
        app.state.services = opened
        metrics.gauge(
            "book_chat_running_answers", "Answers being made", lambda: opened.runs.running
        )
        metrics.gauge("book_chat_tasks", "Tasks of the event loop", lambda: len(all_tasks()))
        metrics.gauge("book_chat_queued_answers", "Questions waiting", lambda: opened.slots.waiting)
        if own_process:
            _spare_the_collector()
        app.state.mcp = endpoint = McpEndpoint(opened, load_server)
        async with endpoint.running():
            try:
                yield
            finally:
                await opened.drain(DRAIN_SECONDS)
                await opened.resources.aclose()

    return lifespan


def _spare_the_collector() -> None:
    """What was made at the start stays; looking through it took 0.2 s of every full collection."""
    gc.freeze()
    gc.enable()
    gc.set_threshold(_YOUNG_OBJECTS, 10, 10)


async def _open(settings: Settings, metrics: Metrics) -> Services:
    from api.wiring import open_services  # the roots' imports: vendor SDKs, only when served

    return await open_services(settings, metrics)


def _add_pages(app: FastAPI, metrics: Metrics, settings: Settings) -> None:
    files = static_files(
        WEB, page_policy(settings.allowed_origins, settings.page_logo, settings.book_url)
    )
    pages = {"/": "/index.html", "/widget.js": "/widget.js"}
    if settings.admin_api_key is not None:
        pages["/admin/"] = "/admin.html"
    for path, name in pages.items():
        # Starlette types a route as a function of a request; it takes an ASGI application too.
        app.add_route(path, cast(Any, one_file(files, name)), include_in_schema=False)
    app.mount("/web", files)

    @app.get("/metrics", include_in_schema=False)
    async def scrape(request: Request) -> Any:
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)

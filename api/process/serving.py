"""The server's process: every failure to start is one line and a status of 1."""

import asyncio
import errno
import gc
import logging
import signal
import socket
import sys
from types import FrameType
from typing import Any

import uvicorn
import uvloop
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from api.app import DRAIN_SECONDS, create_app
from api.observability.logs import configure_logging
from api.observability.telemetry import Metrics
from api.process.draining import DrainingWebSocket
from api.protection.addresses import networks
from api.protection.connections import SocketLimits, guarded
from api.services import Services
from api.shapes.frames import MAX_FRAME
from api.wiring import open_services
from errors import BookChatError, FixConfiguration
from settings import Settings

PING_SECONDS = 20.0
SILENT_SECONDS = 60.0
_log = logging.getLogger("book_chat")


def serve(settings: Settings) -> int:
    """Exit status: 0 stopped by a signal, 1 could not start."""
    try:
        configure_logging(settings.log_level, settings.log_format, questions=settings.log_questions)
        listener = _bind(settings)
        if settings.web_concurrency > 1:
            return _serve_workers(settings, listener)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(_serve(settings, listener))
    except BookChatError as error:
        sys.stderr.write(f"error: {error.detail}\n")
        return 1
    except (KeyboardInterrupt, asyncio.CancelledError):
        return 0


class _Server(uvicorn.Server):
    """Ends with status 0 when it is asked to; uvicorn would raise the signal once more."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first signal lets answers end, a second SIGINT does not."""
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True


def _bind(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # Named as TCP, or asyncio leaves Nagle's algorithm on and frames wait for each other.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
        listener.listen(2048)
    except OSError as error:
        why = {
            errno.EADDRINUSE: "is already in use; set another PORT",
            errno.EACCES: "needs more rights; set a PORT above 1023",
        }.get(error.errno or 0, "cannot be opened; check HOST and PORT")
        raise FixConfiguration(f"PORT: {settings.host}:{settings.port} {why}") from None
    return listener


async def _open(settings: Settings, metrics: Metrics) -> Services:
    """The parts; a database may take long to open, and uvicorn listens to no signals yet."""
    starting = asyncio.current_task()
    assert starting is not None
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, starting.cancel)
    try:
        services = await open_services(settings, metrics)
    finally:
        loop.remove_signal_handler(signal.SIGTERM)
    _announce(services)
    return services


async def _serve(settings: Settings, listener: socket.socket) -> int:
    metrics = Metrics()
    services = await _open(settings, metrics)
    app = create_app(settings, services, metrics=metrics, own_process=True)
    server = _Server(_config(app, settings))
    await server.serve(sockets=[listener])
    return 0 if server.started else 1


def _serve_workers(settings: Settings, listener: socket.socket) -> int:
    async def check() -> None:
        services = await open_services(settings, Metrics(), index=False)
        _announce(services)
        await services.resources.aclose()

    asyncio.run(check())
    gc.enable()  # from here on this process only looks after the others
    config = _config("api.process.worker:create_worker", settings, factory=True)
    workers = Multiprocess(config, sockets=[listener])
    workers.run()
    failed: Any = [process.exitcode for process in workers.processes]
    return 1 if STARTUP_FAILURE in failed else 0


def _config(app: object, settings: Settings, *, factory: bool = False) -> uvicorn.Config:
    return uvicorn.Config(
        app,  # type: ignore[arg-type]  # uvicorn types ASGI more narrowly than Starlette
        factory=factory,
        workers=settings.web_concurrency,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # believed only where TRUSTED_PROXIES says so
        http=guarded(
            SocketLimits(settings.max_connections_per_client, networks(settings.trusted_proxies))
        ),
        limit_concurrency=settings.max_connections,
        ws=DrainingWebSocket,
        ws_max_size=MAX_FRAME,
        # Frames are a few words; a compressor for each reader would take 300 kB, and time.
        ws_per_message_deflate=False,
        ws_ping_interval=PING_SECONDS,
        ws_ping_timeout=SILENT_SECONDS - PING_SECONDS,
        timeout_graceful_shutdown=round(DRAIN_SECONDS) + 5,
        backlog=2048,
    )


def _announce(services: Services) -> None:
    settings = services.settings
    names = ", ".join(f"{role}: {name}" for role, name in services.providers.items())
    _log.info("http://localhost:%d answers with %s", settings.port, names)
    if settings.web_concurrency > 1 and settings.redis_url is None:
        _log.warning("no REDIS_URL: each worker counts for itself and resumes its own answers only")
    if settings.cohere_api_key is None:
        _log.info("no COHERE_API_KEY: the embedded models answer; set it to let Cohere answer")

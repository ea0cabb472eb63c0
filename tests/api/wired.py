"""The service with its real wiring in this process, against stand-ins over real HTTP."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from api.app import create_app
from api.services import Services
from api.wiring import open_services
from bootstrap import in_this_process
from errors import BookChatError
from settings import Settings
from standins.cohere import KEY, CohereStandIn
from standins.server import serve
from tests.processes import write_book

QUESTION = "How fast does the balance controller of a humanoid run?"
FOLLOW_UP = "Why does it run that fast?"
OPTIONS: dict[str, Any] = {"ws": "websockets-sansio", "ws_max_size": 65536, "lifespan": "on"}


@dataclass
class Wired:
    """A running service."""

    url: str
    http: httpx.Client
    services: Services
    loop: asyncio.AbstractEventLoop

    @property
    def ws(self) -> str:
        """Address of the WebSocket door."""
        return self.url.replace("http", "ws", 1) + "/ws/chat"

    def ask(self, question: str = QUESTION, **fields: Any) -> dict[str, Any]:
        """An answer that must come."""
        response = self.post(question, **fields)
        assert response.status_code == 200, response.text
        output: dict[str, Any] = response.json()["output"]
        return output

    def post(
        self, question: str = QUESTION, route: str = "invoke", **fields: Any
    ) -> httpx.Response:
        """Whatever the service says to a question."""
        return self.http.post(f"/chat/{route}", json={"input": {"question": question, **fields}})

    def metric(self, line: str) -> float:
        """Value of one metric, 0 while it has none."""
        for found in self.http.get("/metrics").text.splitlines():
            if found.rsplit(" ", 1)[0] == line:
                return float(found.rsplit(" ", 1)[1])
        return 0.0

    def parts(self) -> tuple[int, dict[str, Any]]:
        """Status and parts of readiness."""
        ready = self.http.get("/health/ready")
        return ready.status_code, ready.json()["parts"]

    def inside(self, look: Callable[[], Any]) -> Any:
        """Result of ``look`` in the service's own loop."""

        async def run() -> Any:
            return look()

        return asyncio.run_coroutine_threadsafe(run(), self.loop).result(10)


class _Inside:
    """Notes the loop that the app runs in."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.loop: asyncio.AbstractEventLoop | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.loop = asyncio.get_running_loop()
        await self.app(scope, receive, send)


@contextmanager
def wired(
    tmp_path: Path, *, port: int = 0, indexed: bool = True, **overrides: Any
) -> Iterator[Wired]:
    """The service over a book of one page; its data stays under ``tmp_path``.

    With ``indexed`` it is handed over once the book is indexed.
    """
    book = tmp_path / "book"
    if not book.exists():
        write_book(book)
    settings = Settings(
        **{"book_dir": book, "data_dir": tmp_path / "data", "rate_limit": 0, **overrides}
    )
    # A process of its own for each index of one page would take most of a test's time.
    app = create_app(settings, opener=partial(open_services, indexer=in_this_process))
    inside = _Inside(app)
    with ExitStack() as stack:
        url = stack.enter_context(serve(inside, port=port, **OPTIONS))
        http = stack.enter_context(httpx.Client(base_url=url, timeout=30))
        assert inside.loop is not None
        if indexed:
            job = app.state.services.indexing.finished()
            with suppress(BookChatError):  # a test may be about a book that cannot be indexed
                asyncio.run_coroutine_threadsafe(job, inside.loop).result(60)
        yield Wired(url, http, app.state.services, inside.loop)


@contextmanager
def over_cohere(tmp_path: Path, cohere: CohereStandIn, **overrides: Any) -> Iterator[Wired]:
    """The service with Cohere's models, answered by ``cohere``."""
    with (
        serve(cohere) as url,
        wired(tmp_path, cohere_api_key=KEY, cohere_base_url=url, **overrides) as service,
    ):
        cohere.requests.clear()
        yield service

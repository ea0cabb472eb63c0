"""A real server on loopback around a chain of fakes."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from api.app import create_app
from api.observability.telemetry import Metrics
from api.protection.rate import RateLimiter
from api.protection.slots import Slots
from api.runs.local import Runs
from api.services import Services
from chains.answer.generation import Models
from chains.answer.limits import AnswerLimits
from chains.evidence.retriever import BookRetriever
from chains.pipeline import ChainParts, build_chain
from settings import Settings
from standins.server import serve
from tests.fakes import DictMemory, MemoryStore, ScriptedChat, chunk

QUESTION = "Which middleware connects the programs of a robot?"
PIECES: list[Any] = [("ROS 2 is middleware", 0), " for ", "robots."]


class StillIndex:
    """An index job that only remembers that it was asked."""

    def __init__(self) -> None:
        self.started: list[bool] = []

    def start(self, *, rebuild: bool = False) -> bool:
        self.started.append(rebuild)
        return True

    async def finished(self) -> None:
        pass

    def state(self) -> dict[str, Any]:
        return {"state": "idle"}


@dataclass
class Served:
    """A running service and the parts that a test reaches into."""

    url: str
    http: httpx.Client
    services: Services
    chat: ScriptedChat
    store: MemoryStore
    memory: DictMemory

    @property
    def ws(self) -> str:
        return self.url.replace("http", "ws", 1) + "/ws/chat"


def make_services(settings: Settings, chat: ScriptedChat, metrics: Metrics) -> Services:
    store = MemoryStore(
        [
            chunk("ROS 2 is middleware that connects the programs of a robot.", "What ROS 2 is"),
            chunk("The balance controller of the humanoid runs at 1000 Hz.", "Balance"),
        ]
    )
    memory = DictMemory()
    retriever = BookRetriever(store=store)
    models = Models(chat, "scripted", limits=AnswerLimits(characters=50_000_000))
    chain = build_chain(ChainParts(retriever, models, memory=memory, observe=metrics.answered))
    numbers = iter(range(1_000_000))

    async def check_book() -> dict[str, Any]:
        info = await store.info()
        return {"version": info.book_version if info else None}

    return Services(
        settings=settings,
        chain=chain,
        retriever=retriever,
        conversations=memory,
        runs=Runs(chain, lambda: f"answer-{next(numbers)}"),
        rate=RateLimiter(settings.rate_limit),
        slots=Slots(settings.max_concurrent_answers or 64, queue_seconds=0.05),
        indexing=StillIndex(),
        checks={"book": check_book, "database": memory.ping},
        providers={"chat": "scripted"},
    )


@pytest.fixture
def overrides() -> dict[str, Any]:
    """Settings that a test module overrides."""
    return {}


@pytest.fixture
def served(overrides: dict[str, Any]) -> Iterator[Served]:
    settings = Settings(**{"rate_limit": 0, **overrides})
    chat = ScriptedChat(pieces=PIECES)
    metrics = Metrics()
    services = make_services(settings, chat, metrics)
    app = create_app(settings, services, metrics=metrics)
    options: dict[str, Any] = {"ws": "websockets-sansio", "ws_max_size": 65536, "lifespan": "on"}
    options["proxy_headers"] = False  # as in api/process/serving.py
    with serve(app, **options) as url, httpx.Client(base_url=url, timeout=30) as http:
        store, memory = services.retriever.store, services.conversations
        yield Served(url, http, services, chat, store, memory)  # type: ignore[arg-type]  # a chain and store of the test

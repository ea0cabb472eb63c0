"""The service around a scripted model, and a real Chromium that visits it."""

import asyncio
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from api.app import create_app
from api.observability.telemetry import Metrics
from api.services import Services
from settings import Settings
from standins.server import serve
from tests.api.conftest import make_services
from tests.fakes import DictMemory, MemoryStore, ScriptedChat
from tests.web.book import ANSWER, sections
from tests.web.profiles import Profiles

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
expect.set_options(timeout=15_000)


@dataclass
class Site:
    """The running service, with the script of its model within reach."""

    url: str
    services: Services
    chat: ScriptedChat
    store: MemoryStore
    memory: DictMemory

    def hold(self, before: int) -> None:
        """The model stops before its piece number ``before`` until ``go_on``."""
        self.chat.gate = _Gate()
        self.chat.gate_before = before

    def say(self, *pieces: Any) -> None:
        """What the model answers from now on."""
        self.chat.pieces = list(pieces)

    def go_on(self) -> None:
        """Lets the held answer run to its end."""
        self.chat.gate.open()


class _Gate:
    """An event that the test's thread may set while the server's loop waits for it."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def wait(self) -> None:
        self._loop = asyncio.get_running_loop()
        await self._event.wait()

    def open(self) -> None:
        assert self._loop is not None, "nobody waits at the gate yet"
        self._loop.call_soon_threadsafe(self._event.set)


@pytest.fixture
def overrides() -> dict[str, Any]:
    """Settings that a test module overrides."""
    return {}


@pytest.fixture
def book_base() -> str:
    """Origin of the published book; empty: sources are paths alone."""
    return "http://book.test"


@contextmanager
def running(overrides: dict[str, Any], book_base: str) -> Iterator[Site]:
    """The service around a scripted model and three sections of the book."""
    metrics = Metrics()
    settings = Settings(**{"rate_limit": 0, **overrides})
    chat = ScriptedChat(pieces=list(ANSWER))
    services = make_services(settings, chat, metrics)
    store: Any = services.retriever.store
    store.chunks = sections(book_base)
    app = create_app(settings, services, metrics=metrics)
    options: dict[str, Any] = {"ws": "websockets-sansio", "ws_max_size": 65536, "lifespan": "on"}
    with serve(app, **options) as url:
        yield Site(url, services, chat, store, services.conversations)  # type: ignore[arg-type]  # a chain and store of the test


@pytest.fixture
def site(overrides: dict[str, Any], book_base: str) -> Iterator[Site]:
    with running(overrides, book_base) as made:
        yield made


@contextmanager
def chromium(*flags: str) -> Iterator[Browser]:
    """A browser; skips the test where Chromium is not installed."""
    if CHROMIUM is None:
        pytest.skip("needs Chromium: apt-get install -y chromium")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *flags])
        yield launched
        launched.close()


# Not for the session: Playwright runs an event loop in this thread while it is up, and the
# asynchronous tests of other packages need the thread without one.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as launched:
        yield launched


NewPage = Callable[..., Page]


@pytest.fixture(scope="module")
def profiles(browser: Browser) -> Profiles:
    return Profiles(browser)


@pytest.fixture
def errors() -> list[str]:
    """What the browser's console complained about; must be empty at the end of a test."""
    return []


@pytest.fixture
def new_page(profiles: Profiles, errors: list[str]) -> Iterator[NewPage]:
    """Opens pages in browser profiles of their own; options as for ``Browser.new_context``."""
    taken = []

    def listen(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            errors.append(message.text)

    def make(**options: Any) -> Page:
        options = {"viewport": {"width": 1180, "height": 860}, "reduced_motion": "reduce"} | options
        profile = profiles.take(options)
        taken.append(profile)
        page = profile.new_page()
        page.set_viewport_size(options["viewport"])
        page.on("console", listen)
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    yield make
    for profile in taken:
        profiles.give_back(profile)
    assert errors == []


@pytest.fixture
def page(new_page: NewPage, site: Site) -> Page:
    """The chat page in a fresh browser profile."""
    opened = new_page()
    opened.goto(site.url)
    return opened


def ask(page: Page, question: str) -> None:
    """Types a question and sends it."""
    page.get_by_label("Your question").fill(question)
    page.keyboard.press("Enter")


def done(page: Page) -> None:
    """Waits until the last answer is complete."""
    expect(page.locator(".turn").last.locator(".answer")).to_have_attribute("aria-busy", "false")

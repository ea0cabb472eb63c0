"""What the routes are handed: the chain and everything around it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

from starlette.requests import HTTPConnection

from api.book_pages.pages import BookPages
from api.protection.admin_key import AdminKey
from api.protection.guard import Guard
from api.protection.rate import RateLimiter
from api.protection.slots import Slots
from api.runs.local import Runs
from api.runs.run import Run
from api.typed_search import TypingSearch
from chains.budget import Budget
from chains.evidence.retriever import BookRetriever
from chains.runnable import AnswerRunnable
from chains.wrappers.remembered import Memory
from schema import Question
from settings import Settings


class Conversations(Memory, Protocol):
    """Sessions, turns and feedback; ``conversations.store`` provides it."""

    def new_session(self) -> str:
        """A new signed, unguessable session id; nothing is stored before its first turn."""

    async def turns(self, session_id: str) -> Sequence[dict[str, Any]]:
        """Turns of a session as JSON types, oldest first."""

    async def forget(self, session_id: str) -> None:
        """Deletes a session and everything that belongs to it."""

    async def share(self, session_id: str) -> str:
        """The id of a new read-only link to the turns so far; a link made before ends."""

    async def unshare(self, session_id: str) -> None:
        """Ends the session's link, if it has one."""

    async def shared(self, share_id: str) -> Sequence[dict[str, Any]]:
        """The turns that a link opens, as JSON types, oldest first."""

    async def rate(self, answer_id: str, session_id: str, rating: str, comment: str | None) -> None:
        """Stores a reader's rating of an answer of this session."""

    async def insights(self) -> dict[str, list[dict[str, Any]]]:
        """Tables for the operator, by name: rows as JSON types."""

    async def ping(self) -> None:
        """Raises RetryLater when the database cannot be reached."""


class Indexing(Protocol):
    """The job that brings the served collection up to date with the book."""

    def start(self, *, rebuild: bool = False) -> bool:
        """Begins in the background; False when it already runs."""

    async def finished(self) -> None:
        """Waits for a job that runs; raises what ended it."""

    def state(self) -> Mapping[str, object]:
        """Progress and the last result as JSON types."""


@dataclass
class Services:
    """One process's parts; made in ``api/wiring.py`` or by a test."""

    settings: Settings
    chain: AnswerRunnable
    retriever: BookRetriever
    conversations: Conversations
    runs: Runs
    rate: RateLimiter
    slots: Slots
    indexing: Indexing
    checks: dict[str, Callable[[], Awaitable[object]]]
    """Parts that readiness asks, by name; each raises ``BookChatError`` when it cannot work."""
    providers: dict[str, str]
    rollback: Callable[[], Awaitable[str]] | None = None
    """Serves the collection before the last switch again; returns its name."""
    budget: Budget = field(default_factory=Budget)
    resources: AsyncExitStack = field(default_factory=AsyncExitStack)

    @cached_property
    def guard(self) -> Guard:
        """Lets requests in; every door that can cost a call asks it first."""
        return Guard(
            self.rate,
            self.slots,
            self.budget,
            allowed_origins=self.settings.allowed_origins,
            trusted_proxies=self.settings.trusted_proxies,
        )

    @cached_property
    def typing(self) -> TypingSearch:
        """What a search box asks while a reader types."""
        return TypingSearch(self.retriever)

    @cached_property
    def admin_key(self) -> AdminKey | None:
        """The operator's key, if there is one."""
        key = self.settings.admin_api_key
        return AdminKey(key.get_secret_value()) if key else None

    @cached_property
    def pages(self) -> BookPages:
        """The indexed book page by page."""
        return BookPages(self.retriever.store)

    async def admit(
        self, connection: HTTPConnection, questions: Sequence[Question]
    ) -> Callable[[], None]:
        """Lets the questions in; returns what gives their slots back."""
        return (await self.guard.admit(connection, questions)).release

    async def start(
        self,
        connection: HTTPConnection,
        question: Question,
        *,
        ask_id: str = "",
        keep: bool = False,
    ) -> Run:
        """Lets one question in and begins its answer; see ``api.runs`` for what follows.

        Raises:
            BookChatError: the question is not let in; see ``Guard.admit``.
        """
        admitted = await self.guard.admit(connection, [question])
        return self.runs.start(question, ask_id=ask_id, keep=keep, release=admitted.release)

    async def start_all(
        self, connection: HTTPConnection, questions: Sequence[Question]
    ) -> list[Run]:
        """As ``start`` for questions that are let in together."""
        admitted = await self.guard.admit(connection, questions)
        left = len(questions)

        def one_ended() -> None:
            nonlocal left
            left -= 1
            if not left:
                admitted.release()

        return [self.runs.start(question, release=one_ended) for question in questions]

    async def drain(self, seconds: float) -> None:
        """Takes no more questions; running answers may end within ``seconds``, then are stopped."""
        self.slots.close()
        await self.slots.idle(seconds)
        await self.runs.drain(0)

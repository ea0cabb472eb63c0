"""What the routes are handed: the chain and everything around it."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any, Protocol

from starlette.requests import HTTPConnection

from api.observability.telemetry import fingerprint
from api.protection.limits import RateLimiter, Slots, client_address
from api.runs.local import Runs
from chains.book import BookChain
from chains.memory import Memory
from chains.retriever import BookRetriever
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

    def state(self) -> dict[str, Any]:
        """Progress and the last result as JSON types."""


@dataclass
class Services:
    """One process's parts; made in ``api/wiring.py`` or by a test."""

    settings: Settings
    chain: BookChain
    retriever: BookRetriever
    conversations: Conversations
    runs: Runs
    rate: RateLimiter
    slots: Slots
    indexing: Indexing
    checks: dict[str, Callable[[], Awaitable[Any]]]
    """Parts that readiness asks, by name; each raises ``BookChatError`` when it cannot work."""
    providers: dict[str, str]
    resources: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def admit(
        self, connection: HTTPConnection, questions: Sequence[Question]
    ) -> Callable[[], None]:
        """Counts the questions against their client and takes a slot; returns its release."""
        address = client_address(connection, self.settings.trusted_proxies)
        await self.rate.check(f"address:{address}", len(questions))
        for session_id, count in Counter(q.session_id for q in questions if q.session_id).items():
            await self.rate.check(f"session:{fingerprint(session_id)}", count)
        return await self.slots.acquire(len(questions))

    async def drain(self, seconds: float) -> None:
        """Takes no more questions; running answers may end within ``seconds``, then are stopped."""
        self.slots.close()
        await self.slots.idle(seconds)
        await self.runs.drain(0)

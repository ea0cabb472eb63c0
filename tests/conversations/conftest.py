"""The same store over SQLite and over a real PostgreSQL."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from conversations.store import ConversationStore, open_conversations
from tests.conversations.postgres import INSTALL, Cluster, binaries


@dataclass
class Clock:
    """Stands still until it is moved."""

    now: datetime = datetime(2026, 11, 20, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass
class Place:
    """A database and a data folder that stores may be opened over, one after the other or at
    once."""

    url: str | None
    data_dir: Path
    clock: Clock = field(default_factory=Clock)

    def open(self, **changed: Any) -> AbstractAsyncContextManager[ConversationStore]:
        values: dict[str, Any] = {
            "url": self.url,
            "data_dir": self.data_dir,
            "secret": None,
            "retention_days": 90,
            "clock": self.clock,
        }
        return open_conversations(**{**values, **changed})


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    found = binaries()
    if found is None:
        pytest.skip(INSTALL)
    cluster = Cluster(found)
    cluster.start()
    yield cluster
    cluster.remove()


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return Place(None, tmp_path / "data")
    return Place(request.getfixturevalue("cluster").new_schema(), tmp_path / "data")


@pytest.fixture
async def store(place: Place) -> AsyncIterator[ConversationStore]:
    async with place.open() as opened:
        yield opened


@pytest.fixture
def clock(place: Place) -> Clock:
    return place.clock

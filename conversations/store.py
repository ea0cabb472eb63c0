"""Sessions, turns, feedback and the call ledger, kept in SQLite or PostgreSQL."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, RowMapping, Select, literal, select

from conversations import changes, records, sharing
from conversations.database import Database, database_url
from conversations.insights import Tables, read_insights
from conversations.ledger import CallLedger
from conversations.preparation import PreparedDatabase
from conversations.queries import HISTORY, SESSION, TURNS
from conversations.retention import Retention
from conversations.signing import Signer, key_in_folder, new_key, no_session
from conversations.sqlite_file import make_folder, make_usable
from conversations.turn_writer import TurnWriter
from conversations.write_check import WriteCheck
from errors import RetryLater
from schema import PastTurn, Turn

T = TypeVar("T")


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


@asynccontextmanager
async def open_conversations(
    *,
    url: str | None,
    data_dir: Path,
    secret: str | None,
    retention_days: int,
    clock: Callable[[], datetime] = utc_now,
    wait_seconds: float = 5.0,
) -> AsyncIterator["ConversationStore"]:
    """Opens, migrates and purges the store; closing it writes what is still in memory.

    A database that is away does not stop the start: everything raises ``RetryLater`` until it
    is there.

    Args:
        url: of the database; None is an SQLite file under ``data_dir``.
        secret: signs session ids; None is a random one kept with the data.
        retention_days: how long turns are kept; 0 is for ever.
        wait_seconds: how long to wait for a lock, a free connection or a statement.

    Raises:
        FixConfiguration: the URL or ``data_dir`` cannot be used.
    """
    target = database_url(url, data_dir)
    if target.get_backend_name() == "sqlite":
        await asyncio.to_thread(make_usable, Path(str(target.database)), wait_seconds)
    database = Database(target, wait_seconds=wait_seconds)
    try:
        signer, shared = _signer(secret, database, data_dir)
        prepared = PreparedDatabase(database, signer, shared)
        await prepared.start()
        retention = Retention(prepared, retention_days, clock)
        store = ConversationStore(prepared, signer, retention, clock)
        async with store.working():
            yield store
    finally:
        await database.close()


def _signer(secret: str | None, database: Database, data_dir: Path) -> tuple[Signer, bool]:
    """And whether the key is still to be agreed on with the other replicas."""
    if secret:
        return Signer(secret.encode()), False
    if not database.is_sqlite:
        return Signer(new_key()), True
    make_folder(data_dir)
    return Signer(key_in_folder(data_dir)), False


class ConversationStore:
    """Made by ``open_conversations``; safe for any number of tasks of one event loop.

    Every method that asks the database may raise ``RetryLater``; those that are given a session
    id raise ``FixQuestion`` (``not_found``) for a forged or deleted one.
    """

    def __init__(
        self,
        database: PreparedDatabase,
        signer: Signer,
        retention: Retention,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._signer = signer
        self._retention = retention
        self._clock = clock
        self._ledger = CallLedger(database.write, clock)
        self._write_check = WriteCheck(database, clock)
        self._turn_writer = TurnWriter(database.write, clock)
        self._working: set[asyncio.Task[object]] = set()

    def new_session(self) -> str:
        """A new signed, unguessable session id; nothing is stored before its first turn."""
        return self._signer.new()

    async def history(self, session_id: str) -> Sequence[PastTurn]:
        """The last 20 turns that say something, newest last."""
        key = self._signer.key_of(session_id)
        found = await self._found(HISTORY, key)
        return [records.past_turn(row) for row in reversed(found)]

    async def turns(self, session_id: str) -> list[dict[str, Any]]:
        """Turns as JSON types, oldest first: a ``Turn`` with ``created_at`` and ``rating``."""
        key = self._signer.key_of(session_id)
        return [records.as_json(row, session_id) for row in await self._found(TURNS, key)]

    async def remember(self, turn: Turn) -> None:
        """Stores a turn once, however often it is handed in.

        Once begun, it ends even if the caller is cancelled.
        """
        key = self._signer.key_of(turn.session_id)
        await self._turn_writer.put(turn, key)

    async def forget(self, session_id: str) -> None:
        """Deletes a session's turns and feedback for good; its id never works again."""
        key = self._signer.key_of(session_id)
        now = self._clock()
        await self._to_the_end(lambda connection: changes.forget(connection, key, now))
        await self._database.truncate_log()

    async def share(self, session_id: str) -> str:
        """The id of a new link to the turns so far; a link made before ends.

        Raises:
            FixQuestion: there is no turn yet (``not_found``).
        """
        key = self._signer.key_of(session_id)
        share_id = sharing.new_share()
        await self._to_the_end(lambda connection: sharing.share(connection, key, share_id))
        return share_id

    async def unshare(self, session_id: str) -> None:
        """Ends the session's link, if it has one."""
        key = self._signer.key_of(session_id)
        await self._to_the_end(lambda connection: sharing.unshare(connection, key))

    async def shared(self, share_id: str) -> list[dict[str, Any]]:
        """The turns that a link opens, as ``turns`` gives them, without session and ratings.

        Raises:
            FixQuestion: the link has ended, or it never was (``not_found``).
        """
        rows = await self._apart(self._rows(sharing.shared_turns(share_id)))
        if not rows:
            raise sharing.no_share()
        return [records.as_json({**row, "rating": None}, None) for row in rows]

    async def rate(self, answer_id: str, session_id: str, rating: str, comment: str | None) -> None:
        """Stores a reader's rating; the latest counts.

        Raises:
            FixQuestion: no such answer in this session (``not_found``).
        """
        key = self._signer.key_of(session_id)
        rated = records.rating_row(answer_id, rating, comment, self._clock())
        await self._to_the_end(lambda connection: changes.rate(connection, key, rated))

    async def insights(self) -> Tables:
        """Tables for the operator, by name: rows as JSON types."""
        await self._ledger.flush()
        return await self._database.read(read_insights)

    async def ping(self) -> None:
        """Raises RetryLater when the database cannot be reached or cannot be written."""
        await self._apart(self._rows(select(literal(1))))
        await asyncio.shield(self._work(self._write_check()))

    def record_calls(self, provider: str, operation: str, outcome: str, n: int = 1) -> None:
        """Counts calls to a provider; written within a few seconds."""
        self._ledger.record(provider, operation, outcome, n)

    def calls_this_month(self) -> int:
        """Provider calls of all replicas in this calendar month (UTC); no I/O."""
        return self._ledger.calls_this_month()

    async def purge(self) -> int:
        """Deletes turns older than the retention; returns how many."""
        return await self._retention.purge()

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """While it is open, counted calls are written and old turns purged."""
        with contextlib.suppress(RetryLater):
            await self._ledger.flush()  # reads the month's total
        tasks = [
            asyncio.create_task(self._ledger.run()),
            asyncio.create_task(self._retention.run()),
        ]
        try:
            yield
        finally:
            await self._turn_writer.flush()
            await asyncio.gather(*self._working, return_exceptions=True)
            with contextlib.suppress(RetryLater):
                await self._ledger.flush()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _found(self, query: Select[Any], key: str) -> list[RowMapping]:
        """Turns of one session; a session without any is one row with nothing in it."""
        rows = await self._apart(self._rows(query, {SESSION: key}))
        if rows and rows[0]["deleted_at"] is not None:
            raise no_session()
        return [row for row in rows if row["question"] is not None]

    async def _rows(
        self, query: Select[Any], parameters: Mapping[str, object] | None = None
    ) -> Sequence[RowMapping]:
        return await self._database.read(
            lambda found: found.execute(query, parameters).mappings().all()
        )

    async def _apart(self, reading: Coroutine[object, None, T]) -> T:
        """A caller who gives up is let go at once: a frozen server takes seconds to cancel."""
        task = self._work(reading)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.cancel()
            raise

    async def _to_the_end(self, change: Callable[[Connection], None]) -> None:
        """A reader who leaves cancels the caller, again and again; the change goes on."""
        await asyncio.shield(self._work(self._database.write(change)))

    def _work(self, work: Coroutine[object, None, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        self._working.add(task)
        task.add_done_callback(self._worked)
        return task

    def _worked(self, task: asyncio.Task[object]) -> None:
        self._working.discard(task)
        if not task.cancelled():
            task.exception()  # if its caller has gone nobody else looks; it is in the log

"""Transactions on an SQLite file run in a thread, which cannot be cancelled."""

import asyncio
import threading
from pathlib import Path

from sqlalchemy import Connection, text

from conversations.database import Database, database_url

_TABLES = text("SELECT count(*) FROM sqlite_master")


async def test_a_write_that_nobody_waits_for_any_more_is_rolled_back(tmp_path: Path) -> None:
    database = Database(database_url(None, tmp_path))
    begun, go_on = threading.Event(), threading.Event()

    def work(connection: Connection) -> None:
        connection.execute(text("CREATE TABLE kept (n INTEGER)"))
        begun.set()
        assert go_on.wait(10)

    writing = asyncio.create_task(database.write(work))
    await asyncio.to_thread(begun.wait, 10)
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    go_on.set()
    # The next writer gets the lock when the transaction before has ended.
    assert await database.write(lambda connection: connection.execute(_TABLES).scalar()) == 0
    await database.close()

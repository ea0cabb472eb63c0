"""A process of the service, cut down to its conversations.

``python worker.py URL DATA_DIR open`` says that it is there, waits for a line, opens the store and
prints a session id; ``… write SESSION`` prints the id of each turn once it is acknowledged.
"""

import asyncio
import itertools
import logging
import sys
from pathlib import Path

from conversations.store import open_conversations
from tests.conversations.turns import turn


async def main(url: str, data_dir: str, task: str, session_id: str = "") -> None:
    sys.stdout.write("here\n")
    sys.stdout.flush()
    sys.stdin.readline()
    async with open_conversations(
        url=url or None, data_dir=Path(data_dir), secret=None, retention_days=90
    ) as store:
        if task == "open":
            await store.ping()
            sys.stdout.write(store.new_session() + "\n")
            return
        for number in itertools.count():
            await store.remember(turn(session_id, f"a{number}", f"Answer {number}"))
            sys.stdout.write(f"a{number}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(name)s %(message)s")
    asyncio.run(main(*sys.argv[1:]))

"""The whole service beside a bare relay and the stock chain, on the same work in one run.

A stand-in answers for Cohere (80 ms to embed, 80 ms to rerank, 300 ms to the first token, 15 ms
a token, 120 tokens). Each system runs alone on one core; the stand-in and the readers share the
other. Every question is asked once only, so no cache answers.

The short form asks the systems in turn, a round each, until three rounds were not disturbed by
other work of the machine, and compares the medians.
"""

import argparse
import asyncio
import json
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from itertools import count, islice
from pathlib import Path
from typing import Final

import uvloop

from benchmarks.crowd import Door, Timed
from benchmarks.servers import CROWD_CORE, Server, go_first, pin
from benchmarks.service_rows import ROUNDS, Row, by_round, medians, plot, ratio, table
from benchmarks.systems import ALIKE, DOORS, SYSTEMS, crowd, provider, running_system

READERS: Final = (1, 16, 64, 256, 1000)
COMMITTED: Final = Path(__file__).with_name("committed.json")
"""CPU of an answer as a multiple of the relay's, as it was last measured and accepted."""
WORSE: Final = 1.5
"""The short form fails when an answer costs so many times the committed multiple."""
_SHORT_READERS: Final = 64
_MOST_ROUNDS: Final = 12
_LEAST_ANSWERS: Final = 128
_STOCK_ANSWERS: Final = 16
_IDLE_SOCKETS: Final = 1000
_TOPICS: Final = (
    "When does a simulated robot move to a harder terrain row?",
    "Which of map and odom jumps and which one drifts?",
    "How much time does starting things in parallel save for the example robot?",
    "Why were the spin and backup recoveries taken out for the two-legged robot?",
    "What is an asymmetric actor critic?",
    "Cheap way to adapt a 7B robot model to my own task without training all weights?",
    "How does the distance error of a two-lens camera grow when objects are further away?",
    "Which apt package do I need to get the simulator together with its ROS 2 integration?",
)


def measure(
    systems: Sequence[str], doors: Sequence[Door], readers: Sequence[int]
) -> Iterator[Row | dict[str, float]]:
    """A row for each, and what idle sockets cost our service."""
    with _stage() as (folder, cohere, _):
        for system in systems:
            numbers = count(1000)
            with running_system(system, folder, cohere.url) as server:
                for door in doors if system == "ours" else set(doors) & set(ALIKE):
                    for crowded in readers:
                        least = _STOCK_ANSWERS if system == "stock" else _LEAST_ANSWERS
                        yield uvloop.run(_row(system, door, crowded, server, numbers, least))
                if system == "ours":
                    yield {"idle_sockets_mb": uvloop.run(_idle(server))}


def measure_in_turn(
    systems: Sequence[str], doors: Sequence[Door], readers: int
) -> Iterator[Row | dict[str, float]]:
    """As ``measure``, with rows for each round: who waits for their turn takes no CPU."""
    with _stage() as (folder, cohere, stack):
        numbers = count(1000)
        servers = {
            system: stack.enter_context(running_system(system, folder, cohere.url))
            for system in systems
        }
        undisturbed = 0
        for _ in range(_MOST_ROUNDS):
            asked = [
                uvloop.run(_row(system, door, readers, server, numbers, readers))
                for door in doors
                for system, server in servers.items()
                if system == "ours" or door in ALIKE
            ]
            yield from asked
            undisturbed += not any(row.held_up for row in asked if row.system == "relay")
            if undisturbed == ROUNDS:
                break
        yield {"idle_sockets_mb": uvloop.run(_idle(servers["ours"]))}


@contextmanager
def _stage() -> Iterator[tuple[Path, Server, ExitStack]]:
    """A folder, the provider, and where to enter what shall end before them."""
    pin(CROWD_CORE)
    go_first()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        yield folder, stack.enter_context(provider(folder)), stack


async def _row(
    system: str,
    door: Door,
    readers: int,
    server: Server,
    numbers: Iterator[int],
    least: int,
) -> Row:
    those = crowd(system, door, server.port)
    rounds = max(1, least // readers) if readers > 1 else 8
    await those.ask([_questions(numbers, 1) for _ in range(min(readers, 8))])
    asked = [_questions(numbers, rounds) for _ in range(readers)]
    before = server.cpu_seconds()
    answers = await those.ask(asked)
    cpu = server.cpu_seconds() - before
    return _summary(system, door, readers, answers, cpu, server.memory_mb())


def _questions(numbers: Iterator[int], count: int) -> list[str]:
    return [f"{_TOPICS[n % len(_TOPICS)]} Answer {n}." for n in islice(numbers, count)]


def _summary(
    system: str, door: Door, readers: int, answers: Sequence[Timed], cpu: float, memory: float
) -> Row:
    good = [a for a in answers if not a.failed]
    reasons = Counter(_reason(a.failed) for a in answers if a.failed)
    if reasons:
        sys.stderr.write(f"{system} {door} {readers}: {dict(reasons)}\n")
    firsts, totals = ([getattr(a, name) * 1000 for a in good] for name in ("first", "total"))
    return Row(
        system, door, readers, len(answers), len(answers) - len(good),
        _part(firsts, 0.5), _part(firsts, 0.95), _part(totals, 0.5), _part(totals, 0.95),
        cpu * 1000 / len(answers), memory,
    )  # fmt: skip


def _reason(failed: str) -> str:
    """What the end of a stream says about its failure."""
    found = re.search(r'"(?:status|code)":"([a-z_]+)"', failed)
    return found.group(1) if found else failed[:60]


def _part(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


async def _idle(server: Server) -> float:
    those = crowd("ours", "ws", server.port)
    before = server.memory_mb()
    transports = await those.idle(_IDLE_SOCKETS)
    await asyncio.sleep(1)  # until the last ones were greeted
    grown = server.memory_mb() - before
    for transport in transports:
        transport.close()
    return grown


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the table; the short form compares with the committed ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--systems", nargs="+", default=list(SYSTEMS), choices=SYSTEMS)
    parser.add_argument("--doors", nargs="+", default=list(ALIKE), choices=DOORS)
    parser.add_argument("--readers", nargs="+", type=int, default=list(READERS))
    parser.add_argument("--short", action="store_true", help="64 readers, ours and the relay")
    parser.add_argument("--json", type=Path, help="where to write the rows")
    parser.add_argument("--plot", type=Path, help="where to draw them")
    given = parser.parse_args(arguments)
    if given.short:
        measured = list(measure_in_turn(("relay", "ours"), given.doors, _SHORT_READERS))
    else:
        measured = list(measure(given.systems, given.doors, given.readers))
    rows = [row for row in measured if isinstance(row, Row)]
    others = [row for row in measured if not isinstance(row, Row)]
    every = rows
    if given.short:
        rows = medians(rows)
        sys.stdout.write(f"{by_round(every)}\n\n")
    sys.stdout.write(table(rows) + f"\n\n{json.dumps(others)}\n")
    if given.json:
        told = {"rows": [asdict(r) for r in rows], "others": others}
        given.json.write_text(json.dumps(told, indent=1) + "\n", "utf-8")
    if given.plot:
        plot(rows, given.plot)
    return _compare(every) if given.short else 0


def _compare(rows: Sequence[Row]) -> int:
    now, committed = ratio(rows), float(json.loads(COMMITTED.read_text("utf-8"))["cpu_ratio"])
    failed = sum(r.errors for r in rows if r.system == "ours")
    sys.stdout.write(f"CPU: {now:.2f} × relay; committed: {committed:.2f}; errors: {failed}\n")
    return int(now > WORSE * committed or failed > 0)


if __name__ == "__main__":
    began = time.time()
    status = main()
    sys.stderr.write(f"{time.time() - began:.0f} s\n")
    sys.exit(status)

"""Readers who ask, cancel, drop and resume at random, a provider that fails, and restarts.

``python -m benchmarks.soak --minutes 15 --readers 200`` ends with status 0 when every question
was answered, degraded or refused with a named code, no turn was lost or doubled, memory stayed
flat and no task or socket was left.
"""

import argparse
import asyncio
import json
import random
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Final, get_args

import aiohttp

from benchmarks.doors import DOORS
from benchmarks.soak_reader import Books, Reader
from benchmarks.soak_service import Replicas, Service, Visited
from benchmarks.soak_visitor import Visitor
from errors import ErrorCode
from standins.cohere import CohereStandIn
from standins.exchange import Fault, Latency

_RESTARTS: Final = (0.2, 0.4)
"""When, as shares of the whole; the last life is long enough to tell whether memory grows."""
_WARM_SHARE: Final = 0.4
"""Of the last life: buffers and caches fill, kept answers are dropped for the first time."""
_FLAT: Final = 1.10
_SHORT_SECONDS: Final = 240.0
"""A shorter last life says nothing about memory: answers are kept for a minute and a half."""
_FAULTS: Final = (
    Fault("", "status", 503), Fault("", "status", 500), Fault("", "status", 429),
    Fault("", "reset"), Fault("", "hang"), Fault("", "garbage"), Fault("", "cut", events=6),
    Fault("", "spoil", events=6),
)  # fmt: skip
_EVENT: Final = re.compile(r'^book_chat_events_total\{event="([^"]+)"\} (\S+)$', re.MULTILINE)
_GAUGES: Final = ("open_sockets", "running_answers", "queued_answers", "tasks")


@dataclass
class FailingCohere(CohereStandIn):
    """Fails a share of its calls, in all the ways there are."""

    share: float = 0.1
    failed: int = 0
    calls: int = 0
    chance: random.Random = field(default_factory=lambda: random.Random(6))

    def note(self, log: list[Any], recorded: Any) -> None:
        """Keeps nothing: there will be many."""

    def fault_for(self, path: str, model: object) -> Fault | None:
        """A fault by chance."""
        self.calls += 1
        if self.chance.random() >= self.share:
            return None
        self.failed += 1
        return self.chance.choice(_FAULTS)


@dataclass
class Report:
    """What the soak found; ``problems`` is empty when all is well."""

    seconds: float
    readers: int
    visitors: int = 0
    doors: dict[str, int] = field(default_factory=dict)
    """Replies to visitors by door."""
    outcomes: dict[str, int] = field(default_factory=dict)
    provider_calls: int = 0
    provider_failures: int = 0
    turns: int = 0
    memory_mb: dict[str, float] = field(default_factory=dict)
    left: dict[str, float] = field(default_factory=dict)
    events: dict[str, float] = field(default_factory=dict)
    """Of the last life: fallbacks and refusals by name."""
    problems: list[str] = field(default_factory=list)


async def soak(
    seconds: float,
    readers: int,
    folder: Path,
    visitors: int = 0,
    visited: Callable[[Path, CohereStandIn], Visited] = Service,
) -> Report:
    """Runs it for about ``seconds``; ``visitors`` ask at all doors, beside the readers."""
    cohere = FailingCohere(share=0.0, latency=Latency(20, 20, 80, 8))
    report = Report(seconds, readers, visitors)
    service = visited(folder, cohere)
    await service.start()
    cohere.share = 0.1
    try:
        await _visit(service, report)
    except aiohttp.ClientError as error:
        report.problems.append(f"the service is gone: {error}; its log: {service.said()[-3000:]}")
    finally:
        cohere.share = 0.0
        status = await service.stop()
    if status != 0:
        report.problems.append(f"the service ended with {status}")
    report.provider_calls, report.provider_failures = cohere.calls, cohere.failed
    log = service.said()
    if "Traceback" in log:
        report.problems.append(f"the log has a traceback: {log[log.index('Traceback') :][:1500]}")
    return report


async def _visit(service: Visited, report: Report) -> None:
    books = Books()
    end = time.monotonic() + report.seconds
    address = service.url.replace("http", "ws", 1) + "/ws/chat"
    crowd = [
        Reader(address, n, books, lambda: time.monotonic() >= end) for n in range(report.readers)
    ]
    await _begin_mcp(service)
    before = await _gauges(service)
    with ThreadPoolExecutor(max(1, report.visitors)) as threads:
        visitors = [
            Visitor(service.url, n, books, threads, lambda: time.monotonic() >= end)
            for n in range(report.visitors)
        ]
        everybody: list[Reader | Visitor] = [*crowd, *visitors]
        tasks = [asyncio.create_task(one.run()) for one in everybody]
        memory = await _live(service, end, books, report)
        await asyncio.gather(*tasks)
    report.doors = dict(books.doors.most_common())
    missing = {str(door) for door in DOORS} - set(report.doors)
    if report.visitors and missing:
        report.problems.append(f"doors that nobody got an answer from: {sorted(missing)}")
    report.outcomes = dict(books.outcomes.most_common())
    report.problems += [f"{n} times: {what}" for what, n in Counter(books.wrong).items()]
    _check_outcomes(report)
    _check_memory(report, memory)
    await _check_turns(service, crowd, report)
    await _check_rest(service, before, report)


async def _live(service: Visited, end: float, books: Books, report: Report) -> list[float]:
    """Restarts the service at its times; memory of its last life, sampled once a second."""
    begun = end - report.seconds
    for share in _RESTARTS:
        await asyncio.sleep(max(0.0, begun + share * report.seconds - time.monotonic()))
        books.life, books.down = books.life + 1, True
        status = await service.restart()
        if status != 0:
            report.problems.append(f"the service ended with {status}")
        books.life += 1  # the old one took questions for a moment longer
        books.down = False
    memory = []
    while time.monotonic() < end:
        memory.append(service.memory_mb())
        await asyncio.sleep(1)
    return memory


def _check_outcomes(report: Report) -> None:
    named = {f"error:{code}" for code in get_args(ErrorCode)} - {"error:internal"}
    # A close with 1012 before the answer began is how a restart refuses.
    # AI SDK's protocol has no codes.
    fine = {"answered", "degraded", "not_in_book", "cancelled", "left", "closed:1012"} | named
    fine |= {"error:unnamed"}
    strange = {k: n for k, n in report.outcomes.items() if k not in fine}
    if strange:
        report.problems.append(f"questions without an answer or a named refusal: {strange}")


def _check_memory(report: Report, memory: list[float]) -> None:
    warm = memory[int(len(memory) * _WARM_SHARE) :]
    if len(warm) < 10:
        return
    tenth = max(3, len(warm) // 6)
    first, last = median(warm[:tenth]), median(warm[-tenth:])
    report.memory_mb = {"warm": round(first, 1), "end": round(last, 1), "peak": round(max(memory))}
    if len(memory) >= _SHORT_SECONDS and last > _FLAT * first:
        report.problems.append(f"memory grew from {first:.0f} to {last:.0f} MB")


async def _check_turns(service: Visited, crowd: list[Reader], report: Report) -> None:
    wrong: Counter[str] = Counter()
    async with aiohttp.ClientSession() as http:
        for reader in crowd:
            if not reader.session_id:
                continue
            async with http.get(f"{service.url}/sessions/{reader.session_id}/turns") as response:
                turns = (await response.json()).get("turns", [])
            ids = [turn["answer"]["answer_id"] for turn in turns]
            report.turns += len(ids)
            wrong["doubled"] += len(ids) - len(set(ids))
            wrong["lost"] += len(reader.kept - set(ids))
            wrong["of others"] += len(set(ids) - reader.started)
    report.problems += [f"{n} turns {what}" for what, n in wrong.items() if n]


async def _check_rest(service: Visited, before: dict[str, float], report: Report) -> None:
    """Answers of readers who left may still be going on for a moment."""
    report.events = dict[str, float]()
    for name, n in _EVENT.findall(await _metrics(service)):
        if ":" in name:
            report.events[name] = report.events.get(name, 0) + float(n)
    for _ in range(60):
        report.left = await _gauges(service)
        if all(report.left[name] <= before[name] for name in _GAUGES):
            return
        await asyncio.sleep(0.5)
    report.problems.append(f"left over: {report.left}, at the start: {before}")


async def _metrics(service: Visited) -> str:
    """Of all processes, one after the other."""
    said = ""
    async with aiohttp.ClientSession() as http:
        for url in service.processes:
            async with http.get(f"{url}/metrics") as response:
                said += await response.text()
    return said


async def _begin_mcp(service: Visited) -> None:
    """The MCP server's two tasks begin with its first request and stay."""
    headers = {"accept": "application/json, text/event-stream"}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    async with aiohttp.ClientSession(headers=headers) as session:
        for url in service.processes:
            async with session.post(f"{url}/mcp", json=body) as answer:
                await answer.read()


async def _gauges(service: Visited) -> dict[str, float]:
    text = await _metrics(service)
    found = {n: re.findall(rf"^book_chat_{n} (\S+)$", text, re.MULTILINE) for n in _GAUGES}
    return {name: sum(map(float, values)) for name, values in found.items()}


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0 when there was no problem."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--readers", type=int, default=200)
    parser.add_argument("--visitors", type=int, default=40, help="who ask at every door")
    parser.add_argument(
        "--replicas", action="store_true", help="two, behind nginx, with PostgreSQL and Redis"
    )
    given = parser.parse_args(arguments)
    visited = Replicas if given.replicas else Service
    with tempfile.TemporaryDirectory(prefix="book-chat-soak-") as folder:
        report = asyncio.run(
            soak(given.minutes * 60, given.readers, Path(folder), given.visitors, visited)
        )
    sys.stdout.write(json.dumps(asdict(report), indent=2) + "\n")
    return 1 if report.problems else 0


if __name__ == "__main__":
    sys.exit(main())

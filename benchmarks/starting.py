"""From ``python -m api`` to the first 200 of readiness, and the memory of an idle service.

Cold is a start without an index: the sample book is read, cut and embedded first. Warm is what a
restart costs. Each start is a process of its own; the first warm one fills the disk's cache and is
not counted.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple

from benchmarks.servers import running
from benchmarks.systems import environment, provider
from standins.server import free_port

_STARTS: Final = 5
_IDLE_SECONDS: Final = 5.0


class Start(NamedTuple):
    """Seconds on the clock, CPU seconds, MB."""

    ready_s: float
    cpu_s: float
    idle_mb: float


def measure(starts: int = _STARTS) -> dict[str, Start]:
    """Cold and warm (median) starts, by models."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        cohere = stack.enter_context(provider(folder)).url
        rows = {}
        for models, url in (("embedded", ""), ("Cohere", cohere)):
            env = environment(folder / models, url, free_port())
            rows[f"{models}, cold"] = _start(folder, env)
            warm = [_start(folder, env) for _ in range(starts + 1)][1:]
            rows[f"{models}, warm"] = Start(*(median(values) for values in zip(*warm, strict=True)))
        return rows


def _start(folder: Path, env: Mapping[str, str]) -> Start:
    began = time.perf_counter()
    with running("api", port=int(env["PORT"]), folder=folder, env=env, core=None) as server:
        server.wait("/health/ready")
        ready, cpu = time.perf_counter() - began, server.cpu_seconds()
        time.sleep(_IDLE_SECONDS)
        return Start(ready, cpu, server.memory_mb())


def table(rows: Mapping[str, Start]) -> str:
    """The rows as a Markdown table."""
    lines = ["| models, start | ready after | CPU until then | idle memory |", "|---|---|---|---|"]
    lines += [
        f"| {name} | {row.ready_s:.1f} s | {row.cpu_s:.1f} s | {row.idle_mb:.0f} MB |"
        for name, row in rows.items()
    ]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--starts", type=int, default=_STARTS, help="warm starts to measure")
    given = parser.parse_args(arguments)
    sys.stdout.write(table(measure(given.starts)) + "\n")


if __name__ == "__main__":
    main()

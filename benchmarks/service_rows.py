"""What ``service`` measured: rows, their medians, the ratio that is committed, table and plot."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from statistics import mean, median
from typing import Final

from benchmarks.provider import EMBED_SECONDS, FIRST_TOKEN_SECONDS, TOKEN_SECONDS, TOKENS
from benchmarks.systems import ALIKE, SYSTEMS

ROUNDS: Final = 3
"""Those that are compared in the short form."""
_HELD_UP_MS: Final = 1040 * (EMBED_SECONDS + FIRST_TOKEN_SECONDS + TOKENS * TOKEN_SECONDS)


@dataclass
class Row:
    """One system at one door with so many readers; times in ms, memory in MB."""

    system: str
    door: str
    readers: int
    answers: int
    errors: int
    first_p50: float
    first_p95: float
    total_p50: float
    total_p95: float
    cpu_ms: float
    memory_mb: float

    @property
    def held_up(self) -> bool:
        """The relay takes hardly longer than the provider, unless the machine does other work."""
        return self.total_p50 > _HELD_UP_MS


def table(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table, CPU also as a multiple of the relay's."""
    relay = {(r.door, r.readers): r for r in rows if r.system == "relay"}
    lines = [
        "| door | readers | system | first token p50 / p95 | whole answer p50 / p95 "
        "| CPU an answer | × relay | memory | errors |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in sorted(rows, key=lambda r: (r.door, r.readers, SYSTEMS.index(r.system))):
        base = relay.get((row.door, row.readers))
        times = f"{row.cpu_ms / base.cpu_ms:.1f}" if base and base.cpu_ms else ""
        lines.append(
            f"| {row.door} | {row.readers} | {row.system} "
            f"| {row.first_p50:.0f} / {row.first_p95:.0f} ms "
            f"| {row.total_p50:.0f} / {row.total_p95:.0f} ms | {row.cpu_ms:.1f} ms | {times} "
            f"| {row.memory_mb:.0f} MB | {row.errors} of {row.answers} |"
        )
    return "\n".join(lines)


def medians(rows: Iterable[Row]) -> list[Row]:
    """One row for all rounds of a system at a door; answers and errors are added up."""
    rounds: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        rounds.setdefault((row.system, row.door), []).append(row)
    return [_middle(of_one) for of_one in rounds.values()]


def _middle(rounds: Sequence[Row]) -> Row:
    measured = [f.name for f in fields(Row) if f.type is float]
    return replace(
        rounds[0],
        answers=sum(row.answers for row in rounds),
        errors=sum(row.errors for row in rounds),
        **{name: median(getattr(row, name) for row in rounds) for name in measured},
    )


def ratio(rows: Sequence[Row]) -> float:
    """CPU of an answer of ours as a multiple of the relay's, mean of the doors.

    Of each door the three rounds count in which the relay was held up least: one that waits for
    other work of the machine reads in larger pieces, and takes half the CPU.
    """
    at = {
        (system, door): [r for r in rows if (r.system, r.door) == (system, door)]
        for system in ("ours", "relay")
        for door in ALIKE
    }
    doors = [
        sorted(zip(at["relay", door], at["ours", door], strict=True), key=_held_up)
        for door in ALIKE
        if at["relay", door]
    ]
    return mean(
        median(ours.cpu_ms / relay.cpu_ms for relay, ours in rounds[:ROUNDS]) for rounds in doors
    )


def _held_up(pair: tuple[Row, Row]) -> float:
    return pair[0].total_p50


def plot(rows: Sequence[Row], path: Path) -> None:
    """CPU, first token and whole answer by the number of readers, at the WebSocket."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 3, figsize=(12, 3.6))
    drawn = (
        ("cpu_ms", "CPU per answer, ms"),
        ("first_p50", "first token, median ms"),
        ("total_p50", "whole answer, median ms"),
    )
    for axis, (name, title) in zip(axes, drawn, strict=True):
        for system in SYSTEMS:
            points = sorted(
                (r.readers, getattr(r, name)) for r in rows if (r.system, r.door) == (system, "ws")
            )
            if points:
                axis.plot(*zip(*points, strict=True), marker="o", label=system)
        axis.set(title=title, xscale="log", yscale="log", xlabel="readers at once")
        axis.grid(visible=True, alpha=0.3)
    axes[0].legend()
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def by_round(rows: Sequence[Row]) -> str:
    """How steady the rounds are: CPU ms an answer of each."""
    told: dict[str, list[str]] = {}
    for row in rows:
        told.setdefault(f"{row.door} {row.system}", []).append(f"{row.cpu_ms:.1f}")
    return "\n".join(f"{name}: {' '.join(values)} ms" for name, values in told.items())

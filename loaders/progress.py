"""How far an index run is, for people: a bar in a terminal, else a line every few seconds."""

import os
import sys
import time
from collections.abc import Callable
from typing import Final, Never, Self, TextIO

from tqdm import tqdm

from loaders.index.job import progress_line
from loaders.index.options import IndexOptions, IndexSummary

_SAY_SECONDS: Final = 5.0
_CHUNKS_A_SECOND: Final = 15
"""Of the embedded model on one core, see ``docs/performance.md``."""
_CALL_SECONDS: Final = 1


class ProgressDisplay:
    """Called with the summary of a run while it goes on.

    Args:
        max_batch: texts in one embedding call.
        stream: where to write; bars are drawn only on a terminal.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        max_batch: int,
        stream: TextIO = sys.stderr,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._max_batch = max_batch
        self._stream = stream
        self._clock = clock
        self._phase = ""
        self._began = self._said = clock()
        self._bar: tqdm[Never] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def __call__(self, so_far: IndexSummary) -> None:
        """Shows what is done."""
        words = so_far.phase == "words"
        done, total = (
            (so_far.documents, so_far.pages) if words else (so_far.embedded, so_far.to_embed)
        )
        if so_far.phase != self._phase:
            self._begin(so_far)
        if self._bar is not None:
            self._bar.update(done - self._bar.n)
        elif self._clock() - self._said >= _SAY_SECONDS:
            self._said = self._clock()
            self._say(progress_line(so_far.phase, done, total, self._said - self._began))

    def _begin(self, so_far: IndexSummary) -> None:
        self._close()
        self._phase = so_far.phase
        self._began = self._said = self._clock()
        words = self._phase == "words"
        if not words:
            if not so_far.to_embed or so_far.dry_run:
                return
            chunks = f"{so_far.to_embed} of {so_far.chunks} chunks to embed"
            self._say(
                f"{so_far.documents} pages are found by their words; {chunks}: "
                + estimate(so_far.to_embed, self._max_batch, billable=so_far.billable)
            )
        if self._stream.isatty():
            self._bar = tqdm(
                total=so_far.pages if words else so_far.to_embed,
                unit="page" if words else "chunk",
                desc="reading" if words else "embedding",
                file=self._stream,
            )

    def _say(self, line: str) -> None:
        self._stream.write(line + "\n")
        self._stream.flush()

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def estimate(chunks: int, max_batch: int, *, billable: bool, cores: int | None = None) -> str:
    """What embedding will take, before it begins: calls if they cost money, and the time.

    Args:
        max_batch: texts in one call.
        cores: that the embedded model may use; by default this machine's.
    """
    if billable:
        calls = -(-chunks // max_batch)
        rounds = -(-calls // IndexOptions.concurrency)
        made = f"{calls} call{'' if calls == 1 else 's'}"
        return f"{made}, {_about(rounds * _CALL_SECONDS)} if a call takes {_CALL_SECONDS} s"
    rate = _CHUNKS_A_SECOND * (cores or os.cpu_count() or 1)
    return f"on this machine, free, {_about(chunks / rate)} at {rate} chunks a second"


def _about(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"about {minutes} min" if minutes else "less than a minute"

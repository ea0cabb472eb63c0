"""How to index, and what came of it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from loaders.document import Problem


class Calibrate(Protocol):
    """Measures abstention thresholds of a filled collection that is not served yet."""

    def __call__(self, collection: str, headings: Sequence[str], /) -> Awaitable[dict[str, float]]:
        """Thresholds by name, from questions made of ``headings``."""
        ...


@dataclass(frozen=True)
class IndexOptions:
    """How to index.

    Args:
        dry_run: only compare; nothing is embedded or written.
        rebuild: fill a new collection and switch to it, even if the fingerprint is the same.
        prune: remove chunks that the book no longer has.
        chunk_tokens: most tokens of one chunk, heading path included; the embedding model's
            own limit lowers it.
        cache: folder that keeps what was read of the book's files; None: each is read every time.
        concurrency: embedding requests under way at once.
        calibrate: run when all vectors are in; its result is stored with the collection.
        sleep: waits that a provider asked for.
    """

    dry_run: bool = False
    rebuild: bool = False
    prune: bool = True
    chunk_tokens: int = 400
    cache: Path | None = None
    concurrency: int = 4
    calibrate: Calibrate | None = None
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


@dataclass
class IndexSummary:
    """What an index run did, or with ``dry_run`` would do; also its progress while it runs."""

    pages: int | None = None
    """Pages to expect, if known."""
    documents: int = 0
    sections: int = 0
    chunks: int = 0
    added: int = 0
    updated: int = 0
    """Chunks whose text stayed and whose place, title or URL changed: no embedding."""
    unchanged: int = 0
    removed: int = 0
    phase: Literal["words", "vectors"] = "words"
    """What is being done: first all of the book is made to be found by its words."""
    to_embed: int = 0
    """Chunks that had no vectors when that phase began, what a crash left included."""
    embedded: int = 0
    embedding_calls: int = 0
    billable: bool = False
    collection: str = ""
    book_version: str = ""
    switched: bool = False
    dry_run: bool = False
    seconds: float = 0.0
    problems: list[Problem] = field(default_factory=list)


Progress = Callable[[IndexSummary], None]

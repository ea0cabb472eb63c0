"""``python -m benchmarks [NAME]``: one benchmark, or the short ones one after the other."""

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Final

BENCHMARKS: Final = {
    "service": "the whole service beside a bare relay and the stock chain, 1 to 1000 readers",
    "starting": "cold and warm start, idle memory",
    "streaming": "CPU per answer: Cohere's stream read by us, by the stock class, by a bare relay",
    "loading": "sections a second through loader and splitter, memory by the book's size",
    "indexing": "a book of 3,000 pages without its model: index, update, search, memory",
    "retrieval": "hybrid search on the embedded engine by the number of chunks",
    "soak": "readers who ask, cancel, drop and resume while providers fail (15 minutes)",
}
_LONG: Final = {"soak", "indexing"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: that of the benchmark; 2 for an unknown name."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given and given[0] not in BENCHMARKS:
        listing = "\n".join(f"  {name:<10} {what}" for name, what in BENCHMARKS.items())
        print(f"usage: python -m benchmarks [NAME] [options]\n{listing}", file=sys.stderr)
        return 0 if given[0] in ("-h", "--help") else 2
    names = given[:1] or [name for name in BENCHMARKS if name not in _LONG]
    failed = 0
    for name in names:
        failed |= int(import_module(f"benchmarks.{name}").main(given[1:]) or 0)
    return failed


if __name__ == "__main__":
    sys.exit(main())

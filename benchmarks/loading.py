"""Sections a second through loader and splitter on one core, and memory by the book's size.

The book is written for the occasion: pages of prose, lists, tables, code and components, with
150 words to a section. Each measurement runs in a process of its own; time is CPU time.
"""

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

SECTIONS_PER_PAGE: Final = 12
BAR: Final = 1000
"""Sections a second that a core has to do."""
_BUDGET: Final = 248
_SIZES: Final = (1_200, 12_000)
_WORDS: Final = (
    "robot joint sensor controller torque humanoid balance walking planner policy reward camera"
    " depth map node topic service action message the a of and to in is that for with on as by"
).split()

Row = dict[str, Any]


def measure(sizes: Sequence[int] = _SIZES) -> list[Row]:
    """One row per book size: sections, chunks, CPU seconds, sections a second, peak MB."""
    return [_in_fresh_process(size) for size in sizes]


def table(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table."""
    lines = [
        "| sections | chunks | CPU s | sections a second and core | peak memory |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {row['sections']:,} | {row['chunks']:,} | {row['cpu_s']:.2f} "
        f"| {row['sections_per_s']:,.0f} | {row['peak_mb']:.0f} MB |"
        for row in rows
    ]
    return "\n".join(lines)


def write_book(folder: Path, sections: int) -> None:
    """Pages that look like a textbook's, the same every time."""
    chance = random.Random(7)
    for page in range(-(-sections // SECTIONS_PER_PAGE)):
        path = folder / f"module-{page // 20:03}" / f"{page % 20:02}-page.mdx"
        path.parent.mkdir(parents=True, exist_ok=True)
        parts = [_section(chance, page, n) for n in range(SECTIONS_PER_PAGE)]
        head = f"---\ntitle: Page {page}\n---\nimport Tabs from '@theme/Tabs';\n\n# Page {page}\n\n"
        path.write_text(head + "\n\n".join(parts) + "\n", encoding="utf-8")


def _section(chance: random.Random, page: int, number: int) -> str:
    def prose(words: int) -> str:
        text = " ".join(chance.choices(_WORDS, k=words))
        return f"{text.capitalize()} {page}.{number}."

    title = f"## {' '.join(chance.choices(_WORDS, k=4))} `{number}`"
    body = [
        f"{prose(60)} See [the next page](./other.mdx) and **{prose(3)}**",
        "\n".join(f"- {prose(12)}" for _ in range(3)),
        f'```python title="n{number}.py"\n# {prose(4)}\nimport rclpy\n\n\ndef f{number}():\n    '
        f"return {number}\n```",
        f":::tip[{prose(2)}]\n\n{prose(20)}\n\n:::",
        f"| part | role |\n|---|---|\n| a | {prose(6)} |\n| b | {prose(6)} |",
    ]
    chance.shuffle(body)
    return "\n\n".join([title, prose(40), *body[: 2 + number % 3]])


def _in_fresh_process(sections: int) -> Row:
    command = [sys.executable, "-m", "benchmarks.loading", "--size", str(sections)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    row: Row = json.loads(done.stdout)
    return row


def _measure_here(size: int) -> Row:
    """Loads and splits a book of ``size`` sections in this process."""
    from loaders.sources import load
    from loaders.splitter.splitter import Splitter
    from providers.embedded.minilm import MiniLMEmbeddings

    count = MiniLMEmbeddings().count_tokens
    count("loads the tokenizer")
    with tempfile.TemporaryDirectory() as folder:
        write_book(Path(folder), size)
        sections = chunks = 0
        book = load(folder)

        def counted() -> Any:
            nonlocal sections
            for section in book:
                sections += 1
                yield section

        started = time.process_time()
        for _ in Splitter(count, _BUDGET, "benchmark").split(counted()):
            chunks += 1
        seconds = time.process_time() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "sections": sections,
        "chunks": chunks,
        "cpu_s": seconds,
        "sections_per_s": sections / seconds,
        "peak_mb": peak,
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the table; exit status 1 if the bar is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.loading", description=__doc__)
    parser.add_argument("--size", type=int, help="measure one book in this process, as JSON")
    options = parser.parse_args(arguments)
    if options.size:
        print(json.dumps(_measure_here(options.size)))
        return 0
    rows = measure()
    print(table(rows))
    return 0 if min(row["sections_per_s"] for row in rows) >= BAR else 1


if __name__ == "__main__":
    sys.exit(main())

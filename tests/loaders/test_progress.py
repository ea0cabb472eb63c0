"""What an author sees while a book is indexed."""

import io
from dataclasses import replace

import pytest

from loaders.index.options import IndexSummary
from loaders.progress import ProgressDisplay, estimate


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


def run(stream: io.StringIO, *, billable: bool = False) -> list[str]:
    """Shows a run of four pages and 200 chunks; each look comes a second after the last."""
    seconds = iter(range(10_000))
    with ProgressDisplay(96, stream, lambda: next(seconds)) as show:
        for page in range(5):
            show(IndexSummary(pages=4, documents=page))
        for done in range(0, 201, 20):
            so_far = IndexSummary(phase="vectors", documents=4, chunks=250, billable=billable)
            show(replace(so_far, to_embed=200, embedded=done))
    return stream.getvalue().splitlines()


def test_a_log_gets_a_line_every_few_seconds_that_tells_what_is_left() -> None:
    lines = run(io.StringIO())
    moving = [line for line in lines if "of 200 chunks embedded" in line]
    assert len(moving) >= 2
    assert len(set(moving)) == len(moving)
    assert all("s left" in line for line in moving if "200 of" not in line)


def test_the_calls_are_told_before_they_are_made() -> None:
    billed, free = run(io.StringIO(), billable=True), run(io.StringIO())
    told = "4 pages are found by their words; 200 of 250 chunks to embed: "
    assert f"{told}3 calls, less than a minute if a call takes 1 s" in billed
    assert any(line.startswith(f"{told}on this machine, free, less than") for line in free)
    first = next(i for i, line in enumerate(billed) if "chunks embedded" in line)
    assert next(i for i, line in enumerate(billed) if line.startswith(told)) < first


@pytest.mark.parametrize(
    ("chunks", "billable", "said"),
    [
        (42_627, False, "on this machine, free, about 24 min at 30 chunks a second"),
        (900, False, "on this machine, free, less than a minute at 30 chunks a second"),
        (1_000_000, True, "10417 calls, about 43 min if a call takes 1 s"),
        (1, True, "1 call, less than a minute if a call takes 1 s"),
    ],
)
def test_time_and_calls_are_estimated_by_the_number_of_chunks(
    chunks: int, billable: bool, said: str
) -> None:
    assert estimate(chunks, 96, billable=billable, cores=2) == said


def test_a_terminal_gets_a_bar_for_each_part_of_the_work_that_ends_with_it() -> None:
    shown = run(Terminal())
    text = "".join(shown)
    assert "4/4" in text
    assert "200/200" in text


def test_nothing_to_embed_says_nothing() -> None:
    stream = io.StringIO()
    with ProgressDisplay(96, stream) as show:
        show(IndexSummary(pages=1, documents=1))
        show(IndexSummary(phase="vectors"))
    assert stream.getvalue() == ""

"""What an author sees while a book is indexed."""

import io

from loaders.index.options import IndexSummary
from loaders.progress import ProgressDisplay


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
            show(IndexSummary(phase="vectors", to_embed=200, embedded=done, billable=billable))
    return stream.getvalue().splitlines()


def test_a_log_gets_a_line_every_few_seconds_that_tells_what_is_left() -> None:
    lines = run(io.StringIO())
    moving = [line for line in lines if "of 200 chunks embedded" in line]
    assert len(moving) >= 2
    assert len(set(moving)) == len(moving)
    assert all("s left" in line for line in moving if "200 of" not in line)


def test_the_calls_are_told_before_they_are_made() -> None:
    billed, free = run(io.StringIO(), billable=True), run(io.StringIO())
    assert any(line.endswith("200 chunks to embed: 3 calls") for line in billed)
    assert any("200 chunks to embed: on this machine" in line for line in free)


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

"""kill -9 at any point: readers keep a whole book, and the next run finishes the job."""

import asyncio
import multiprocessing
import shutil
import signal
from collections import Counter
from pathlib import Path

import pytest

from tests.loaders.crashing import contents, run, run_until

pytestmark = pytest.mark.slow
POINTS = 10


# Its server imports once what every process needs, which is most of what one costs.
_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(["tests.loaders.crashing"])


async def killed(book: Path, data: Path, log: Path, step: int) -> None:
    process = _PROCESSES.Process(target=run_until, args=(book, data, log, step))
    process.start()
    await asyncio.to_thread(process.join)
    assert process.exitcode == -signal.SIGKILL


def write(book: Path, changed: bool) -> Path:
    book.mkdir(exist_ok=True)
    for n in range(12):
        part = "rewritten" if changed and n % 2 else "as it was"
        text = f"# Page {n}\n\nText {n}.\n\n## Part\n\n{n} {part}.\n"
        (book / f"page-{n:02}.md").write_text(text)
    if changed:
        (book / "page-00.md").unlink()
        (book / "page-02.md").rename(book / "page-02b.md")
    return book


async def test_a_first_run_survives_kill_at_ten_points(tmp_path: Path) -> None:
    book = write(tmp_path / "book", changed=False)
    _, steps = await run(book, tmp_path / "whole", tmp_path / "log")
    _, wanted, version = await contents(tmp_path / "whole")
    assert len(wanted) == 24

    for point in range(POINTS):
        data, log = tmp_path / f"data-{point}", tmp_path / f"log-{point}"
        await killed(book, data, log, 1 + point * (steps - 1) // (POINTS - 1))
        served, before, _ = await contents(data)
        assert not served or before == wanted, "readers see all of the book or none"

        summary, _ = await run(book, data, log)

        assert (await contents(data))[1:] == (wanted, version)
        # What was being embedded when the process died, at most two batches, is lost.
        repeated = sum(Counter(log.read_text().splitlines()).values()) - len(wanted)
        assert repeated <= 2 * 4
        assert summary.added + summary.unchanged == len(wanted)


async def test_an_update_survives_kill_at_any_point(tmp_path: Path) -> None:
    book = write(tmp_path / "book", changed=False)
    await run(book, tmp_path / "old", tmp_path / "log")
    write(book, changed=True)
    shutil.copytree(tmp_path / "old", tmp_path / "whole")
    summary, steps = await run(book, tmp_path / "whole", tmp_path / "log")
    assert (summary.added, summary.updated, summary.removed) == (6, 2, 8)
    _, wanted, version = await contents(tmp_path / "whole")

    for point in range(4):
        data, log = tmp_path / f"data-{point}", tmp_path / f"log-{point}"
        shutil.copytree(tmp_path / "old", data)
        await killed(book, data, log, 1 + point * (steps - 1) // 3)
        _, before, _ = await contents(data)
        assert len(before) >= 16, "nothing that still belongs to the book is ever missing"

        again, _ = await run(book, data, log)

        assert (await contents(data))[1:] == (wanted, version)
        assert again.added == len(set(wanted) - set(before))


async def test_nothing_that_was_stored_is_embedded_again(tmp_path: Path) -> None:
    book = write(tmp_path / "book", changed=False)
    _, steps = await run(book, tmp_path / "whole", tmp_path / "log")
    data, log = tmp_path / "data", tmp_path / "crash-log"
    await killed(book, data, log, steps - 1)  # all is written, but not that it is
    lines = log.read_text()
    assert len(lines.splitlines()) == 24

    summary, _ = await run(book, data, log)

    assert log.read_text() == lines
    assert (summary.added, summary.embedding_calls, summary.switched) == (0, 0, False)

"""``python -m api`` on a disk that is full: it goes on, and says why."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from standins.server import free_port
from tests.processes import environment, service, write_book
from tests.small_disk import fill_up, small_disk

KEY = "the-key-of-an-operator-of-a-book"
ADMIN = {"Authorization": f"Bearer {KEY}"}
ASK = {"input": {"question": "How fast does the balance controller run?"}}


def told(tmp_path: Path, disk: Path) -> dict[str, str]:
    """The settings of these services."""
    book = write_book(tmp_path / "book")
    return environment(tmp_path, DATA_DIR=str(disk), BOOK_DIR=str(book), ADMIN_API_KEY=KEY)


def until(look: Callable[[], Any]) -> Any:
    """What ``look`` sees, as soon as it is true."""
    end = time.monotonic() + 60
    while not (seen := look()):
        assert time.monotonic() < end
        time.sleep(0.05)
    return seen


def ended(http: httpx.Client) -> dict[str, Any]:
    """The state of the index job once it has ended."""

    def state() -> Any:
        found = http.get("/admin/index", headers=ADMIN).json()
        return found if found["state"] in ("done", "failed") else None

    found: dict[str, Any] = until(state)
    return found


def test_a_running_service_answers_on_says_why_it_does_not_index_and_recovers(
    tmp_path: Path,
) -> None:
    with (
        small_disk(tmp_path / "disk", 300) as disk,
        service(tmp_path, told(tmp_path, disk), free_port()) as http,
    ):
        ballast = fill_up(disk)
        assert http.post("/admin/index?rebuild=true", headers=ADMIN).status_code == 202
        job = ended(http)
        assert (job["state"], job["code"]) == ("failed", "retrieval_unavailable")
        assert job["detail"].startswith("DATA_DIR: its disk is full")
        answer = http.post("/chat/invoke", json=ASK).json()["output"]
        assert "1000 Hz" in answer["answer"]
        assert part(http, "book")["indexing"] == job["detail"]
        assert until(lambda: part(http, "database")["status"] == "unavailable")
        assert http.get("/health/ready").status_code == 200

        ballast.unlink()
        http.post("/admin/index?rebuild=true", headers=ADMIN)
        assert ended(http)["state"] == "done"
        assert until(lambda: http.get("/health").json()["status"] == "ok")


def part(http: httpx.Client, name: str) -> dict[str, Any]:
    """What the service says of one of its parts."""
    found: dict[str, Any] = http.get("/health").json()["parts"][name]
    return found


@contextmanager
def started(tmp_path: Path, env: dict[str, str]) -> Iterator[httpx.Client]:
    """The service as soon as its port answers."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "api"],
        cwd=tmp_path,
        env={**env, "PORT": str(port)},
        stderr=subprocess.DEVNULL,
    )

    def alive(http: httpx.Client) -> bool:
        assert process.poll() is None
        try:
            return http.get("/health/live").status_code == 200
        except httpx.TransportError:
            return False

    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as http:
            until(lambda: alive(http))
            yield http
    finally:
        process.terminate()
        assert process.wait(timeout=40) in (0, -15)


def test_a_service_that_starts_on_a_full_disk_says_so_to_everybody(tmp_path: Path) -> None:
    with (
        small_disk(tmp_path / "disk", 3) as disk,
        started(tmp_path, told(tmp_path, disk)) as http,
    ):
        detail = ended(http)["detail"]
        assert detail.startswith("DATA_DIR: its disk is full")
        ready = http.get("/health/ready")
        assert ready.status_code == 503
        assert detail in ready.json()["parts"]["book"]["detail"]
        refused = http.post("/chat/invoke", json=ASK)
        assert refused.status_code == 503
        assert refused.json()["code"] == "retrieval_unavailable"

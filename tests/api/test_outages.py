"""The parts around the answer go away and come back: Qdrant, PostgreSQL."""

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from standins.cohere import CohereStandIn
from standins.qdrant import QdrantStandIn
from standins.server import free_port, serve
from tests.api.wired import Wired, over_cohere, wired
from tests.conversations.postgres import INSTALL, Cluster, binaries


def eventually(holds: Callable[[], bool], seconds: float = 20) -> bool:
    """Looks again every 50 ms; how long it takes is not what is tested."""
    pause = threading.Event()
    return any(holds() or pause.wait(0.05) for _ in range(int(seconds / 0.05)))


def test_a_qdrant_that_restarts_is_503_meanwhile_and_then_answers_by_itself(tmp_path: Path) -> None:
    qdrant, port = QdrantStandIn(), free_port()
    with ExitStack() as stack:
        url = f"http://127.0.0.1:{port}"
        with serve(qdrant, port=port):
            service = stack.enter_context(over_cohere(tmp_path, CohereStandIn(), qdrant_url=url))
            assert service.ask()["status"] == "answered"
            assert service.parts()[0] == 200
        response = service.post(language="en-2")
        assert (response.status_code, response.json()["code"]) == (503, "retrieval_unavailable")
        assert int(response.headers["retry-after"]) >= 1
        assert str(port) not in response.text
        search = service.http.get("/search", params={"q": "balance"})
        assert search.json()["code"] == "retrieval_unavailable"
        status, parts = service.parts()
        assert (status, parts["book"]["code"]) == (503, "retrieval_unavailable")
        assert service.http.get("/health/live").status_code == 200
        with serve(qdrant, port=port):
            assert eventually(lambda: service.parts()[0] == 200)
            assert service.ask(language="en-2")["status"] == "answered"
        stack.close()


def test_a_qdrant_that_is_away_at_the_start_is_found_and_filled_later(tmp_path: Path) -> None:
    qdrant, port = QdrantStandIn(), free_port()
    url = f"http://127.0.0.1:{port}"
    with over_cohere(tmp_path, CohereStandIn(), indexed=False, qdrant_url=url) as service:
        assert service.parts()[0] == 503
        with serve(qdrant, port=port):
            assert eventually(lambda: service.parts()[0] == 200, 40)
            assert service.ask()["status"] == "answered"


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    found = binaries()
    if found is None:
        pytest.skip(INSTALL)
    cluster = Cluster(found)
    cluster.start()
    yield cluster
    cluster.remove()


def _database(service: Wired) -> str:
    state: str = service.parts()[1]["database"]["status"]
    return state


def test_answers_go_on_without_the_database_and_readiness_says_so(
    tmp_path: Path, cluster: Cluster
) -> None:
    with over_cohere(tmp_path, CohereStandIn(), database_url=cluster.new_schema()) as service:
        session_id = service.http.post("/sessions").json()["session_id"]
        service.ask(session_id=session_id)
        cluster.stop(crash=True)
        answer = service.ask(language="en-2", session_id=session_id)
        assert answer["status"] == "answered"
        status, parts = service.parts()
        assert (status, parts["database"]["status"]) == (200, "unavailable")
        turns = service.http.get(f"/sessions/{session_id}/turns")
        assert turns.status_code == 503
        assert "postgres" not in turns.text.lower()
        assert service.metric('book_chat_events_total{event="degraded:memory"}') >= 1
        cluster.start()
        assert eventually(lambda: _database(service) == "ok")
        service.ask(language="en-3", session_id=session_id)
        assert len(service.http.get(f"/sessions/{session_id}/turns").json()["turns"]) == 2


def test_a_start_without_the_database_answers_too(tmp_path: Path) -> None:
    url = f"postgresql://book@127.0.0.1:{free_port()}/none"
    with wired(tmp_path, database_url=url) as service:
        assert service.ask()["status"] == "answered"
        assert _database(service) == "unavailable"


def test_an_index_that_somebody_removed_is_made_again_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.wiring._WATCH_SECONDS", 0.1)
    with wired(tmp_path) as service:
        assert service.ask()["sources"]
        for entry in (tmp_path / "data" / "qdrant").iterdir():
            if entry.is_dir():
                shutil.rmtree(entry)
        refused = service.post(language="en-2")
        assert (refused.status_code, refused.json()["code"]) == (503, "retrieval_unavailable")
        assert eventually(lambda: service.post(language="en-3").status_code == 200)
        assert eventually(lambda: service.parts()[0] == 200)

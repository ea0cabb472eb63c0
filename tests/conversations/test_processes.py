"""Several processes over one database, and processes that die."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from conversations.migrate import NEWEST
from errors import FixQuestion
from tests.conversations.conftest import Place
from tests.conversations.postgres import Cluster
from tests.conversations.turns import turn

ROOT = Path(__file__).resolve().parents[2]
WORKER = (sys.executable, "-m", "tests.conversations.worker")


def worker(place: Place, *task: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*WORKER, place.url or "", str(place.data_dir), *task],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PYTHONWARNINGS": "error"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def await_here(process: subprocess.Popen[str]) -> None:
    assert process.stdout
    assert process.stdout.readline() == "here\n"


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin
    process.stdin.write("go\n")
    process.stdin.flush()


async def test_processes_that_start_at_once_migrate_once_and_sign_alike(place: Place) -> None:
    started = [worker(place, "open") for _ in range(3)]
    for process in started:
        await_here(process)
    for process in started:
        go(process)
    ended = [(*process.communicate(timeout=60), process.returncode) for process in started]
    logs = "".join(log for _, log, _ in ended)
    assert [code for *_, code in ended] == [0] * 3, logs
    assert logs.count("Running upgrade") == int(NEWEST)  # each step once
    assert "failed" not in logs
    async with place.open() as store:
        for session_id, *_ in ended:
            assert await store.turns(session_id.strip()) == []


async def test_a_process_that_is_killed_loses_no_acknowledged_turn(place: Place) -> None:
    async with place.open() as store:
        session_id = store.new_session()
    process = worker(place, "write", session_id)
    await_here(process)
    go(process)
    assert process.stdout
    acknowledged = [process.stdout.readline().strip() for _ in range(40)]
    process.kill()
    acknowledged += process.stdout.read().split()
    process.communicate(timeout=60)
    async with place.open() as store:
        stored = [t["answer"]["answer_id"] for t in await store.turns(session_id)]
        assert (
            stored[: len(acknowledged)]
            == acknowledged
            == [f"a{n}" for n in range(len(acknowledged))]
        )
        assert len(stored) <= len(acknowledged) + 1
        await store.remember(turn(session_id, "after"))
        assert len(await store.turns(session_id)) == len(stored) + 1


async def test_a_database_server_that_crashes_loses_no_acknowledged_turn(
    cluster: Cluster, tmp_path: Path
) -> None:
    place = Place(cluster.new_schema(), tmp_path)
    async with place.open() as store:
        session_id = store.new_session()
        for number in range(10):
            await store.remember(turn(session_id, f"a{number}"))
        cluster.stop(crash=True)
        cluster.start()
        assert len(await store.turns(session_id)) == 10


async def test_replicas_share_sessions_and_deletions(place: Place) -> None:
    async with place.open() as one, place.open() as other:
        session_id = one.new_session()
        await one.remember(turn(session_id, "a1"))
        assert len(await other.history(session_id)) == 1
        await other.forget(session_id)
        with pytest.raises(FixQuestion):
            await one.history(session_id)


async def test_the_signing_key_is_for_its_owner_alone(tmp_path: Path) -> None:
    async with Place(None, tmp_path).open():
        key = tmp_path / "session-secret"
        assert key.stat().st_mode & 0o777 == 0o600
        assert len(key.read_bytes()) >= 32


async def test_a_given_secret_signs_for_every_process(place: Place, tmp_path: Path) -> None:
    async with place.open(secret="given") as one:
        session_id = one.new_session()
    elsewhere = Place(None, tmp_path / "elsewhere")
    async with elsewhere.open(secret="given") as other:
        assert await other.history(session_id) == []
    async with elsewhere.open(secret="another") as stranger:
        with pytest.raises(FixQuestion):
            await stranger.history(session_id)

"""The embedded engine: its folder, its neighbours, crashes, and the vector index."""

import asyncio
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from qdrant_client import models
from qdrant_client.http.exceptions import UnexpectedResponse

from errors import FixConfiguration
from providers.qdrant.engine.async_client import AsyncEdgeClient, _why
from providers.qdrant.engine.client import EdgeClient
from tests.providers.books import WordEmbeddings, chunk, fill, stores_at

ROOT = Path(__file__).parents[2]
BOOK = [chunk(f"robot number {i}", index=i) for i in range(5)]

_WIDE = 3000
"""Dimensions with which few points are enough for an index."""


def _point(number: int, text: str = "x") -> models.PointStruct:
    angle = [float(number % 7 + 1), float(number % 11), 1.0, 0.0]
    return models.PointStruct(id=number, vector={"dense": angle}, payload={"text": text})


def _client(folder: Path) -> EdgeClient:
    client = EdgeClient(folder)
    if not client.collection_exists("c"):
        client.create_collection(
            "c",
            vectors_config={"dense": models.VectorParams(size=4, distance=models.Distance.COSINE)},
        )
    return client


Open = Callable[[Path], EdgeClient]


@pytest.fixture
def open_client() -> Iterator[Open]:
    """Opens folders; whatever is still open goes with the test."""
    opened: list[EdgeClient] = []

    def opening(folder: Path) -> EdgeClient:
        opened.append(_client(folder))
        return opened[-1]

    yield opening
    for client in opened:
        client.close()


def _folders(folder: Path) -> list[str]:
    return [entry.name for entry in folder.iterdir() if entry.is_dir()]


def _python(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


async def test_a_book_is_there_again_after_closing(tmp_path: Path) -> None:
    async with stores_at(WordEmbeddings(), tmp_path) as (search, index):
        name = await fill(index, BOOK)
        before = await search.asimilarity_search_with_score("robot 3", 5)
    async with stores_at(WordEmbeddings(), tmp_path) as (search, index):
        served = await index.served()
        assert served is not None
        assert served[0] == name
        assert await search.asimilarity_search_with_score("robot 3", 5) == before
        await index.delete(name, [str(BOOK[0].id)])
    async with stores_at(WordEmbeddings(), tmp_path) as (_, index):
        assert len(await index.digests(name)) == 4


async def test_everything_is_under_the_data_folder(tmp_path: Path) -> None:
    async with stores_at(WordEmbeddings(), tmp_path / "a" / "b") as (_, index):
        await fill(index, BOOK)
    assert [entry.name for entry in (tmp_path / "a" / "b").iterdir()] == ["qdrant"]


def test_a_second_process_is_told_what_to_do(open_client: Open, tmp_path: Path) -> None:
    code = """
import sys, pathlib
from errors import FixConfiguration
from providers.qdrant.engine.shards import EdgeShards
try:
    EdgeShards(pathlib.Path(sys.argv[1]))
except FixConfiguration as error:
    print(error.detail)
"""
    client = open_client(tmp_path)
    refused = _python(code, tmp_path)
    assert refused.stdout.startswith(f"another process holds the embedded Qdrant in {tmp_path}")
    for remedy in ("stop it", "POST /admin/index", "QDRANT_URL"):
        assert remedy in refused.stdout
    client.close()
    open_client(tmp_path)


def test_a_write_survives_the_death_of_its_process(open_client: Open, tmp_path: Path) -> None:
    code = """
import os, pathlib, signal, sys
from tests.providers.test_qdrant_edge import _client, _point
client = _client(pathlib.Path(sys.argv[1]))
client.upsert("c", [_point(i) for i in range(100)])
client.delete("c", [7])
client.update_collection_aliases([__import__("qdrant_client").models.CreateAliasOperation(
    create_alias={"collection_name": "c", "alias_name": "served"})])
os.kill(os.getpid(), signal.SIGKILL)
"""
    assert _python(code, tmp_path).returncode == -signal.SIGKILL
    client = open_client(tmp_path)
    assert client.count("served").count == 99
    assert client.retrieve("served", [7]) == []
    assert len(client.query_points("c", [1.0, 0.0, 0.0, 0.0], using="dense").points) == 10


def test_what_a_crash_left_lying_about_is_cleared(open_client: Open, tmp_path: Path) -> None:
    client = open_client(tmp_path)
    client.upsert("c", [_point(1)])
    client.close()
    leftover = tmp_path / "half-made"
    (leftover / "segments").mkdir(parents=True)
    client = open_client(tmp_path)
    assert not leftover.exists()
    assert client.count("c").count == 1


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", '{"collections": 3}', '{"collections": {"c": "../.."}, "aliases": {}}'],
)
def test_a_damaged_record_is_begun_anew(
    content: str, open_client: Open, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    open_client(tmp_path).close()
    (tmp_path / "collections.json").write_text(content)
    client = EdgeClient(tmp_path)
    assert client.get_collections().collections == []
    client.close()
    assert "is damaged: the book is indexed anew" in caplog.text


def test_a_folder_that_cannot_be_written_is_named(open_client: Open, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FixConfiguration, match="DATA_DIR: cannot write"):
        open_client(tmp_path / "file" / "qdrant")


def test_a_dropped_collection_takes_its_files_and_aliases_along(
    open_client: Open, tmp_path: Path
) -> None:
    client = open_client(tmp_path)
    alias = models.CreateAlias(collection_name="c", alias_name="served")
    client.update_collection_aliases([models.CreateAliasOperation(create_alias=alias)])
    assert client.delete_collection("c")
    assert not client.delete_collection("c")
    assert client.get_aliases().aliases == []
    assert not client.collection_exists("served")
    assert _folders(tmp_path) == []


def test_many_threads_may_search_while_one_writes(open_client: Open, tmp_path: Path) -> None:
    client = open_client(tmp_path)
    client.upsert("c", [_point(i) for i in range(200)])
    failures: list[BaseException] = []
    written = threading.Event()

    def ask() -> None:
        try:
            while not written.is_set():
                found = client.query_points("c", [1.0, 2.0, 3.0, 0.0], using="dense", limit=50)
                assert len(found.points) == 50
        except BaseException as error:  # noqa: BLE001 - handed to the test
            failures.append(error)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for start in range(200, 2000, 100):
        client.upsert("c", [_point(i) for i in range(start, start + 100)])
        client.delete("c", list(range(start, start + 50)))
    written.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert client.count("c").count == 200 + 18 * 50


async def _with_deletions(open_client: Open, folder: Path) -> tuple[EdgeClient, AsyncEdgeClient]:
    """Enough of them that the optimiser rewrites the collection."""
    client = open_client(folder)
    client.upsert("c", [_point(i) for i in range(3000)])
    client.delete("c", list(range(1500)))
    return client, AsyncEdgeClient(client)


async def test_optimising_changes_nothing_that_is_found(open_client: Open, tmp_path: Path) -> None:
    client, engine = await _with_deletions(open_client, tmp_path)
    before = client.shards.folder_of("c")
    wanted = client.query_points("c", [1.0, 2.0, 3.0, 0.0], using="dense", limit=9).points
    await engine.optimize("c")
    assert client.shards.folder_of("c") != before
    assert _folders(tmp_path) == [client.shards.folder_of("c")]
    found = client.query_points("c", [1.0, 2.0, 3.0, 0.0], using="dense", limit=9).points
    assert [hit.score for hit in found] == pytest.approx([hit.score for hit in wanted])
    assert client.count("c").count == 1500
    client.upsert("c", [_point(9000)])
    await engine.close()
    client = open_client(tmp_path)
    assert client.count("c").count == 1501


async def test_readers_are_answered_while_the_index_is_built(
    open_client: Open, tmp_path: Path
) -> None:
    _, engine = await _with_deletions(open_client, tmp_path)
    building = asyncio.create_task(engine.optimize("c"))
    answered = 0
    while not building.done():
        found = await engine.query_points("c", [1.0, 2.0, 3.0, 0.0], using="dense", limit=5)
        assert len(found.points) == 5
        answered += 1
    await building
    assert answered > 1


async def test_a_write_during_optimising_is_not_lost(open_client: Open, tmp_path: Path) -> None:
    client, _ = await _with_deletions(open_client, tmp_path)
    folder = client.shards.folder_of("c")
    staged = client.stage("c")
    assert staged is not None
    client.upsert("c", [_point(5000)])
    assert not client.unstage("c", *staged, done=True)
    assert client.shards.folder_of("c") == folder
    assert client.count("c").count == 1501
    assert not client.shards.path(staged[0]).exists()


async def test_nothing_is_built_where_nothing_was_written(
    open_client: Open, tmp_path: Path
) -> None:
    client, engine = await _with_deletions(open_client, tmp_path)
    await engine.optimize("c")
    folder = client.shards.folder_of("c")
    await engine.optimize("c")
    assert client.shards.folder_of("c") == folder


def _wide_point(number: int) -> models.PointStruct:
    vector = [float((number * 31 + i * 17) % 101) for i in range(_WIDE)]
    terms = models.SparseVector(indices=[number % 50], values=[1.0])
    return models.PointStruct(id=number, vector={"dense": vector, "sparse": terms}, payload={})


async def test_few_new_points_beside_a_built_index_are_left_alone(tmp_path: Path) -> None:
    client = EdgeClient(tmp_path)
    size = models.VectorParams(size=_WIDE, distance=models.Distance.COSINE)
    client.create_collection(
        "c",
        vectors_config={"dense": size},
        sparse_vectors_config={"sparse": models.SparseVectorParams()},
    )
    for start in range(0, 2000, 100):
        client.upsert("c", [_wide_point(i) for i in range(start, start + 100)])
    engine = AsyncEdgeClient(client)
    await engine.optimize("c")
    built = client.shards.folder_of("c")

    client.upsert("c", [_wide_point(9000)])
    await engine.optimize("c")
    few = client.shards.folder_of("c")
    client.delete("c", list(range(1500)))
    await engine.optimize("c")

    assert few == built
    assert client.shards.folder_of("c") != built
    await engine.close()


async def test_stopping_the_service_stops_the_building(open_client: Open, tmp_path: Path) -> None:
    client, engine = await _with_deletions(open_client, tmp_path)
    folder = client.shards.folder_of("c")
    building = asyncio.create_task(engine.optimize("c"))
    await asyncio.sleep(0)
    building.cancel()
    with pytest.raises(asyncio.CancelledError):
        await building
    assert client.shards.folder_of("c") == folder
    assert client.count("c").count == 1500


async def test_a_builder_that_dies_leaves_the_collection_as_it_was(
    open_client: Open,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("providers.qdrant.engine.async_client._OPTIMISE", "no.such.builder")
    client, engine = await _with_deletions(open_client, tmp_path)
    folder = client.shards.folder_of("c")
    await engine.optimize("c")
    assert client.shards.folder_of("c") == folder
    assert "no vector index was built" in caplog.text
    assert len(caplog.text.splitlines()) == 1


@pytest.mark.parametrize(
    ("status", "trouble", "said"),
    [
        (-7, "", "its builder was ended by SIGBUS"),
        (1, "thread 'x' panicked at y:\nindex out of bounds\nnote: z", "the engine panicked"),
        (1, "Traceback\n  File x\nOSError: no space", "OSError: no space"),
        (4, "", "its builder ended with 4"),
    ],
)
def test_how_a_builder_ended_is_one_line(status: int, trouble: str, said: str) -> None:
    assert _why(status, trouble.encode()) == said


def test_a_copy_leaves_holes_as_holes(tmp_path: Path) -> None:
    from providers.qdrant.engine.sparse_files import copy_with_holes

    source = tmp_path / "source"
    with source.open("wb") as file:
        file.write(b"start")
        file.seek(8 << 20)
        file.write(b"middle")
        file.truncate(16 << 20)
    copy_with_holes(source, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == source.read_bytes()
    assert (tmp_path / "copy").stat().st_blocks <= source.stat().st_blocks + 16
    (tmp_path / "empty").touch()
    copy_with_holes(tmp_path / "empty", tmp_path / "empty copy")
    assert (tmp_path / "empty copy").read_bytes() == b""


def test_an_alias_of_nothing_is_refused(open_client: Open, tmp_path: Path) -> None:
    client = open_client(tmp_path)
    alias = models.CreateAlias(collection_name="nowhere", alias_name="served")
    with pytest.raises(UnexpectedResponse):
        client.update_collection_aliases([models.CreateAliasOperation(create_alias=alias)])
    assert client.get_aliases().aliases == []

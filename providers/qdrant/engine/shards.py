"""The folder of the embedded engine: one shard per collection, and the names that serve them.

``collections.json`` is the record: which folder holds which collection and which alias names
which collection. It is replaced in one step, so a crash leaves either the old or the new state;
folders that it does not name are leftovers and go at the next start.
"""

import json
import os
import shutil
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import portalocker
import qdrant_edge as edge
from qdrant_client.http.exceptions import UnexpectedResponse

from errors import BookChatError, FixConfiguration
from providers.qdrant.engine.sparse_files import copy_with_holes

_RECORD: Final = "collections.json"


def not_found(name: str) -> UnexpectedResponse:
    """The error a Qdrant server sends for an unknown collection."""
    from httpx import Headers

    content = json.dumps({"status": {"error": f"Not found: Collection `{name}` doesn't exist!"}})
    return UnexpectedResponse(404, "Not Found", content.encode(), Headers())


class EdgeError(Exception):
    """The embedded engine refused a request; its own exceptions have no type."""


@contextmanager
def engine_errors() -> Iterator[None]:
    """Gives the engine's bare exceptions a type."""
    try:
        yield
    except (UnexpectedResponse, EdgeError, NotImplementedError, BookChatError):
        raise
    except Exception as error:
        raise EdgeError(str(error)) from error


class EdgeShards:
    """Opens, creates and drops shards under one folder that one process holds at a time.

    Raises:
        FixConfiguration: another process holds the folder, or its record is damaged.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.lock = threading.RLock()
        self._held = _hold(folder)
        self._open: dict[str, edge.EdgeShard] = {}
        self._folders: dict[str, str] = {}
        self.aliases: dict[str, str] = {}
        try:
            self._read()
        except BaseException:
            self._held.release()
            raise

    def _read(self) -> None:
        record = self._folder / _RECORD
        if record.exists():
            try:
                state = json.loads(record.read_text(encoding="utf-8"))
                self._folders, self.aliases = dict(state["collections"]), dict(state["aliases"])
            except (ValueError, KeyError, TypeError) as error:
                raise FixConfiguration(
                    f"{record} is damaged: delete the folder {self._folder} and index again",
                    code="retrieval_unavailable",
                ) from error
        for entry in self._folder.iterdir():
            if entry.is_dir() and entry.name not in self._folders.values():
                shutil.rmtree(entry, ignore_errors=True)

    def _write(self) -> None:
        record = self._folder / _RECORD
        fresh = record.with_suffix(".new")
        with fresh.open("w", encoding="utf-8") as file:
            json.dump({"collections": self._folders, "aliases": self.aliases}, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(record)

    @property
    def names(self) -> list[str]:
        """Physical collections."""
        return sorted(self._folders)

    def physical(self, name: str) -> str:
        """The collection behind an alias or a collection's own name."""
        found = self.aliases.get(name, name)
        if found not in self._folders:
            raise not_found(name)
        return found

    @contextmanager
    def using(self, name: str) -> Iterator[edge.EdgeShard]:
        """The open shard of a collection or alias; others wait meanwhile."""
        with self.lock, engine_errors():
            yield self._shard(self.physical(name))

    def _shard(self, collection: str) -> edge.EdgeShard:
        shard = self._open.get(collection)
        if shard is None:
            path = self._folder / self._folders[collection]
            try:
                shard = edge.EdgeShard.load(str(path))
            except Exception as error:
                raise FixConfiguration(
                    f"the embedded collection in {path} is damaged ({error}): "
                    f"delete the folder {self._folder} and index again",
                    code="retrieval_unavailable",
                ) from error
            self._open[collection] = shard
        return shard

    def create(self, name: str, config: edge.EdgeConfig) -> None:
        """Makes an empty collection."""
        with self.lock, engine_errors():
            if name in self._folders or name in self.aliases:
                raise EdgeError(f"Collection `{name}` already exists!")
            folder = self.fresh_folder()
            self._open[name] = edge.EdgeShard.create(str(self._folder / folder), config)
            self._folders[name] = folder
            self._write()

    def drop(self, name: str) -> bool:
        """Removes a collection with its aliases; False when there is none."""
        with self.lock, engine_errors():
            folder = self._folders.pop(name, None)
            if folder is None:
                return False
            self.aliases = {a: c for a, c in self.aliases.items() if c != name}
            self._write()
            self._close(name)
            shutil.rmtree(self._folder / folder, ignore_errors=True)
            return True

    def rename(self, change: Callable[[dict[str, str]], None]) -> None:
        """Applies a change of aliases as one step."""
        with self.lock, engine_errors():
            aliases = dict(self.aliases)
            change(aliases)
            missing = set(aliases.values()) - set(self._folders)
            if missing:
                raise not_found(missing.pop())
            self.aliases = aliases
            self._write()

    def fresh_folder(self) -> str:
        """Name of a folder that does not exist yet."""
        return uuid.uuid4().hex

    def path(self, folder: str) -> Path:
        """Where a folder name points."""
        return self._folder / folder

    def copy(self, folder: str, to: str) -> None:
        """Copies a folder without the holes of its files, which are most of their size."""
        shutil.copytree(self.path(folder), self.path(to), copy_function=copy_with_holes)

    def discard(self, folder: str) -> None:
        """Removes a folder that holds no collection."""
        shutil.rmtree(self.path(folder), ignore_errors=True)

    def folder_of(self, collection: str) -> str:
        """The folder that holds a collection."""
        return self._folders[self.physical(collection)]

    def adopt(self, collection: str, folder: str) -> None:
        """Lets another folder hold a collection from now on; the one before goes."""
        with self.lock, engine_errors():
            replacement = edge.EdgeShard.load(str(self._folder / folder))
            before = self._folders[collection]
            self._folders[collection] = folder
            self._write()
            self._close(collection)
            self._open[collection] = replacement
            shutil.rmtree(self._folder / before, ignore_errors=True)

    def _close(self, collection: str) -> None:
        shard = self._open.pop(collection, None)
        if shard is not None:
            shard.close()

    def close(self) -> None:
        """Writes everything to disk and lets other processes have the folder."""
        with self.lock:
            for collection in list(self._open):
                self._close(collection)
            self._held.release()


def _hold(folder: Path) -> portalocker.Lock:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ".lock").touch()
    except OSError as error:
        raise FixConfiguration(
            f"DATA_DIR: cannot write to {folder} ({error.strerror})", code="retrieval_unavailable"
        ) from error
    held = portalocker.Lock(
        folder / ".lock", "a", timeout=0, flags=portalocker.LOCK_EX | portalocker.LOCK_NB
    )
    try:
        held.acquire()
    except portalocker.exceptions.LockException as error:
        raise FixConfiguration(
            f"another process holds the embedded Qdrant in {folder}: stop it, let the running "
            "service index the book (POST /admin/index), or set QDRANT_URL",
            code="retrieval_unavailable",
        ) from error
    return held

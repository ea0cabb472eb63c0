"""The folder of the embedded engine: one shard per collection, and the names that serve them.

``collections.json`` is the record: which folder holds which collection and which alias names
which collection. It is replaced in one step, so a crash leaves either the old or the new state;
folders that it does not name are leftovers and go at the next start.
"""

import contextlib
import json
import logging
import os
import re
import shutil
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import qdrant_edge as edge
from qdrant_client.http.exceptions import UnexpectedResponse

from errors import BookChatError, RetryLater
from providers.qdrant.engine.disk_space import allocated_and_holes, require_room
from providers.qdrant.engine.errors import EdgeError, FilesFailed
from providers.qdrant.engine.folder_lock import hold
from providers.qdrant.engine.soundness import is_cramped, mark_of
from providers.qdrant.engine.sparse_files import copy_with_holes

_RECORD: Final = "collections.json"
_FULL: Final = "(os error 28)"
_FOLDER: Final = re.compile(r"[0-9a-f]{32}")
_FILES_FAILED: Final = "Service runtime error"
"""How the engine begins what is no fault of the request."""
_log = logging.getLogger(__name__)


def not_found(name: str) -> UnexpectedResponse:
    """The error a Qdrant server sends for an unknown collection."""
    from httpx import Headers

    content = json.dumps({"status": {"error": f"Not found: Collection `{name}` doesn't exist!"}})
    return UnexpectedResponse(404, "Not Found", content.encode(), Headers())


@contextmanager
def engine_errors() -> Iterator[None]:
    """Gives the engine's bare exceptions a type; a panic of it is no ``Exception``."""
    try:
        yield
    except (UnexpectedResponse, EdgeError, NotImplementedError, BookChatError):
        raise
    except OSError as error:
        raise FilesFailed(str(error)) from error
    except Exception as error:
        kind = FilesFailed if str(error).startswith(_FILES_FAILED) else EdgeError
        raise kind(str(error)) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise FilesFailed("panic") from error


class EdgeShards:
    """Opens, creates and drops shards under one folder that one process holds at a time.

    Raises:
        FixConfiguration: another process holds the folder, or it cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.lock = threading.RLock()
        self._held = hold(folder)
        self._open: dict[str, edge.EdgeShard] = {}
        self._folders: dict[str, str] = {}
        self._marks: dict[str, str] = {}
        self._closed: dict[str, tuple[str, float]] = {}
        """Why a collection is not opened now, and when it may be looked at."""
        self.aliases: dict[str, str] = {}
        try:
            self._read()
        except BaseException:
            self._held.close()
            raise

    def _read(self) -> None:
        record = self._folder / _RECORD
        if record.exists():
            try:
                state = json.loads(record.read_text(encoding="utf-8"))
                self._folders, self.aliases = dict(state["collections"]), dict(state["aliases"])
                self._marks = dict(state.get("marks", {}))
                if not all(map(_FOLDER.fullmatch, self._folders.values())):
                    raise ValueError
            except (ValueError, KeyError, TypeError):
                _log.error("%s is damaged: the book is indexed anew", record)
                self._folders, self.aliases = {}, {}
        for entry in self._folder.iterdir():
            if entry.is_dir() and entry.name not in self._folders.values():
                shutil.rmtree(entry, ignore_errors=True)

    def _write(self) -> None:
        record = self._folder / _RECORD
        fresh = record.with_suffix(".new")
        with fresh.open("w", encoding="utf-8") as file:
            state = {"collections": self._folders, "aliases": self.aliases, "marks": self._marks}
            json.dump(state, file, indent=1)
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
        with self.lock:
            collection = self.physical(name)
            try:
                with engine_errors():
                    yield self._shard(collection)
            except FilesFailed as error:
                if _FULL in str(error):
                    raise RetryLater(
                        "DATA_DIR: its disk is full.", code="retrieval_unavailable"
                    ) from error
                self.suspend(collection, "its files are looked at")
                raise

    def _shard(self, collection: str) -> edge.EdgeShard:
        if collection in self._closed:
            raise RetryLater(
                f"The book's index cannot be used: {self._closed[collection][0]}.",
                code="retrieval_unavailable",
            )
        shard = self._open.get(collection)
        path = self._folder / self._folders[collection]
        if shard is None:
            shard = edge.EdgeShard.load(str(path))
            self._open[collection] = shard
        elif not path.exists():
            # Maps of deleted files can be read and written; what is written is lost.
            raise FilesFailed("its folder was removed")
        return shard

    def in_doubt(self) -> list[str]:
        """Collections whose files may not be as they were closed, or might not fit the disk."""
        with self.lock:
            return [name for name in self.names if name not in self._open and self._doubts(name)]

    def _doubts(self, collection: str) -> bool:
        path = self._folder / self._folders[collection]
        if collection in self._closed:
            return True
        return self._marks.get(collection) != mark_of(path) or is_cramped(path)

    def due(self) -> bool:
        """Whether a closed collection should be looked at now."""
        return any(time.monotonic() >= when for _, when in self._closed.values())

    def suspend(self, collection: str, reason: str, look_after: float = 0.0) -> None:
        """Closes a collection until its files have been looked at, in so many seconds."""
        with self.lock:
            if collection not in self._closed:
                _log.error("the embedded index %s is not used: %s", collection, reason)
            with contextlib.suppress(EdgeError):
                self._close(collection)
            self._closed[collection] = (reason, time.monotonic() + look_after)

    def resume(self, collection: str) -> None:
        """Its files are sound."""
        with self.lock:
            if self._closed.pop(collection, None):
                _log.warning("the embedded index %s is used again", collection)

    def give_up(self, collection: str, reason: str) -> None:
        """Drops a damaged collection: everything in it can be made from the book again."""
        _log.error(
            "the embedded index %s is damaged (%s): it is dropped and made anew", collection, reason
        )
        self.drop(collection)

    def require_room(self, collection: str | None = None) -> None:
        """Raises RetryLater if a write, or a copy of ``collection``, may not fit the disk."""
        more = allocated_and_holes(self.path(self.folder_of(collection)))[0] if collection else 0
        require_room(self._folder, more)

    def create(self, name: str, config: edge.EdgeConfig) -> None:
        """Makes an empty collection."""
        with self.lock, engine_errors():
            if name in self._folders or name in self.aliases:
                raise EdgeError(f"Collection `{name}` already exists!")
            self.require_room()
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
            self._marks.pop(name, None)
            self._closed.pop(name, None)
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
            with engine_errors():
                shard.close()

    def close(self) -> None:
        """Writes everything to disk and lets other processes have the folder."""
        with self.lock:
            closed = list(self._open)
            try:
                for collection in closed:
                    self._close(collection)
                    self._marks[collection] = mark_of(self.path(self._folders[collection]))
                if closed:
                    self._write()
            except (OSError, EdgeError) as error:
                _log.error("the embedded index was not closed properly: %s", type(error).__name__)
            finally:
                self._held.close()

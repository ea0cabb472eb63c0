"""``python -m loaders.index``: indexes a book for a service that started it; not for people.

The service says ``("start", settings, rebuild)``. The answer to it is ``("done", summary)`` or
``("failed", error)``; calls of the service's store, progress and provider calls come before.
"""

import asyncio
import contextlib
import os
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final

import metering
from errors import BookChatError
from loaders.index.options import Calibrate, IndexOptions, IndexSummary
from loaders.index.remote import RemoteSearch, RemoteStore, Service
from loaders.index.sources import index_sources
from loaders.index.store import IndexStore
from settings import Settings

_NICENESS: Final = 10
_FIRST_TO_GO: Final = "500"


async def _main() -> None:
    service = Service.on_standard_streams()
    settings, rebuild = await service.start
    counter = metering.Counter()
    counter.on_call(lambda *call: service.send("provider", *call))
    try:
        with metering.metered(metering.Meter(counter)):
            summary = await _index(service, settings, rebuild=rebuild)
        service.send("done", summary)
    except BookChatError as error:
        service.send("failed", error)


async def _index(service: Service, settings: Settings, *, rebuild: bool) -> IndexSummary:
    from providers.models import build_models

    models = build_models(settings)
    async with AsyncExitStack() as resources:
        resources.push_async_callback(models.aclose)
        store, calibrate = await _store(service, settings, models.embeddings, resources)
        return await index_sources(
            [settings.book_dir],
            book_url=settings.book_url,
            store=store,
            embeddings=models.embeddings,
            options=IndexOptions(rebuild=rebuild, cache=settings.page_cache, calibrate=calibrate),
            progress=Progress(service),
        )


class Progress:
    """Tells the service how far the run is; makes way when readers can be answered."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._giving_way = False

    def __call__(self, summary: IndexSummary) -> None:
        if summary.phase == "vectors" and not self._giving_way:
            self._giving_way = True
            _give_way()
        self._service.send("progress", summary)


async def _store(
    service: Service, settings: Settings, embeddings: Any, resources: AsyncExitStack
) -> tuple[IndexStore, Calibrate]:
    """A server's store is opened here; the embedded one is the service's."""
    from providers.calibration import calibrator

    if not settings.qdrant_url:
        return RemoteStore(service), calibrator(RemoteSearch(service).nearest, embeddings)
    from providers.factory import open_stores

    search, store = await resources.enter_async_context(open_stores(settings, embeddings))
    return store, calibrator(search.nearest, embeddings)


def _give_way() -> None:
    """Readers' questions go first, once there are answers to them."""
    threads = Path("/proc/self/task")
    # Niceness belongs to a thread on Linux, and to the process elsewhere.
    for thread in threads.iterdir() if threads.is_dir() else [Path("0")]:
        with contextlib.suppress(ProcessLookupError):  # it has ended meanwhile
            os.setpriority(os.PRIO_PROCESS, int(thread.name), _NICENESS)


def _die_first() -> None:
    """When memory runs out, this process goes and not the service."""
    with contextlib.suppress(OSError):  # there is no such file outside of Linux
        Path("/proc/self/oom_score_adj").write_text(_FIRST_TO_GO, encoding="ascii")


if __name__ == "__main__":
    _die_first()
    asyncio.run(_main())
    # Threads of the embedding model may still be at work on what nobody waits for.
    sys.stdout.flush()
    os._exit(0)

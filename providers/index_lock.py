"""One indexer at a time."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from errors import FixConfiguration


class OneAtATime:
    """Within one process, which is all the embedded engine allows."""

    def __init__(self) -> None:
        self._held = False

    @asynccontextmanager
    async def hold(self) -> AsyncIterator[None]:
        """Raises FixConfiguration at once if it is held already."""
        if self._held:
            raise busy()
        self._held = True
        try:
            yield
        finally:
            self._held = False


def busy() -> FixConfiguration:
    """What a second indexer is told."""
    return FixConfiguration(
        "this book is being indexed by somebody else; try again when that is done",
        code="busy",
    )

"""Counts provider calls where they are made, so that ``usage.provider_calls`` is true.

A ``Meter`` is opened around one question; ``providers`` records every request that leaves
the process, retries included. Listeners (metrics, the call ledger) see all of them.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

Listener = Callable[[str, str, str], None]


@dataclass
class Meter:
    """Calls and tokens of one question.

    ``degraded`` lists the lesser paths that were taken, by name of the part that failed.
    """

    calls: dict[str, int] = field(default_factory=dict)
    degraded: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        """Number of provider calls."""
        return sum(self.calls.values())


_current: ContextVar[Meter | None] = ContextVar("book_chat_meter", default=None)
_listeners: list[Listener] = []


@contextmanager
def metered() -> Iterator[Meter]:
    """Opens a meter for the code inside, tasks that it starts included."""
    meter = Meter()
    token = _current.set(meter)
    try:
        yield meter
    finally:
        _current.reset(token)


def record_call(provider: str, operation: str, outcome: str = "ok") -> None:
    """Counts one request to a provider; ``outcome`` is ``ok`` or an error code."""
    meter = _current.get()
    if meter is not None:
        meter.calls[operation] = meter.calls.get(operation, 0) + 1
    for listener in _listeners:
        listener(provider, operation, outcome)


def subscribe(listener: Listener) -> Callable[[], None]:
    """Adds a listener ``(provider, operation, outcome)``; returns what removes it."""
    _listeners.append(listener)
    return lambda: _listeners.remove(listener)

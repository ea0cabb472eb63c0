"""Counts provider calls and lesser paths where they happen.

A ``Meter`` belongs to one question. ``providers`` records every request that leaves the
process, retries included, so ``usage.provider_calls`` is true. Listeners (metrics, the call
ledger) see all of them.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

CallListener = Callable[[str, str, str], None]
EventListener = Callable[[str, int], None]


@dataclass
class Meter:
    """Calls of one question by operation, and which parts a lesser path stood in for."""

    calls: dict[str, int] = field(default_factory=dict)
    degraded: set[str] = field(default_factory=set)

    @property
    def total(self) -> int:
        """Number of provider calls."""
        return sum(self.calls.values())


_current: ContextVar[Meter | None] = ContextVar("book_chat_meter", default=None)
_call_listeners: list[CallListener] = []
_event_listeners: list[EventListener] = []


@contextmanager
def metered(meter: Meter) -> Iterator[Meter]:
    """Counts into ``meter`` what the code inside does, tasks that it starts included.

    Never hold it open across a ``yield``: a generator runs in its consumer's context.
    """
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
    for listener in _call_listeners:
        listener(provider, operation, outcome)


def degrade(part: str, *, visible: bool = True) -> None:
    """Notes that ``part`` failed and a lesser path goes on; ``visible`` ones mark the answer."""
    meter = _current.get()
    if meter is not None and visible:
        meter.degraded.add(part)
    count(f"degraded:{part}")


def count(event: str, amount: int = 1) -> None:
    """Counts an event such as ``cache_hit`` or ``uncited_sentences`` for the metrics."""
    for listener in _event_listeners:
        listener(event, amount)


def on_call(listener: CallListener) -> Callable[[], None]:
    """Adds a listener ``(provider, operation, outcome)``; returns what removes it."""
    _call_listeners.append(listener)
    return lambda: _call_listeners.remove(listener)


def on_event(listener: EventListener) -> Callable[[], None]:
    """Adds a listener ``(event, amount)``; returns what removes it."""
    _event_listeners.append(listener)
    return lambda: _event_listeners.remove(listener)

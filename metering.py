"""Counts provider calls and fallbacks where they happen.

An application has one ``Counter``, which tells its listeners (metrics, the call ledger) of every
call and event. A ``Meter`` counts for one question or one piece of background work. It is found
by context, so that a provider deep inside the chain need not be handed it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import StrEnum

CallListener = Callable[[str, str, str], None]
EventListener = Callable[[str, int], None]


class Event(StrEnum):
    """What is counted besides provider calls; some have a label, such as ``refused:overloaded``."""

    ANSWER_CUT = "answer_cut"
    CACHE_HIT = "cache_hit"
    CITATIONS_DROPPED = "citations_dropped"
    CITATIONS_IN_OTHER_WORDS = "citations_in_other_words"
    CLIENT_LEFT = "client_left"
    DEGRADED = "degraded"
    EMBEDDING_CACHE_HIT = "embedding_cache_hit"
    EMBEDDINGS_REFUSED = "embeddings_refused"
    JOINED = "joined"
    PROMPT_WITHHELD = "prompt_withheld"
    RANKINGS_REFUSED = "rankings_refused"
    REFUSED = "refused"
    RESPONSE_TOO_LONG = "response_too_long"
    STREAM_BROKEN = "stream_broken"
    UNCITED_SENTENCES = "uncited_sentences"


class Part(StrEnum):
    """A part that has a fallback."""

    ANSWER_CUT = "answer_cut"
    BUDGET = "budget"
    CHAT_MODEL = "chat_model"
    CONDENSE = "condense"
    EMBEDDING = "embedding"
    MEMORY = "memory"
    REDIS = "redis"
    RERANKER = "reranker"


class Counter:
    """Tells its listeners of provider calls and events of one application."""

    def __init__(self) -> None:
        self._call_listeners: list[CallListener] = []
        self._event_listeners: list[EventListener] = []

    def on_call(self, listener: CallListener) -> Callable[[], None]:
        """Adds a listener ``(provider, operation, outcome)``; returns what removes it."""
        self._call_listeners.append(listener)
        return lambda: self._call_listeners.remove(listener)

    def on_event(self, listener: EventListener) -> Callable[[], None]:
        """Adds a listener ``(event, amount)``; returns what removes it."""
        self._event_listeners.append(listener)
        return lambda: self._event_listeners.remove(listener)

    def call(self, provider: str, operation: str, outcome: str = "ok") -> None:
        """Counts one request to a provider; ``outcome`` is ``ok`` or an error code."""
        for listener in self._call_listeners:
            listener(provider, operation, outcome)

    def event(self, event: Event, amount: int = 1, *, label: str = "") -> None:
        """Counts an event."""
        name = f"{event}:{label}" if label else str(event)
        for listener in self._event_listeners:
            listener(name, amount)

    def degraded(self, part: Part) -> None:
        """Counts that the fallback of ``part`` was used."""
        self.event(Event.DEGRADED, label=part)


@dataclass
class Meter:
    """Calls of one question by operation, and the parts whose fallback was used."""

    counter: Counter = field(default_factory=Counter)
    calls: dict[str, int] = field(default_factory=dict)
    degraded: set[Part] = field(default_factory=set)

    @property
    def total(self) -> int:
        """Number of provider calls."""
        return sum(self.calls.values())


_current: ContextVar[Meter | None] = ContextVar("book_chat_meter", default=None)


def new_meter() -> Meter:
    """A meter of one question, which tells the counter that the work in hand tells."""
    meter = _current.get()
    return Meter(meter.counter) if meter is not None else Meter()


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
    """Counts one request to a provider, retries included; see ``Counter.call``."""
    meter = _current.get()
    if meter is not None:
        meter.calls[operation] = meter.calls.get(operation, 0) + 1
        meter.counter.call(provider, operation, outcome)


def degrade(part: Part, *, visible: bool = True) -> None:
    """Notes that ``part`` failed and its fallback was used; ``visible``: the answer says so."""
    meter = _current.get()
    if meter is not None:
        if visible:
            meter.degraded.add(part)
        meter.counter.degraded(part)


def count(event: Event, amount: int = 1, *, label: str = "") -> None:
    """Counts an event of the work in hand."""
    meter = _current.get()
    if meter is not None:
        meter.counter.event(event, amount, label=label)

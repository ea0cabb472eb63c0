"""What is counted while something runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from metering import Counter, Meter, metered


@dataclass
class Counted:
    """Names of events, and provider calls as ``(provider, operation, outcome)``."""

    events: list[str] = field(default_factory=list)
    calls: list[tuple[str, str, str]] = field(default_factory=list)
    counter: Counter = field(default_factory=Counter)


@contextmanager
def counting() -> Iterator[Counted]:
    """Counts what the code inside does."""
    counted = Counted()
    counted.counter.on_event(lambda event, _: counted.events.append(event))
    counted.counter.on_call(lambda *call: counted.calls.append(call))
    with metered(Meter(counted.counter)):
        yield counted

"""Requests to one provider: counted, retried once at most, and not sent while it keeps failing."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Final, TypeVar

import metering
from circuit_breaker import CircuitBreaker
from errors import BookChatError, RetryLater
from providers.failures import Passing, Vendor

T = TypeVar("T")

_FAILURES_TO_BREAK: Final = 5
_BREAK_SECONDS: Final = 10.0
# Waiting longer before asking again helps nobody who looks at an empty page.
_LONGEST_PAUSE: Final = 2.0


class Calls:
    """The calls to ``vendor``; ``sleep``, ``uniform`` and ``clock`` are time and chance."""

    def __init__(
        self,
        vendor: Vendor,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        uniform: Callable[[float, float], float] = random.uniform,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.vendor = vendor
        self._sleep, self._uniform, self._clock = sleep, uniform, clock
        self._breakers: dict[str, CircuitBreaker] = {}

    @contextmanager
    def counted(self, operation: str) -> Iterator[None]:
        """Counts the request made inside, whatever becomes of it."""
        label = self.vendor.label
        try:
            yield
        except BookChatError as error:
            metering.record_call(label, operation, error.code)
            breaker = self.breaker(operation)
            (breaker.failure if error.code == "model_unavailable" else breaker.success)()
            raise
        except asyncio.CancelledError:
            metering.record_call(label, operation, "cancelled")
            raise
        metering.record_call(label, operation)
        self.breaker(operation).success()

    async def retried(
        self, attempt: Callable[[float], Awaitable[T]], operation: str, deadline: float
    ) -> T:
        """What ``attempt`` (seconds that it may take) gives, tried twice if that may help.

        Raises:
            BookChatError: of the second attempt, or of a first that is final.
        """
        self.breaker(operation).check()
        until = self._clock() + deadline
        try:
            return await attempt(deadline)
        except Passing as error:
            pause = self._pause(error, until)
            if pause is None:
                raise
        await self._sleep(pause)
        return await attempt(until - self._clock())

    def broken(self, operation: str) -> None:
        """An answer broke off; its call was counted when it began."""
        metering.count(metering.Event.STREAM_BROKEN, label=operation)
        self.breaker(operation).failure()

    def breaker(self, operation: str) -> CircuitBreaker:
        """One for each operation: a reranker that is down must not silence the answers."""
        breaker = self._breakers.get(operation)
        if breaker is None:
            breaker = CircuitBreaker(_FAILURES_TO_BREAK, _BREAK_SECONDS, self._clock)
            self._breakers[operation] = breaker
        return breaker

    def _pause(self, error: RetryLater, until: float) -> float | None:
        """Seconds to wait before asking again; None: do not."""
        if error.retry_after is None and error.code == "rate_limited":
            return None  # limits are per minute: asking again at once is one more refusal
        pause = (error.retry_after or 0) + self._uniform(0.1, 0.4)
        return pause if pause < min(_LONGEST_PAUSE, until - self._clock()) else None

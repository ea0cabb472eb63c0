"""Stops asking a provider that keeps failing, and looks again after a while."""

from collections.abc import Callable

from errors import RetryLater


class CircuitBreaker:
    """Opens after ``limit`` failures in a row; one request a ``cooldown`` looks whether it is back.

    Args:
        limit: failures in a row that open the circuit.
        cooldown: seconds between two looks.
        clock: monotonic seconds.
    """

    def __init__(self, limit: int, cooldown: float, clock: Callable[[], float]) -> None:
        self._limit = limit
        self._cooldown = cooldown
        self._clock = clock
        self._failures = 0
        self._closed_again_at = 0.0

    def check(self) -> None:
        """Lets a request pass, or raises.

        Raises:
            RetryLater: the circuit is open; ``retry_after`` says until when.
        """
        if self._failures < self._limit:
            return
        now = self._clock()
        if now < self._closed_again_at:
            raise RetryLater(
                "The answering service is not available right now.",
                retry_after=self._closed_again_at - now,
            )
        # This request is the one that looks; the others wait for what it finds.
        self._closed_again_at = now + self._cooldown

    def success(self) -> None:
        """The provider answered."""
        self._failures = 0

    def failure(self) -> None:
        """The provider did not answer, or not sensibly."""
        self._failures += 1
        if self._failures >= self._limit:
            self._closed_again_at = self._clock() + self._cooldown

"""Stops asking a service that keeps failing, and looks again after a while."""

from collections.abc import Callable

from errors import RetryLater


class CircuitBreaker:
    """Opens after ``limit`` failures in a row; one request at a time looks whether it is back.

    Args:
        limit: failures in a row that open the circuit.
        cooldown: seconds from a failure to the next look.
        clock: monotonic seconds.
        look: seconds that one look may take before the next; by default ``cooldown``.
    """

    def __init__(
        self, limit: int, cooldown: float, clock: Callable[[], float], look: float | None = None
    ) -> None:
        self._limit = limit
        self._cooldown = cooldown
        self._clock = clock
        self._look = cooldown if look is None else look
        self._failures = 0
        self._closed_again_at = 0.0

    def lets_pass(self) -> bool:
        """False while the circuit is open. A request that passes must report what it found."""
        if self._failures < self._limit:
            return True
        now = self._clock()
        if now < self._closed_again_at:
            return False
        # This request is the one that looks; the others wait for what it finds.
        self._closed_again_at = now + self._look
        return True

    def check(self) -> None:
        """Lets a request pass, or raises.

        Raises:
            RetryLater: the circuit is open; ``retry_after`` says until when.
        """
        if not self.lets_pass():
            raise RetryLater(
                "The answering service is not available right now.",
                retry_after=self._closed_again_at - self._clock(),
            )

    def success(self) -> None:
        """The service answered."""
        self._failures = 0

    def failure(self) -> None:
        """The service did not answer, or not sensibly."""
        self._failures += 1
        if self._failures >= self._limit:
            self._closed_again_at = self._clock() + self._cooldown

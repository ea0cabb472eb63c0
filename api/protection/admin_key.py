"""The operator's key: compared in constant time, and slow to guess."""

import hmac
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from errors import FixQuestion, RetryLater

_FREE: Final = 3
_LONGEST: Final = 300.0
_REMEMBERED: Final = 10_000
"""Clients whose wrong keys are remembered; the oldest are forgotten first."""


class AdminKey:
    """After three wrong keys a client waits 1 s, then 2, 4 … up to 5 minutes for the next try.

    A client that waits is refused whatever it sends, so a guess tells nothing meanwhile.
    """

    def __init__(self, key: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._key = key.encode()
        self._clock = clock
        self._wrong: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def check(self, authorization: str, client: str) -> None:
        """Lets the right key pass.

        Raises:
            FixQuestion: code ``unauthorized``: no key, or a wrong one.
            RetryLater: code ``rate_limited``: too many wrong keys of this client.
        """
        scheme, _, given = authorization.partition(" ")
        if not given:
            raise _unauthorized()
        count, until = self._wrong.get(client, (0, 0.0))
        now = self._clock()
        if now < until:
            raise RetryLater(
                "Too many wrong keys; please wait.", code="rate_limited", retry_after=until - now
            )
        fits = hmac.compare_digest(given.encode("utf-8", "surrogateescape"), self._key)
        if scheme.lower() == "bearer" and fits:
            self._wrong.pop(client, None)
            return
        wait = min(2.0 ** (count - _FREE), _LONGEST) if count >= _FREE else 0.0
        self._wrong[client] = (count + 1, now + wait)
        self._wrong.move_to_end(client)
        if len(self._wrong) > _REMEMBERED:
            self._wrong.popitem(last=False)
        raise _unauthorized()


def _unauthorized() -> FixQuestion:
    return FixQuestion("This needs the admin key as a bearer token.", code="unauthorized")

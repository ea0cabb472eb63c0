"""Cohere's errors in our words, translated once. Nothing that Cohere said is passed on."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

import aiohttp

from errors import BookChatError, BudgetExhausted, FixConfiguration, FixQuestion, RetryLater

_PARTS: Final = {
    "chat": ("answering model", "COHERE_CHAT_MODEL"),
    "condense": ("rewriting model", "COHERE_CONDENSE_MODEL"),
    "embed": ("embedding model", "COHERE_EMBED_MODEL"),
    "rerank": ("reranking model", "COHERE_RERANK_MODEL"),
}
_TOO_LONG: Final = re.compile(
    rb"too many tokens|too long|context length|token limit", re.IGNORECASE
)
# Statuses that a short pause may mend and that have certainly produced nothing.
_PASSING: Final = frozenset({429, 500, 502, 503})
_LONGEST_WAIT: Final = 3600.0


class BrokenStreamError(Exception):
    """An answer that has begun is none: no JSON, no end, or Cohere says that it failed."""


class Passing(RetryLater):
    """A failure before the first byte that asking again at once may mend."""


def translate(
    status: int, operation: str, body: bytes = b"", retry_after: float | None = None
) -> BookChatError:
    """The error for an HTTP status.

    Args:
        operation: ``chat``, ``condense``, ``embed`` or ``rerank``.
        body: what Cohere said; only looked into for whether the input was too long.
        retry_after: seconds, as Cohere asked.
    """
    name, variable = _PARTS[operation]
    if status == 401:
        return FixConfiguration("Cohere refused the key: check COHERE_API_KEY.")
    if status == 402:
        return BudgetExhausted("The Cohere account has no credit left.")
    if status == 403:
        return FixConfiguration(f"This Cohere key may not use the {name}: check {variable}.")
    if status == 404:
        return FixConfiguration(f"Cohere does not know the {name}: check {variable}.")
    if status == 413 or (status in (400, 422) and _TOO_LONG.search(body)):
        return FixQuestion("The question and its passages are too long for the model.")
    if status not in (408, 429) and 300 <= status < 498:
        return FixConfiguration(
            f"Cohere refused the request to the {name}: check {variable} and COHERE_BASE_URL."
        )
    return _passing(status, name, retry_after)


def _passing(status: int, name: str, retry_after: float | None) -> RetryLater:
    kind = Passing if status in _PASSING else RetryLater
    if status == 429:
        detail = f"The {name} is asked too often right now."
        return kind(detail, code="rate_limited", retry_after=retry_after)
    return kind(f"The {name} is not available right now.", retry_after=retry_after)


def unavailable(operation: str) -> RetryLater:
    """The part is down, too slow or talks nonsense."""
    return RetryLater(f"The {_PARTS[operation][0]} is not available right now.")


@contextmanager
def translated(operation: str, *, begun: bool = False) -> Iterator[None]:
    """Turns what aiohttp raises inside into our errors; an answer that has ``begun`` stays lost."""
    try:
        yield
    except TimeoutError:
        raise unavailable(operation) from None
    except (aiohttp.ClientConnectionError, OSError):
        if begun:
            raise unavailable(operation) from None
        raise Passing(unavailable(operation).detail) from None
    except aiohttp.ClientError:
        raise unavailable(operation) from None


def seconds_of(retry_after: str | None, now: datetime | None = None) -> float | None:
    """Seconds that a ``Retry-After`` header asks for (a number or an HTTP date), 0 to 3600."""
    if not retry_after:
        return None
    try:
        seconds = float(retry_after)
    except ValueError:
        try:
            then = parsedate_to_datetime(retry_after)
        except ValueError:
            return None
        if then.tzinfo is None:
            return None
        seconds = (then - (now or datetime.now(UTC))).total_seconds()
    # min and max also turn NaN into a number: comparisons with it are false.
    return min(_LONGEST_WAIT, max(0.0, seconds))

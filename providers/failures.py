"""What a provider's failures mean, translated once. Nothing that a provider said is passed on."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from errors import BookChatError, BudgetExhausted, FixConfiguration, FixQuestion, RetryLater

_PARTS: Final = {
    "chat": "answering model",
    "condense": "rewriting model",
    "embed": "embedding model",
    "rerank": "reranking model",
}
_TOO_LONG: Final = re.compile(
    rb"too many tokens|too long|context[ _]length|token limit|maximum context", re.IGNORECASE
)
# Statuses that a short pause may mend and that have certainly produced nothing.
_PASSING: Final = frozenset({429, 500, 502, 503})
_LONGEST_WAIT: Final = 3600.0


@dataclass(frozen=True)
class Vendor:
    """A provider in the words of its operator.

    Args:
        name: for people.
        label: for metrics and the call ledger.
        key, address: variables that hold its key and its base URL; empty: it has none of ours.
        models: operation (``chat``, ``condense``, ``embed``, ``rerank``) to variable.
    """

    name: str
    label: str
    key: str
    address: str
    models: Mapping[str, str]


class BrokenStreamError(Exception):
    """An answer that has begun is none: no JSON, no end, or the provider says that it failed."""


class TooLongError(Exception):
    """A response has more bytes than any honest one."""


class Passing(RetryLater):
    """A failure before the first byte that asking again at once may mend."""


def translate(
    vendor: Vendor,
    status: int,
    operation: str,
    body: bytes = b"",
    retry_after: float | None = None,
) -> BookChatError:
    """The error for an HTTP status.

    Args:
        body: what the provider said; only looked into for whether the input was too long.
        retry_after: seconds, as the provider asked.
    """
    name, variable = _PARTS[operation], vendor.models.get(operation, "")
    if status == 401:
        return FixConfiguration(f"{vendor.name} refused the key{_check(vendor.key)}.")
    if status == 402:
        return BudgetExhausted(f"The {vendor.name} account has no credit left.")
    if status == 403:
        return FixConfiguration(f"This {vendor.name} key may not use the {name}{_check(variable)}.")
    if status == 404:
        return FixConfiguration(f"{vendor.name} does not know the {name}{_check(variable)}.")
    if status == 413 or (status in (400, 422) and _TOO_LONG.search(body)):
        return FixQuestion("The question and its passages are too long for the model.")
    if status not in (408, 429) and 300 <= status < 498:
        return FixConfiguration(
            f"{vendor.name} refused the request to the {name}{_check(variable, vendor.address)}."
        )
    return _passing(status, name, retry_after)


def _check(*variables: str) -> str:
    named = " and ".join(v for v in variables if v)
    return f": check {named}" if named else ""


def _passing(status: int, name: str, retry_after: float | None) -> RetryLater:
    kind = Passing if status in _PASSING else RetryLater
    if status == 429:
        detail = f"The {name} is asked too often right now."
        return kind(detail, code="rate_limited", retry_after=retry_after)
    return kind(f"The {name} is not available right now.", retry_after=retry_after)


def unavailable(operation: str) -> RetryLater:
    """The part is down, too slow or talks nonsense."""
    return RetryLater(f"The {_PARTS[operation]} is not available right now.")


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

"""Errors of Cohere's SDK, which only ``invoke`` and requests with tools still use."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import orjson
from cohere.core.api_error import ApiError

from providers.cohere.errors import COHERE
from providers.failures import seconds_of, translate, unavailable


@contextmanager
def sdk_errors_translated(operation: str) -> Iterator[None]:
    """Turns what the SDK raises inside into our errors."""
    try:
        yield
    except ApiError as error:
        retry_after = seconds_of((error.headers or {}).get("retry-after"))
        body = orjson.dumps(error.body, default=str)
        raise translate(COHERE, error.status_code or 500, operation, body, retry_after) from None
    except httpx.HTTPError:
        raise unavailable(operation) from None

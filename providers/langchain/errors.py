"""What any LangChain integration or its SDK may raise, in our words."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Protocol, runtime_checkable

import httpx

from errors import BookChatError
from providers.failures import (
    Passing,
    TooLongError,
    Vendor,
    seconds_of,
    translate,
    unavailable,
)

_ERROR_TEXT: Final = 16_384


@runtime_checkable
class _HasStatus(Protocol):
    """The SDKs of OpenAI, Anthropic, Mistral, Groq and others."""

    status_code: int


@runtime_checkable
class _HasResponse(Protocol):
    """``httpx.HTTPStatusError`` and the SDKs that keep the response."""

    response: httpx.Response


@contextmanager
def translated(vendor: Vendor, operation: str, *, begun: bool = False) -> Iterator[None]:
    """Turns whatever is raised inside into our errors; an answer that has ``begun`` may be cut.

    Raises:
        TooLongError: more of an answer came than may be read.
    """
    try:
        yield
    except BookChatError:
        raise
    except TooLongError:
        if begun:
            raise
        raise unavailable(operation) from None
    except TimeoutError:
        raise unavailable(operation) from None
    except Exception as error:  # noqa: BLE001 - any installed integration may be behind this
        raise _ours(vendor, operation, error) from None


def _ours(vendor: Vendor, operation: str, error: Exception) -> BookChatError:
    response = error.response if isinstance(error, _HasResponse) else None
    status = error.status_code if isinstance(error, _HasStatus) else None
    if status is None and isinstance(response, httpx.Response):
        status = response.status_code
    if isinstance(status, int) and status >= 300:
        headers = response.headers if isinstance(response, httpx.Response) else {}
        said = str(error)[:_ERROR_TEXT].encode("utf-8", "replace")
        return translate(vendor, status, operation, said, seconds_of(headers.get("retry-after")))
    if _never_arrived(error):
        return Passing(unavailable(operation).detail)
    return unavailable(operation)


def _never_arrived(error: BaseException) -> bool:
    """The connection failed; SDKs wrap the error that says so."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, httpx.TimeoutException):
            return False
        if isinstance(seen, httpx.TransportError | OSError):
            return True
        seen = seen.__cause__
    return False

"""Cohere in the operator's words, and what aiohttp raises in ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import aiohttp

from providers.failures import Passing, Vendor, unavailable

COHERE: Final = Vendor(
    name="Cohere",
    label="cohere",
    key="COHERE_API_KEY",
    address="COHERE_BASE_URL",
    models={
        "chat": "COHERE_CHAT_MODEL",
        "condense": "COHERE_CONDENSE_MODEL",
        "embed": "COHERE_EMBED_MODEL",
        "rerank": "COHERE_RERANK_MODEL",
    },
)


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

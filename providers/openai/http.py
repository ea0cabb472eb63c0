"""HTTP to an OpenAI-compatible server: pooled, one client per event loop, no endless responses."""

from collections.abc import AsyncIterator
from typing import Final
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from providers.failures import TooLongError
from providers.loops import PerLoop

PUBLIC_URL: Final = "https://api.openai.com/v1"
_CONNECT_SECONDS: Final = 5.0
# Silence is timed where an answer is read; how many connections there are is bounded elsewhere.
_TIMEOUT: Final = httpx.Timeout(None, connect=_CONNECT_SECONDS)
_LIMITS: Final = httpx.Limits(max_connections=None, max_keepalive_connections=64)


def http_clients(base_url: str, max_bytes: int) -> PerLoop[httpx.AsyncClient]:
    """Clients that read at most ``max_bytes`` of a response; none is made yet.

    A redirect is not followed: it could carry the key, and the question, to somebody else.
    """

    def make() -> httpx.AsyncClient:
        # A few compressed bytes can unpack to gigabytes; nothing compressed is accepted.
        headers = {"Accept-Encoding": "identity"}
        transport = _Bounded(max_bytes, _proxy(base_url))
        return httpx.AsyncClient(transport=transport, timeout=_TIMEOUT, headers=headers)

    return PerLoop(make, lambda client: client.aclose())


def _proxy(base_url: str) -> str | None:
    parts = urlsplit(base_url)
    if not parts.hostname or proxy_bypass(parts.hostname):
        return None
    return getproxies().get(parts.scheme)


class _Bounded(httpx.AsyncBaseTransport):
    def __init__(self, max_bytes: int, proxy: str | None) -> None:
        self._max_bytes = max_bytes
        self._inner = httpx.AsyncHTTPTransport(limits=_LIMITS, proxy=proxy)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._inner.handle_async_request(request)
        stream = response.stream
        assert isinstance(stream, httpx.AsyncByteStream)
        if response.headers.get("Content-Encoding", "identity") != "identity":
            await stream.aclose()
            raise TooLongError
        response.stream = _Counted(stream, self._max_bytes)
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


class _Counted(httpx.AsyncByteStream):
    def __init__(self, inner: httpx.AsyncByteStream, left: int) -> None:
        self._inner, self._left = inner, left

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for data in self._inner:
            if self._left <= 0:
                raise TooLongError
            self._left -= len(data)
            yield data

    async def aclose(self) -> None:
        await self._inner.aclose()

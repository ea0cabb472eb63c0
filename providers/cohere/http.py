"""HTTP to Cohere: one pooled keep-alive client, plain JSON, errors translated, calls counted.

The SDK spends about 4 ms CPU per streamed event and 9 ms per embedding on type checks; this
spends microseconds. A request is retried at most once, and only before its first byte.
"""

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final
from urllib.request import getproxies
from weakref import WeakKeyDictionary

import aiohttp
import orjson

import metering
from background_loop import BackgroundLoop
from providers.calls import Calls
from providers.cohere.errors import COHERE, translated
from providers.failures import (
    BrokenStreamError,
    TooLongError,
    seconds_of,
    translate,
    unavailable,
)

Loop = asyncio.AbstractEventLoop

CLIENT_NAME: Final = "book-chat"
PUBLIC_URL: Final = "https://api.cohere.com"
_CONNECT_SECONDS: Final = 5.0
_KEEP_ALIVE_SECONDS: Final = 60.0
_ERROR_BODY: Final = 16_384
MAX_BYTES: Final = 32 << 20
# What a read costs is the same for one token and for five, so the busier the process, the longer
# each stream gathers: per open stream, and never so long that a reader could see it.
_GATHER_SECONDS: Final = 0.0015
_LEAST_GATHER: Final = 0.008
_MOST_GATHER: Final = 0.096
# They are read in groups: a turn of the loop costs about the same for one stream and for ten.
_GROUPS: Final = 3


def _timeout(idle_seconds: float | None = None) -> aiohttp.ClientTimeout:
    """Of a connection and of silence; how long all of a request may take is timed around it."""
    return aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS, sock_read=idle_seconds)


_WHOLE: Final = _timeout()


class CohereHTTP:
    """Sends requests to Cohere; one per process, usable from several event loops.

    Args:
        api_key: sent as bearer token, shown nowhere.
        base_url: another endpoint that speaks Cohere's API.
        idle_seconds: longest silence within an answer that has begun.
        max_bytes: of one response; what is longer is not read to its end.
        sleep, uniform, clock: time and chance, for tests.
    """

    def __init__(
        self,
        api_key: str,
        base_url: str | None = None,
        *,
        idle_seconds: float = 30.0,
        max_bytes: int = MAX_BYTES,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        uniform: Callable[[float, float], float] = random.uniform,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = (base_url or PUBLIC_URL).rstrip("/")
        self._headers = {
            "Authorization": f"Bearer {api_key}",
            "Content-Type": "application/json",
            "X-Client-Name": CLIENT_NAME,
            # A few compressed bytes can unpack to gigabytes; nothing compressed is accepted.
            "Accept-Encoding": "identity",
        }
        self._streaming = _timeout(idle_seconds)
        self._max_bytes = max_bytes
        self.calls = Calls(COHERE, sleep=sleep, uniform=uniform, clock=clock)
        self._sessions: WeakKeyDictionary[Loop, aiohttp.ClientSession] = WeakKeyDictionary()
        self._open_streams = 0
        self.background = BackgroundLoop("cohere")

    async def post(
        self, path: str, body: dict[str, Any], *, operation: str, deadline: float
    ) -> dict[str, Any]:
        """The JSON object that Cohere answers with.

        Args:
            path: such as ``/v2/embed``.
            operation: what the calls are counted as; failures add up to a break per operation.
            deadline: seconds for all of it, a retry included.

        Raises:
            BookChatError: by what must be done about it.
        """

        async def attempt(seconds: float) -> dict[str, Any]:
            with self.calls.counted(operation), translated(operation):
                async with asyncio.timeout(seconds):
                    response = await self._send(path, body, operation)
                    async with response:
                        return await self._object(response, operation)

        return await self.calls.retried(attempt, operation, deadline)

    @asynccontextmanager
    async def stream(
        self, path: str, body: dict[str, Any], *, operation: str, deadline: float
    ) -> AsyncGenerator["OpenStream"]:
        """The bytes of the answer as they come.

        Leaving the block before the end closes the connection, so that Cohere stops as well.
        ``deadline`` is for the answer's beginning. Raises ``BookChatError``, also for what reading
        raises and for a ``BrokenStreamError`` of the block, but ``TooLongError`` as it is.
        """

        async def attempt(seconds: float) -> aiohttp.ClientResponse:
            with self.calls.counted(operation), translated(operation):
                async with asyncio.timeout(seconds):
                    return await self._send(path, body, operation, self._streaming)

        response = await self.calls.retried(attempt, operation, deadline)
        self._open_streams += 1
        try:
            yield OpenStream(response, operation, self._max_bytes)
        except (BrokenStreamError, aiohttp.ClientError, TimeoutError, OSError):
            self.calls.broken(operation)
            raise unavailable(operation) from None
        finally:
            self._open_streams -= 1
            response.close()

    @property
    def gather_seconds(self) -> float:
        """How long a stream lets more arrive before it is read; 0 while few are being read."""
        seconds = min(_MOST_GATHER, self._open_streams * _GATHER_SECONDS)
        return seconds if seconds >= _LEAST_GATHER else 0.0

    async def aclose(self) -> None:
        """Closes the connections of all loops. The client may be used again afterwards."""
        here = asyncio.get_running_loop()
        for loop, session in list(self._sessions.items()):
            if loop is here or loop.is_closed():
                await session.close()
            elif loop.is_running():
                await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(session.close(), loop))
        self._sessions.clear()
        self.background.close()

    async def _send(
        self,
        path: str,
        body: dict[str, Any],
        operation: str,
        limits: aiohttp.ClientTimeout = _WHOLE,
    ) -> aiohttp.ClientResponse:
        response = await self._session().post(
            self._url + path,
            data=orjson.dumps(body),
            timeout=limits,
            # A redirect could carry the key, and the question, to somebody else.
            allow_redirects=False,
        )
        if response.status == 200:
            if response.headers.get("Content-Encoding", "identity") != "identity":
                response.close()
                raise unavailable(operation)
            return response
        async with response:
            said = await response.content.read(_ERROR_BODY)
        retry_after = seconds_of(response.headers.get("Retry-After"))
        raise translate(COHERE, response.status, operation, said, retry_after)

    async def _object(self, response: aiohttp.ClientResponse, operation: str) -> dict[str, Any]:
        raw = bytearray()
        with translated(operation, begun=True):
            async for data in response.content.iter_any():
                raw += data
                if len(raw) > self._max_bytes:
                    metering.count(metering.Event.RESPONSE_TOO_LONG, label=operation)
                    raise unavailable(operation)
        try:
            value = orjson.loads(raw)
        except orjson.JSONDecodeError:
            raise unavailable(operation) from None
        if not isinstance(value, dict):
            raise unavailable(operation)
        return value

    def _session(self) -> aiohttp.ClientSession:
        loop = asyncio.get_running_loop()
        session = self._sessions.get(loop)
        if session is None or session.closed:
            # How many connections there are is bounded by how many answers may run.
            connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEEP_ALIVE_SECONDS)
            session = self._sessions[loop] = aiohttp.ClientSession(
                connector=connector,
                headers=self._headers,
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                # Looking for a proxy costs each request; most hosts have none.
                trust_env=bool(getproxies()),
            )
        return session


class OpenStream:
    """The body of one response.

    Args:
        operation: what a body that is too long is counted as.
        max_bytes: of the body.
    """

    def __init__(self, response: aiohttp.ClientResponse, operation: str, max_bytes: int) -> None:
        self._response = response
        self._operation = operation
        self._left = max_bytes

    async def read(self) -> bytes:
        """The next bytes; ``b""`` is the end.

        Raises:
            TooLongError: the body is longer than allowed.
        """
        if self._left <= 0:
            metering.count(metering.Event.RESPONSE_TOO_LONG, label=self._operation)
            raise TooLongError
        data = await self._response.content.readany()
        self._left -= len(data)
        return data

    async def gather(self, seconds: float) -> None:
        """Lets more arrive, at most for so long.

        It waits in the socket, because each look at that costs as much as a read.
        """
        transport = self._response.connection and self._response.connection.transport
        if not seconds or transport is None or transport.is_closing():
            return
        transport.pause_reading()
        try:
            now, step = asyncio.get_running_loop().time(), seconds / _GROUPS
            await asyncio.sleep((now + seconds) // step * step - now)
        finally:
            if not transport.is_closing():
                transport.resume_reading()

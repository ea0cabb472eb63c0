"""A Qdrant server, cluster or cloud: its clients, and what its errors mean."""

import logging
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Literal

import httpx
from qdrant_client import AsyncQdrantClient, QdrantClient, models
from qdrant_client.common.client_exceptions import ResourceExhaustedResponse
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse
from qdrant_client.http.models import QueryResponse

from errors import BookChatError, FixConfiguration, RetryLater
from providers.qdrant.engine.errors import EdgeError
from settings import Settings

SEARCH_SECONDS: Final = 10
INDEX_SECONDS: Final = 60
CONNECT_SECONDS: Final = 3.0
_LIMITS: Final = httpx.Limits(max_connections=64, max_keepalive_connections=32)
_AWAY: Final = "The book's index cannot be reached right now."
_HINTS: Final = (
    ("no space", "its disk is full"),
    ("disk is full", "its disk is full"),
    ("out of memory", "it is out of memory"),
    ("format error", "it does not understand the request; is it older than 1.10?"),
)
_log = logging.getLogger(__name__)


class _Transport(httpx.AsyncBaseTransport):
    """Connects soon or not at all, and forgives a connection that died while it was idle."""

    def __init__(self, verify: ssl.SSLContext | bool) -> None:
        self._inner = httpx.AsyncHTTPTransport(verify=verify, limits=_LIMITS)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        timeout = request.extensions.get("timeout", {})
        request.extensions["timeout"] = {**timeout, "connect": CONNECT_SECONDS}
        try:
            return await self._inner.handle_async_request(request)
        except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
            # A server that was restarted closed it. Everything but the making of a collection
            # may be sent twice.
            if request.method == "PUT" and not request.url.path.endswith("/points"):
                raise
            return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


class SearchClient(AsyncQdrantClient):
    """Sends searches as they are: the client's look for texts to embed copies every vector."""

    async def query_batch_points(
        self, collection_name: str, requests: Sequence[models.QueryRequest], *_: Any, **__: Any
    ) -> list[QueryResponse]:
        """Answers of several searches in one request."""
        batch = models.QueryRequestBatch.model_construct(searches=list(requests))
        answer = await self.http.search_api.query_batch_points(
            collection_name, query_request_batch=batch
        )
        return answer.result or []


def _options(settings: Settings, timeout: int) -> dict[str, Any]:
    # The key travels as a header: given as api_key, the client warns on every http:// URL,
    # which is what a Qdrant beside the service in a compose file has.
    key = settings.qdrant_api_key
    return {
        "url": settings.qdrant_url,
        "headers": {"api-key": key.get_secret_value()} if key else None,
        "timeout": timeout,
        "check_compatibility": False,
        "limits": _LIMITS,
        "verify": _trust(settings.qdrant_url or ""),
    }


@lru_cache(maxsize=1)
def _certificates() -> ssl.SSLContext:
    return httpx.create_ssl_context()


def _trust(url: str) -> ssl.SSLContext | bool:
    # Reading the certificates takes 30 ms a client: once is enough, and plain HTTP needs none.
    return _certificates() if url.startswith("https://") else False


def open_async(settings: Settings, timeout: int) -> AsyncQdrantClient:
    """The client of the service: one pool of kept-alive connections, no request yet."""
    options = _options(settings, timeout)
    return SearchClient(**options, transport=_Transport(options["verify"]))


def open_sync(settings: Settings, timeout: int) -> QdrantClient:
    """The client behind the synchronous methods that LangChain offers."""
    return QdrantClient(**_options(settings, timeout))


async def settles_itself(collection: str) -> None:
    """A server builds its indexes in the background; nothing to do."""


@dataclass(frozen=True)
class CollectionOptions:
    """How a new collection is laid out; shards and replicas matter to servers only."""

    shards: int = 1
    replicas: int = 1
    quantization: Literal["none", "scalar", "binary"] = "none"
    on_disk: bool = False

    @classmethod
    def of(cls, settings: Settings) -> "CollectionOptions":
        """The options that the environment names."""
        return cls(
            settings.qdrant_shards,
            settings.qdrant_replicas,
            settings.qdrant_quantization,
            settings.qdrant_on_disk,
        )

    def dense(self, dimensions: int) -> models.VectorParams:
        """The dense vector: cosine, ``dimensions`` floats."""
        return models.VectorParams(
            size=dimensions, distance=models.Distance.COSINE, on_disk=self.on_disk or None
        )

    def collection(self) -> dict[str, Any]:
        """Further arguments of ``create_collection``."""
        chosen: dict[str, Any] = {}
        if self.shards > 1:
            chosen["shard_number"] = self.shards
        if self.replicas > 1:
            chosen["replication_factor"] = self.replicas
        if self.quantization == "scalar":
            chosen["quantization_config"] = models.ScalarQuantization(
                scalar=models.ScalarQuantizationConfig(
                    type=models.ScalarType.INT8, quantile=0.99, always_ram=True
                )
            )
        if self.quantization == "binary":
            chosen["quantization_config"] = models.BinaryQuantization(
                binary=models.BinaryQuantizationConfig(always_ram=True)
            )
        return chosen


@contextmanager
def translated() -> Iterator[None]:
    """Turns what the clients raise into errors.*; a cancelled call stays cancelled.

    Raises:
        RetryLater: ``retrieval_unavailable``: away, too slow, overloaded, or not indexed yet.
        FixConfiguration: key refused, or the collection does not fit the embedding model.
    """
    try:
        yield
    except ResponseHandlingException as error:
        raise _away(error.source) from error
    except ResourceExhaustedResponse as error:
        raise _later(_AWAY, retry_after=float(error.retry_after_s)) from error
    except UnexpectedResponse as error:
        raise _refused(error) from error
    except EdgeError as error:
        raise _engine(str(error)) from error


def _later(detail: str, retry_after: float | None = None) -> RetryLater:
    return RetryLater(detail, code="retrieval_unavailable", retry_after=retry_after)


def _fix(detail: str) -> FixConfiguration:
    return FixConfiguration(detail, code="retrieval_unavailable")


def _away(source: BaseException) -> BookChatError:
    _log.warning("no answer from Qdrant: %s", _reason(source))
    return _later(_AWAY, retry_after=2.0)


def _reason(source: BaseException) -> str:
    try:
        url = source.request.url  # type: ignore[attr-defined]  # the client types it as object
        where = f"{url.host}:{url.port or {'https': 443}.get(url.scheme, 80)}"
    except (AttributeError, RuntimeError):
        where = "its address"
    if isinstance(source, httpx.ConnectTimeout):
        hint = "QDRANT_URL=https://host:443 often passes where port 6333 does not"
        return f"no connection to {where} within {CONNECT_SECONDS:.0f} s ({hint})"
    if isinstance(source, httpx.ConnectError):
        return f"no connection to {where}"
    if isinstance(source, httpx.TimeoutException):
        return f"{where} accepted the request but did not answer in time"
    return f"{type(source).__name__} at {where}"


def _refused(error: UnexpectedResponse) -> BookChatError:
    content = error.content.decode("utf-8", "replace")
    if error.status_code in (401, 403):
        return _fix("QDRANT_API_KEY is missing or not accepted by QDRANT_URL")
    if error.status_code == 404 and "ollection" in content:
        return _later("The book is not indexed yet.")
    if error.status_code == 404:
        return _fix("QDRANT_URL does not answer as a Qdrant server")
    misfit = _misfit(content) if error.status_code == 400 else None
    if misfit is None:
        # What a server, or a proxy before it, wrote may hold the key or a reader's words.
        hint = next((f": {ours}" for theirs, ours in _HINTS if theirs in content.lower()), "")
        _log.warning("Qdrant answered with status %s%s", error.status_code, hint)
    return misfit or _later(_AWAY, retry_after=2.0)


def _engine(message: str) -> BookChatError:
    misfit = _misfit(message)
    if misfit is None:
        _log.error("the embedded engine refused a request")
    return misfit or _later(_AWAY)


def _misfit(message: str) -> BookChatError | None:
    if "dimension" in message or "vector name" in message:
        return _fix("the indexed book does not fit the embedding model: run python -m loaders")
    return None

"""Fixtures of the provider tests."""

from collections.abc import AsyncIterator, Iterator

import pytest

from extractive.chat import ExtractiveChat
from providers.cohere.models import CohereHTTP
from providers.embedded.minilm import MiniLMEmbeddings
from standins.cohere import KEY, CohereStandIn
from standins.server import serve


class ServedCohere(CohereStandIn):
    """The stand-in with the address that it is served at."""

    url: str = ""


@pytest.fixture(scope="module")
def chat() -> ExtractiveChat:
    """The embedded answerer with the embedded model."""
    return ExtractiveChat(embeddings=MiniLMEmbeddings())


@pytest.fixture(scope="module")
def _served_cohere() -> Iterator[ServedCohere]:
    app = ServedCohere()
    with serve(app) as app.url:
        yield app


@pytest.fixture
def cohere_api(_served_cohere: ServedCohere) -> ServedCohere:
    """Cohere's API as a stand-in, with nothing wrong and nothing recorded."""
    _served_cohere.reset()
    return _served_cohere


@pytest.fixture
async def http(cohere_api: ServedCohere) -> AsyncIterator[CohereHTTP]:
    """Our client of the stand-in; its pauses take no time."""

    async def no_time(seconds: float) -> None:
        pass

    client = CohereHTTP(KEY, cohere_api.url, sleep=no_time)
    yield client
    await client.aclose()

"""The same against the real Cohere: ``COHERE_API_KEY=… pytest -m live tests/providers``.

Five calls in all, so that a trial key lasts. ``COHERE_BASE_URL`` is respected.
"""

import os
from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from errors import FixConfiguration
from providers.cohere import models as cohere
from providers.cohere.models import CohereHTTP
from settings import Settings, load_settings
from tests.providers.test_cohere_chat import GRIPPER, QUESTION, ROS
from tests.providers.test_cohere_stream import notes_of, text_of

KEY = os.environ.get("COHERE_API_KEY", "")
pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(not KEY, reason="COHERE_API_KEY=… pytest -m live tests/providers"),
]


@pytest.fixture
def settings() -> Settings:
    return load_settings(cohere_api_key=SecretStr(KEY))


@pytest.fixture
async def live(settings: Settings) -> AsyncIterator[CohereHTTP]:
    client = cohere.build_http(settings)
    yield client
    await client.aclose()


async def test_a_real_answer_streams_with_citations_that_hold(
    live: CohereHTTP, settings: Settings
) -> None:
    stream = cohere.build_chat(settings, live).astream(QUESTION, documents=[ROS, GRIPPER])
    chunks = [chunk async for chunk in stream]
    text, notes = text_of(chunks), notes_of(chunks)
    assert len(chunks) > 3
    assert notes
    assert all(text[n["start_index"] : n["end_index"]] == n["cited_text"] for n in notes)
    assert any("ros" in n["extras"]["source_ids"] for n in notes)
    assert chunks[-1].usage_metadata


async def test_a_real_embedding_has_the_dimensions_that_we_think(
    live: CohereHTTP, settings: Settings
) -> None:
    embeddings = cohere.build_embeddings(settings, live)
    vectors = await embeddings.aembed_documents([ROS.page_content, GRIPPER.page_content])
    assert [len(v) for v in vectors] == [embeddings.dimensions] * 2


async def test_a_real_reranker_finds_the_passage(live: CohereHTTP, settings: Settings) -> None:
    reranker = cohere.build_reranker(settings, live)
    assert reranker
    ranked = await reranker.acompress_documents([GRIPPER, ROS], "Which middleware is there?")
    assert ranked[0].metadata["id"] == "ros"


async def test_a_real_rewrite_is_one_line(live: CohereHTTP, settings: Settings) -> None:
    condense = cohere.build_condense(settings, live)
    rule = "Rewrite the last message as a question that stands alone. Reply with it alone.\n"
    reply = await condense.ainvoke(rule + "Reader: What is ROS 2?\nReader: Who made it?")
    assert "ROS 2" in reply.text


async def test_a_real_refusal_of_the_key_is_said_plainly(settings: Settings) -> None:
    client = CohereHTTP("not-a-key", settings.cohere_base_url)
    with pytest.raises(FixConfiguration, match="COHERE_API_KEY"):
        await cohere.build_embeddings(settings, client).aembed_query("x")
    await client.aclose()

"""The MCP door, asked by the Python client in both protocols, and over plain HTTP."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from mcp import Client, MCPError
from starlette.applications import Starlette
from starlette.routing import Mount

from api.mcp.endpoint import McpEndpoint, load_server
from api.mcp.server import McpServer
from api.services import Services
from errors import RetryLater
from schema import Answer
from standins.server import serve
from tests.api.conftest import QUESTION, Served
from tests.api.test_outages import eventually

ASK: dict[str, Any] = {"name": "ask", "arguments": {"question": QUESTION}}
ACCEPT = {"Accept": "application/json, text/event-stream"}


@pytest.fixture(params=["auto", "legacy"])
def mode(request: pytest.FixtureRequest) -> Any:
    return request.param


def client(served: Served, mode: Any = "auto") -> Client:
    return Client(f"{served.url}/mcp", mode=mode)


def told(result: Any) -> Any:
    """The structured content, which the text repeats as JSON."""
    assert not result.is_error, result
    assert json.loads(result.content[0].text) == result.structured_content
    return result.structured_content


async def test_the_three_tools_describe_themselves(served: Served, mode: Any) -> None:
    async with client(served, mode) as mcp:
        tools = {tool.name: tool for tool in (await mcp.list_tools()).tools}
    assert set(tools) == {"search", "fetch", "ask"}
    for tool in tools.values():
        assert tool.output_schema
        assert tool.annotations
        assert tool.annotations.read_only_hint
    assert tools["search"].input_schema["required"] == ["query"]
    assert set(tools["ask"].input_schema["properties"]) == {
        "question",
        "section",
        "language",
        "version",
    }


async def test_what_search_finds_can_be_fetched_and_opened(served: Served, mode: Any) -> None:
    async with client(served, mode) as mcp:
        results = told(await mcp.call_tool("search", {"query": QUESTION}))["results"]
        assert set(results[0]) == {"id", "title", "url"}
        assert results[0]["title"] == "ROS 2: What ROS 2 is"
        for found in results:
            assert found["url"].startswith(f"{served.url}/pages/")
            assert served.http.get(found["url"]).status_code == 200
            fetched = told(await mcp.call_tool("fetch", {"id": found["id"]}))
            assert fetched["url"] == found["url"]
            assert fetched["text"]
            assert fetched["metadata"]["path"] == "module-1/ros.md"
        page = told(await mcp.call_tool("fetch", {"id": "module-1/ros"}))
        assert page["text"].startswith("# ROS 2\n\n## What ROS 2 is\n")


async def test_an_answer_comes_with_its_citations(served: Served, mode: Any) -> None:
    async with client(served, mode) as mcp:
        answer = Answer.model_validate(told(await mcp.call_tool("ask", ASK["arguments"])))
    assert answer.answer == "ROS 2 is middleware for robots."
    (cited,) = answer.citations
    assert answer.answer[cited.start : cited.end] == cited.text
    source = next(s for s in answer.sources if s.id == cited.source_ids[0])
    assert served.http.get(source.url).status_code == 200


async def test_pages_are_resources(served: Served, mode: Any) -> None:
    async with client(served, mode) as mcp:
        (page,) = (await mcp.list_resources()).resources
        assert page.uri == f"{served.url}/pages/module-1/ros.md"
        (content,) = (await mcp.read_resource(page.uri)).contents
        assert content.text == served.http.get(page.uri).text  # type: ignore[union-attr]  # text, or the test fails
        with pytest.raises(MCPError, match="no such page"):
            await mcp.read_resource(f"{served.url}/pages/nowhere.md")
        (template,) = (await mcp.list_resource_templates()).resource_templates
        assert template.uri_template.endswith("/pages/{+path}.md")


@pytest.mark.parametrize(
    ("tool", "arguments", "named"),
    [
        ("search", {}, "query: Field required"),
        ("search", {"query": "  "}, "query"),
        ("ask", {"question": "x" * 2001}, "question"),
        ("ask", {"question": 7}, "question"),
        ("fetch", {"id": "nowhere"}, "not_found"),
    ],
)
async def test_a_bad_call_is_told_to_the_model(
    served: Served, tool: str, arguments: dict[str, Any], named: str
) -> None:
    async with client(served) as mcp:
        result = await mcp.call_tool(tool, arguments)
        assert result.is_error
        assert named in result.content[0].text  # type: ignore[union-attr]  # text, or the test fails
        assert (await mcp.call_tool("search", {"query": "robot"})).is_error is False


async def test_an_unknown_tool_is_an_error_of_the_protocol(served: Served) -> None:
    async with client(served) as mcp:
        with pytest.raises(MCPError, match="no tool"):
            await mcp.call_tool("delete", {})


async def test_a_part_that_is_away_says_only_its_code(served: Served) -> None:
    served.store.fails["store"] = RetryLater("Away.", code="retrieval_unavailable")
    async with client(served) as mcp:
        for tool, arguments in (("ask", ASK["arguments"]), ("search", {"query": "robot"})):
            result = await mcp.call_tool(tool, arguments)
            assert result.is_error
            said = result.content[0].text  # type: ignore[union-attr]  # text, or the test fails
            assert said.startswith("Away. (retrieval_unavailable")


def test_a_client_that_leaves_stops_the_answer(served: Served) -> None:
    served.chat.gate = asyncio.Event()
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": ASK}
    headers = {**ACCEPT, "MCP-Protocol-Version": "2025-11-25"}
    with pytest.raises(httpx.ReadTimeout):
        served.http.post("/mcp", json=body, headers=headers, timeout=0.5)
    assert eventually(lambda: served.services.runs.running == 0)
    assert served.services.slots.taken == 0


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"[" * 5000, b"null", b'{"jsonrpc":"2.0"}'])
def test_what_is_no_message_is_refused(served: Served, body: bytes) -> None:
    headers = {**ACCEPT, "Content-Type": "application/json"}
    response = served.http.post("/mcp", content=body, headers=headers)
    assert 400 <= response.status_code < 500, response.text
    assert "Traceback" not in response.text


def test_a_batch_of_calls_is_not_taken(served: Served) -> None:
    one = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": ASK}
    response = served.http.post("/mcp", json=[one] * 50, headers=ACCEPT)
    assert response.status_code == 400
    assert served.chat.seen == []


def test_nothing_waits_for_what_a_stateless_server_never_sends(served: Served) -> None:
    assert served.http.get("/mcp", headers=ACCEPT).status_code == 405
    assert served.http.delete("/mcp").status_code == 405


def test_it_answers_under_any_name_unless_told_otherwise(served: Served) -> None:
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    headers = {**ACCEPT, "Host": "book.example"}
    response = served.http.post("/mcp", json=body, headers=headers)
    assert response.status_code == 200
    card = served.http.get("/.well-known/mcp/server-card.json", headers={"Host": "book.example"})
    assert card.json()["name"] == "example.book/book-chat"
    assert card.json()["remotes"][0]["url"] == "http://book.example/mcp"


class TestWithRules:
    @pytest.fixture
    def overrides(self) -> dict[str, Any]:
        return {"allowed_hosts": "book.example", "allowed_origins": "https://site.example"}

    def test_host_and_origin_are_checked(self, served: Served) -> None:
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
        status = {}
        for host in ("book.example", "evil.example"):
            for origin in ("https://site.example", "https://evil.example"):
                headers = {**ACCEPT, "Host": host, "Origin": origin}
                response = served.http.post("/mcp", json=body, headers=headers)
                status[host[:4], origin[8:12]] = response.status_code
        assert status == {
            ("book", "site"): 200,
            ("book", "evil"): 403,
            ("evil", "site"): 421,
            ("evil", "evil"): 421,
        }


def test_a_server_that_could_not_be_loaded_is_loaded_by_the_next_request(served: Served) -> None:
    failures = [OSError("no file may be opened any more")]

    def load(services: Services) -> McpServer:
        if failures:
            raise failures.pop()
        return load_server(services)

    endpoint = McpEndpoint(served.services, load)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with endpoint.running():
            yield

    app = Starlette(routes=[Mount("/", endpoint)], lifespan=lifespan)
    with serve(app) as url:
        listing = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
        # A connection each: after an unexpected error the server closes the one it came by.
        assert httpx.post(f"{url}/mcp", json=listing, headers=ACCEPT).status_code == 500
        assert '"name":"ask"' in httpx.post(f"{url}/mcp", json=listing, headers=ACCEPT).text

"""The AsyncAPI document against what really goes over the socket."""

import asyncio
import json
import random
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from jsonschema import Draft202012Validator
from websockets.asyncio.client import connect

from api.shapes import frames
from errors import FixQuestion
from tests.api.conftest import QUESTION, Served
from tests.api.made_up import values
from tests.api.test_outages import eventually
from tests.api.test_websocket import _open, receive, until


@pytest.fixture
def document(served: Served) -> dict[str, Any]:
    response = served.http.get("/asyncapi.json")
    assert response.headers["content-type"] == "application/json"
    found: dict[str, Any] = response.json()
    return found


def validator(document: dict[str, Any], message: str) -> Draft202012Validator:
    payload = document["components"]["messages"][message]["payload"]
    return Draft202012Validator({**payload, "components": document["components"]})


def by_type(document: dict[str, Any], operation: str) -> dict[str, Draft202012Validator]:
    found = {}
    for message in document["operations"][operation]["messages"]:
        name = message["$ref"].rsplit("/", 1)[1]
        found[document["components"]["messages"][name]["name"]] = validator(document, name)
    return found


def test_every_reference_of_the_document_leads_somewhere(document: dict[str, Any]) -> None:
    assert document["asyncapi"].startswith("3.")
    assert document["channels"]["chat"]["address"] == "/ws/chat"
    references: list[str] = []

    def collect(node: Any) -> None:
        if isinstance(node, dict):
            references.extend(v for k, v in node.items() if k == "$ref")
        for child in node.values() if isinstance(node, dict) else node:
            if isinstance(child, dict | list):
                collect(child)

    collect(document)
    assert references
    for reference in references:
        node: Any = document
        for step in reference.removeprefix("#/").split("/"):
            node = node[step]
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_the_frames_of_the_contract_are_all_there(document: dict[str, Any]) -> None:
    assert set(by_type(document, "fromClient")) == {"ask", "cancel", "resume", "ping"}
    assert set(by_type(document, "fromServer")) == {
        "ready", "start", "sources", "token", "citation", "done", "cancelled", "error", "pong"
    }  # fmt: skip


async def test_every_frame_of_a_conversation_is_as_the_document_says(
    served: Served, document: dict[str, Any]
) -> None:
    ask = {"type": "ask", "id": "q1", "question": QUESTION}
    seen = []
    async with connect(served.ws) as socket:
        seen.append(await receive(socket))
        await socket.send(json.dumps(ask))
        seen += await until(socket, "done")
        resume = {"type": "resume", "answer_id": seen[1]["answer_id"], "after": 1}
        for frame in ({"type": "ping"}, resume, {"type": "cancel", "id": "none"}):
            await socket.send(json.dumps(frame))
        seen += await until(socket, "pong")
        gate = served.chat.gate = asyncio.Event()
        await socket.send(json.dumps({**ask, "id": "q2", "question": f"{QUESTION} "}))
        while seen[-1].get("id") != "q2" or seen[-1]["type"] != "token":
            seen.append(await receive(socket))
        await socket.send(json.dumps({"type": "cancel", "id": "q2"}))
        seen += await until(socket, "cancelled")
        _open(served, gate)
    said = by_type(document, "fromServer")
    assert {frame["type"] for frame in seen} == set(said)
    for frame in seen:
        said[frame["type"]].validate(frame)
        assert all(name in frame for name in ("type",))


@pytest.mark.parametrize(
    ("frame", "fits"),
    [
        ({"type": "ask", "id": "q", "question": "x"}, True),
        ({"type": "ask", "id": "q", "question": "x", "history": [], "extra": 1}, True),
        ({"type": "ask", "id": "", "question": "x"}, False),
        ({"type": "ask", "id": "q", "question": "x" * 2001}, False),
        ({"type": "cancel"}, False),
        ({"type": "cancel", "id": "q"}, True),
        ({"type": "resume", "answer_id": "a", "after": -1}, True),
        ({"type": "resume", "answer_id": "a", "after": "1"}, False),
        ({"type": "resume", "answer_id": "a", "after": -2}, False),
        ({"type": "ping"}, True),
    ],
)
def test_the_door_and_the_document_agree_on_what_a_frame_is(
    document: dict[str, Any], frame: dict[str, Any], fits: bool
) -> None:
    assert by_type(document, "fromClient")[frame["type"]].is_valid(frame) is fits
    if fits:
        frames.parse(frame)
    else:
        with pytest.raises(FixQuestion):
            frames.parse(frame)


def made_up(document: dict[str, Any]) -> list[str]:
    """Frames that the document allows, and the same with one byte gone wrong."""
    found: list[str] = []
    dice = random.Random(1)  # noqa: S311 - repeatable dice
    for kind in by_type(document, "fromClient").values():

        @settings(
            max_examples=25,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(frame=values(cast(dict[str, Any], kind.schema), document))
        def keep(frame: Any) -> None:
            text = json.dumps(frame)
            at = dice.randrange(len(text))
            found.extend([text, text[:at] + dice.choice('{}[]",:0\\') + text[at + 1 :]])

        keep()
    return found


async def test_every_frame_made_up_from_the_document_is_answered_as_it_says(
    served: Served, document: dict[str, Any]
) -> None:
    said = by_type(document, "fromServer")
    sent = made_up(document)
    assert len(sent) > 100
    async with connect(served.ws) as socket:
        said["ready"].validate(await receive(socket))
        for frame in sent:
            await socket.send(frame)
            await socket.send('{"type":"ping"}')
            while (answer := await receive(socket))["type"] != "pong":
                said[answer["type"]].validate(answer)
                assert answer.get("code") != "internal", frame
        await socket.send(json.dumps({"type": "cancel", "id": "q"}))
    assert await asyncio.to_thread(eventually, lambda: served.services.slots.taken == 0)

"""Many readers at once: nobody sees, or is answered from, what another one said."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import httpx
from websockets.asyncio.client import connect

from standins.cohere import CohereStandIn
from tests.api.test_websocket import receive, until
from tests.api.wired import Wired, over_cohere

READERS = 30
_NAME = re.compile(r"Zebulon\d+")


def questions(reader: int) -> list[str]:
    return [
        f"How fast does the balance controller of Zebulon{reader} run?",
        f"Why does it run that fast, says Zebulon{reader}?",
        f"And where must it step, says Zebulon{reader}?",
    ]


async def over_http(service: Wired, http: httpx.AsyncClient, reader: int) -> str:
    session_id: str = (await http.post("/sessions")).json()["session_id"]
    for question in questions(reader):
        body = {"input": {"question": question, "session_id": session_id}}
        answer = (await http.post("/chat/invoke", json=body)).json()["output"]
        assert answer["session_id"] == session_id
    return session_id


async def over_websocket(service: Wired, reader: int) -> str:
    async with connect(service.ws, max_size=2**22) as socket:
        session_id: str = (await receive(socket))["session_id"]
        for question in questions(reader):
            await socket.send(json.dumps({"type": "ask", "id": "q", "question": question}))
            end = (await until(socket, "done", "error"))[-1]
            assert end["answer"]["session_id"] == session_id
    return session_id


async def test_sessions_do_not_mix_under_load(tmp_path: Path) -> None:
    cohere = CohereStandIn()
    with over_cohere(tmp_path, cohere) as service:
        async with httpx.AsyncClient(base_url=service.url, timeout=60) as http:
            ids = await asyncio.gather(
                *(
                    over_http(service, http, n) if n % 2 else over_websocket(service, n)
                    for n in range(READERS)
                )
            )
            assert len(set(ids)) == READERS
            for reader, session_id in enumerate(ids):
                turns = (await http.get(f"/sessions/{session_id}/turns")).json()["turns"]
                assert [turn["question"] for turn in turns] == questions(reader)
                assert named(turns) == {f"Zebulon{reader}"}
    # What a provider is sent for a reader is that reader's only.
    assert len(cohere.requests) > READERS
    for request in cohere.requests:
        assert len(named(request.body)) <= 1, request.path


def named(value: Any) -> set[str]:
    return set(_NAME.findall(json.dumps(value)))

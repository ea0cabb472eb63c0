"""What a browser needs of a deployed Book Chat: the WebSocket, and its own origin let in."""

import asyncio
import json
from typing import Any, Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin

from deploy.checks import CheckFailedError, Target, expect

STRANGER: Final = "https://stranger.invalid"
_FRAME_SECONDS: Final = 60.0


async def websocket(target: Target) -> str:
    """The WebSocket answers a ping and a question, in numbered frames."""
    origin = Origin(target.origin) if target.origin else None
    try:
        async with connect(target.socket_url, origin=origin) as socket:
            hello = await _frame(socket)
            expect(hello["type"] == "ready" and hello["protocol"] == 1, "not protocol 1")
            await socket.send('{"type": "ping"}')
            expect((await _frame(socket))["type"] == "pong", "no pong")
            ask = {"type": "ask", "id": "smoke", "question": target.question}
            await socket.send(json.dumps(ask))
            frames = [await _frame(socket)]
            while frames[-1]["type"] not in ("done", "error"):
                frames.append(await _frame(socket))
    except (InvalidStatus, ConnectionClosed, OSError, TimeoutError) as error:
        raise CheckFailedError(f"the WebSocket broke: {error}") from error
    expect(frames[-1]["type"] == "done", f"the answer failed: {frames[-1].get('code')}")
    expect([f["seq"] for f in frames] == list(range(len(frames))), "seq does not count up by one")
    return f"{len(frames)} frames"


async def _frame(socket: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(_FRAME_SECONDS):
        frame: dict[str, Any] = json.loads(await socket.recv())
    return frame


async def front_end(target: Target) -> str:
    """The front end's origin is let in; another one is not, unless every one is."""
    if not target.origin:
        return "not checked: pass --origin https://your.book"
    preflight = {
        "origin": target.origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type",
    }
    response = await target.http.options("/chat/stream", headers=preflight)
    expect(response.status_code in (200, 204), f"a preflight answers {response.status_code}")
    allowed = response.headers.get("access-control-allow-origin")
    expect(allowed in ("*", target.origin), f"{target.origin} is not in ALLOWED_ORIGINS")
    answered = await target.http.get("/health/live", headers={"origin": target.origin})
    allowed = answered.headers.get("access-control-allow-origin")
    expect(allowed in ("*", target.origin), "an answer lacks Access-Control-Allow-Origin")
    if await _lets_in(target, STRANGER):
        return f"{target.origin} is let in, and so is everybody (ALLOWED_ORIGINS is *)"
    return f"{target.origin} is let in, a stranger is not"


async def _lets_in(target: Target, origin: str) -> bool:
    try:
        async with connect(target.socket_url, origin=Origin(origin)) as socket:
            return bool((await _frame(socket))["type"] == "ready")
    except (InvalidStatus, ConnectionClosed):
        return False

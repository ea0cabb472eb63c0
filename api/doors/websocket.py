"""The WebSocket door: ``/ws/chat``, protocol 1 (see ``docs/api.md``)."""

import asyncio
from typing import Any

import orjson
from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from starlette.websockets import WebSocketState

from api import problems
from api.observability.telemetry import current_request
from api.protection.origins import origin_allowed
from api.runs.run import Run, RunEvent, error_fields
from api.services import Services
from api.shapes import frames
from api.shapes.frames import MAX_FRAME, PROTOCOL
from errors import BookChatError, FixQuestion
from schema import Question

_MAX_ID = 200

router = APIRouter()


@router.websocket("/ws/chat")
async def chat(socket: WebSocket) -> None:
    """One reader's connection."""
    services: Services = socket.app.state.services
    if not origin_allowed(socket, services.settings.allowed_origins):
        await _deny(socket, 403, "Pages of this origin may not use this service.")
        return
    await socket.accept()
    connection = Connection(socket, services)
    try:
        await connection.serve()
    except (WebSocketDisconnect, RuntimeError):
        # Starlette raises RuntimeError when a send meets a socket that was closed a moment ago.
        pass
    finally:
        await connection.leave()


@router.websocket("/{path:path}")
async def nowhere(socket: WebSocket) -> None:
    """There is one WebSocket here."""
    await _deny(socket, 404)


async def _deny(socket: WebSocket, status: int, detail: str | None = None) -> None:
    """Answers the handshake like any other request."""
    request_id = current_request()
    problem = problems.of_status(status, request_id, detail)
    denial = problems.respond(problem, headers={"X-Request-ID": request_id})
    await socket.send_denial_response(denial)


class Connection:
    """Reads frames, follows at most one answer at a time."""

    def __init__(self, socket: WebSocket, services: Services) -> None:
        self._socket = socket
        self._services = services
        self._session_id = services.conversations.new_session()
        self._run: Run | None = None
        self._follower: asyncio.Task[None] | None = None
        self._unsent = 0
        """Answers whose frames are not all out yet."""

    async def serve(self) -> None:
        """Handles frames until the peer leaves."""
        await self._send({"type": "ready", "protocol": PROTOCOL, "session_id": self._session_id})
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            text = message.get("text")
            if len(text or message.get("bytes") or "") > MAX_FRAME:
                await self._socket.close(1009)
                return
            await self._handle(text)

    async def leave(self) -> None:
        """Stops following; the answer goes on and can be resumed."""
        if self._follower is not None:
            self._follower.cancel()
            await asyncio.gather(self._follower, return_exceptions=True)

    async def _handle(self, text: str | None) -> None:
        ask_id: Any = None
        try:
            raw = frames.read(text)
            ask_id = raw.get("id")
            match frames.parse(raw):
                case frames.Ask() as asked:
                    await self._ask(asked)
                case frames.Cancel(id=cancelled):
                    await self._cancel(cancelled)
                case frames.Resume(answer_id=answer_id, after=after):
                    await self._resume(answer_id, after)
                case frames.Ping():
                    await self._send({"type": "pong"})
        except BookChatError as error:
            frame = {"type": "error", **_error_fields(error)}
            if isinstance(ask_id, str) and len(ask_id) <= _MAX_ID:
                frame["id"] = ask_id
            await self._send(frame)

    async def _ask(self, asked: frames.Ask) -> None:
        if self._busy():
            raise BookChatError("One answer at a time; cancel or wait.", code="busy")
        question = Question.model_construct(**{k: getattr(asked, k) for k in Question.model_fields})
        if question.session_id is None:
            question = question.model_copy(update={"session_id": self._session_id})
        run = await self._services.start(self._socket, question, ask_id=asked.id, keep=True)
        self._follow(run, -1, own=True)

    async def _cancel(self, ask_id: str) -> None:
        if self._run is None or ask_id != self._run.ask_id or self._run.finished:
            raise FixQuestion("No answer with this id is running here.", code="not_found")
        await self._run.cancel()

    async def _resume(self, answer_id: str, after: int) -> None:
        run = await self._services.runs.find(answer_id)
        if run is None:
            raise FixQuestion("This answer cannot be resumed any more.", code="not_found")
        if self._busy():
            raise BookChatError("One answer at a time; cancel or wait.", code="busy")
        if not run.reaches(after):
            raise FixQuestion("There is no frame with this seq yet.")
        self._follow(run, after, own=run is self._run)

    def _busy(self) -> bool:
        # One more may be asked while the last frames are on their way, but a reader who only asks
        # and never reads must not pile answers up here.
        return self._unsent > 1 or (self._run is not None and not self._run.finished)

    def _follow(self, run: Run, after: int, *, own: bool) -> None:
        self._run = run
        self._unsent += 1
        self._follower = asyncio.create_task(self._relay(run, after, self._follower, own=own))

    async def _relay(
        self, run: Run, after: int, before: asyncio.Task[None] | None, *, own: bool
    ) -> None:
        """Sends the frames of ``run`` once those of the answer ``before`` are out."""
        try:
            if before is not None:
                await before
            async for event in run.events(after):
                frame = event.frame if own else _without_session(event)
                await self._socket.send_text(frame.decode())
        except (WebSocketDisconnect, RuntimeError):
            return
        finally:
            self._unsent -= 1

    async def _send(self, frame: dict[str, Any]) -> None:
        if self._socket.application_state == WebSocketState.CONNECTED:
            await self._socket.send_text(orjson.dumps(frame).decode())


def _without_session(event: RunEvent) -> bytes:
    """The frame for a reader who only knows the answer's id: its session is not theirs to read."""
    if event.kind not in ("done", "cancelled"):
        return event.frame
    answer = {**event.fields["answer"], "session_id": None}
    return orjson.dumps({**event.fields, "answer": answer})


def _error_fields(error: BookChatError) -> dict[str, Any]:
    problem = problems.of_error(error, current_request())
    return error_fields(problem["code"], problem["detail"], error)

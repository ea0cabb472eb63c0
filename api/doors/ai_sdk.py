"""The AI SDK door: ``POST /ai-sdk`` streams a UI message, ``GET /ai-sdk/{chat}/stream`` resumes it.

An answer of a chat with an id goes on when its reader drops, like over WebSocket. The bare form
has no id to resume by: who leaves stops it.
"""

from collections import OrderedDict
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import StreamingResponse
from pydantic import ValidationError

from api.answering import Streamed
from api.public_address import public_base
from api.reference import openapi
from api.runs.run import RunFailed
from api.services import Services
from api.shapes.ai_sdk import DONE, HEADER, ChatRequest, LinkedParts, MessageParts
from api.shapes.messages import question_of

_MOST_CHATS: Final = 5000
_HEADERS: Final = {
    **HEADER,
    "Cache-Control": "no-cache, no-transform",
    "X-Accel-Buffering": "no",
}

router = APIRouter(prefix="/ai-sdk", tags=["ai-sdk"])


class _Chats:
    """The last answer of each chat, until its reader has it all."""

    def __init__(self) -> None:
        self._answers: OrderedDict[str, str] = OrderedDict()

    def begin(self, chat: str, answer_id: str) -> None:
        self._answers[chat] = answer_id
        self._answers.move_to_end(chat)
        while len(self._answers) > _MOST_CHATS:
            self._answers.popitem(last=False)

    def answer(self, chat: str) -> str | None:
        return self._answers.get(chat)

    def delivered(self, chat: str, answer_id: str) -> None:
        if self._answers.get(chat) == answer_id:
            del self._answers[chat]


def _chats(request: Request) -> _Chats:
    state = request.app.state
    if not hasattr(state, "ai_sdk_chats"):
        state.ai_sdk_chats = _Chats()
    chats: _Chats = state.ai_sdk_chats
    return chats


@router.post(
    "",
    openapi_extra=openapi.body(ChatRequest),
    responses=openapi.answers("text/event-stream"),
    response_class=StreamingResponse,
)
async def chat(request: Request) -> Response:
    """Answers the last message as a UI message stream."""
    try:
        body = ChatRequest.model_validate_json(await request.body())
    except ValidationError as error:
        raise RequestValidationError(error.errors(include_context=False)) from None
    question = question_of(
        body.asked, section=body.section, language=body.language, version=body.version
    )
    services: Services = request.app.state.services
    run = await services.start(request, question, keep=body.id is not None)
    streamed = await Streamed.begun(run)
    if body.id is None:
        return _streaming(_parts(streamed, LinkedParts(run.answer_id, public_base(request))))
    _chats(request).begin(body.id, run.answer_id)
    return _streaming(_resumable(request, body.id, streamed))


@router.get(
    "/{chat}/stream",
    responses={**openapi.answers("text/event-stream"), 204: {"description": "Nothing to resume"}},
    response_class=StreamingResponse,
)
async def resume(request: Request, chat: str) -> Response:
    """The answer that the chat's reader has not had whole, from its beginning."""
    services: Services = request.app.state.services
    answer_id = _chats(request).answer(chat)
    run = await services.runs.find(answer_id) if answer_id else None
    if run is None:
        return Response(status_code=204)
    try:
        return _streaming(_resumable(request, chat, await Streamed.begun(run)))
    except RunFailed:
        return Response(status_code=204)


@router.delete("/{chat}/stream", status_code=204, response_class=Response)
async def stop(request: Request, chat: str) -> Response:
    """Stops the chat's running answer, and the provider's stream."""
    services: Services = request.app.state.services
    answer_id = _chats(request).answer(chat)
    run = await services.runs.find(answer_id) if answer_id else None
    if run is not None:
        await run.cancel()
    return Response(status_code=204)


def _streaming(events: AsyncGenerator[bytes]) -> Response:
    return StreamingResponse(events, media_type="text/event-stream", headers=_HEADERS)


async def _parts(streamed: Streamed, parts: MessageParts) -> AsyncGenerator[bytes]:
    async with aclosing(streamed.fields()) as events:
        yield parts.begin()
        async for fields in events:
            if said := parts.of(fields):
                yield said
    yield DONE


async def _resumable(request: Request, chat: str, streamed: Streamed) -> AsyncGenerator[bytes]:
    parts = MessageParts(streamed.answer_id, public_base(request))
    async with aclosing(_parts(streamed, parts)) as events:
        async for event in events:
            yield event
    _chats(request).delivered(chat, streamed.answer_id)

"""The OpenAI-compatible door: ``/v1/models`` and ``/v1/chat/completions``.

For chat front ends, editors and SDKs that take a base URL. Citations are ``url_citation``
annotations of the message, and of deltas when it is streamed.
"""

from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing
from typing import Any

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from fastapi.routing import APIRoute
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from api import problems
from api.answering import Streamed, left, whole_answer
from api.observability.telemetry import server_timing
from api.public_address import public_base
from api.reference import openapi
from api.services import Services
from api.shapes import openai as shapes
from api.shapes.messages import question_of
from errors import BookChatError, FixQuestion

_STREAM_HEADERS = {"Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no"}


class _OpenAIErrors(APIRoute):
    """Errors of these routes have OpenAI's shape."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                return await handle(request)
            except HTTPException as error:
                problem = problems.of_status(error.status_code, problems.request_id(request))
                body = shapes.error(problem["code"], problem["detail"])
                return _refusal(body, error.status_code)
            except BookChatError as error:
                problem = problems.of_error(error, problems.request_id(request))
                body = shapes.error(error.code, problem["detail"], getattr(error, "param", None))
                # Their clients know a bad request as 400.
                status = 400 if error.code == "invalid_request" else error.status
                return _refusal(body, status, error.retry_after)

        return handled


def _refusal(body: dict[str, Any], status: int, retry_after: float | None = None) -> Response:
    headers = {}
    if retry_after is not None or status in (429, 503):
        headers["Retry-After"] = str(max(1, round(retry_after or 5)))
    return Response(orjson.dumps(body), status, headers, "application/json")


router = APIRouter(
    prefix="/v1",
    tags=["openai"],
    route_class=_OpenAIErrors,
    responses=openapi.errors("An error in OpenAI's shape"),
)


@router.get("/models")
async def models() -> dict[str, Any]:
    """The one model, which is the book."""
    return {"object": "list", "data": [shapes.model_card()]}


@router.get("/models/{model}")
async def model(model: str) -> dict[str, Any]:
    """The one model, by its name."""
    if model != shapes.MODEL:
        raise FixQuestion(f"There is one model here: {shapes.MODEL}.", code="not_found")
    return shapes.model_card()


@router.post(
    "/chat/completions",
    openapi_extra=openapi.body(shapes.CompletionRequest),
    responses=openapi.answers("text/event-stream"),
)
async def completions(request: Request) -> Response:
    """Answers the last message, the ones before it as its history."""
    body = _read(await request.body())
    shapes.refuse_what_is_not_done(body)
    question = question_of(
        body.messages, section=body.section, language=body.language, version=body.version
    )
    services: Services = request.app.state.services
    base = public_base(request)
    run = await services.start(request, question)
    if not body.stream:
        answer = await whole_answer(run, left(request))
        request.state.server_timing = server_timing(answer.timings_ms)
        found = orjson.dumps(shapes.completion(answer.model_dump(mode="json"), base))
        return Response(found, media_type="application/json")
    chunks = shapes.CompletionChunks(run.answer_id, base, include_usage=body.wants_usage)
    events = _stream(await Streamed.begun(run), chunks)
    return StreamingResponse(events, media_type="text/event-stream", headers=_STREAM_HEADERS)


async def _stream(streamed: Streamed, chunks: shapes.CompletionChunks) -> AsyncGenerator[bytes]:
    async with aclosing(streamed.fields()) as events:
        yield chunks.begin()
        async for fields in events:
            if said := chunks.of(fields):
                yield said


def _read(body: bytes) -> shapes.CompletionRequest:
    try:
        return shapes.CompletionRequest.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        param = ".".join(str(part) for part in first["loc"])
        raise shapes.Refused(f"{param or 'body'}: {first['msg']}", param) from None

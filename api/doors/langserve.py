"""The LangServe door: invoke, batch, stream, schemas and playground of the one chain.

LangServe stays in this file. Its own stream route answers 200 before anything is known and
hides errors; ours speaks the same wire format, waits for the first event before it commits to
a status and ends a broken stream with the problem document. The playground page comes from
LangServe; it wants a run log, so it gets one that says no more than the answer.
"""

import time
import uuid
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from typing import Any

import orjson
from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import StreamingResponse
from langchain_core.callbacks import AsyncCallbackHandler
from langserve import APIHandler
from pydantic import BaseModel, Field, ValidationError

from api import openapi, problems
from api.observability.telemetry import server_timing
from api.services import Services
from chains.answer_builder import AnswerBuilder
from schema import MAX_BATCH, Answer, AnswerChunk, Question

PREFIX = "/chat"
_STREAM_HEADERS = {"Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no"}


class InvokeRequest(BaseModel):
    """One question; ``config`` is accepted and ignored, as clients of LangServe send it."""

    input: Question
    config: dict[str, Any] = Field(default_factory=dict)


class BatchRequest(BaseModel):
    """Up to eight questions."""

    inputs: list[Question] = Field(min_length=1, max_length=MAX_BATCH)
    config: dict[str, Any] | list[dict[str, Any]] | None = None


class InvokeResponse(BaseModel):
    """The answer as LangServe wraps it."""

    output: Answer
    metadata: dict[str, Any]


class BatchResponse(BaseModel):
    """The answers, in the order of the questions."""

    output: list[Answer]
    metadata: dict[str, Any]


async def _read(request: Request, model: type[BaseModel]) -> Any:
    try:
        parsed = model.model_validate_json(await request.body())
    except ValidationError as error:
        raise RequestValidationError(error.errors(include_context=False)) from None
    _refuse_configurable(getattr(parsed, "config", None))
    return parsed


def _refuse_configurable(config: Any) -> None:
    for one in config if isinstance(config, list) else [config]:
        if isinstance(one, Mapping) and one.get("configurable"):
            raise RequestValidationError(
                [{"loc": ["config"], "msg": "configurable is not allowed", "type": "value_error"}]
            )


router = APIRouter(prefix=PREFIX, tags=["chat"])


class _Timing(AsyncCallbackHandler):
    """Puts the timings of a finished answer where the middleware finds them."""

    def __init__(self, request: Request) -> None:
        self._request = request

    async def on_chain_end(self, outputs: dict[str, Any], **kwargs: Any) -> None:
        """Called for every run inside; only answers have timings."""
        if isinstance(outputs, dict) and "timings_ms" in outputs:
            self._request.state.server_timing = server_timing(outputs["timings_ms"])


def _with_timing(config: dict[str, Any], request: Request) -> dict[str, Any]:
    return {**config, "callbacks": [_Timing(request)]}


def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


def _langserve(request: Request) -> APIHandler:
    state = request.app.state
    if not hasattr(state, "langserve"):
        chain = _services(request).chain
        state.langserve = APIHandler(
            chain, path=PREFIX, config_keys=[], per_req_config_modifier=_with_timing
        )
    handler: APIHandler = state.langserve
    return handler


@router.post("/invoke", openapi_extra=openapi.body(InvokeRequest), response_model=InvokeResponse)
async def invoke(request: Request) -> Response:
    """Answers one question."""
    body: InvokeRequest = await _read(request, InvokeRequest)
    release = await _services(request).admit(request, [body.input])
    try:
        return await _langserve(request).invoke(request)
    finally:
        release()


@router.post("/batch", openapi_extra=openapi.body(BatchRequest), response_model=BatchResponse)
async def batch(request: Request) -> Response:
    """Answers up to eight questions side by side."""
    body: BatchRequest = await _read(request, BatchRequest)
    release = await _services(request).admit(request, body.inputs)
    try:
        return await _langserve(request).batch(request)
    finally:
        release()


@router.post(
    "/stream",
    openapi_extra=openapi.body(InvokeRequest),
    responses=openapi.answers("text/event-stream"),
    response_class=StreamingResponse,
)
async def stream(request: Request) -> Response:
    """Server-sent events: ``metadata``, then ``data`` with partial answers, then ``end``."""
    body: InvokeRequest = await _read(request, InvokeRequest)
    return await _begin(_services(request), request, body.input, _stream_events)


@router.get("/input_schema")
async def input_schema(request: Request) -> Any:
    """JSON schema of a Question."""
    return await _langserve(request).input_schema(request)


@router.get("/output_schema")
async def output_schema(request: Request) -> Any:
    """JSON schema of an Answer."""
    return await _langserve(request).output_schema(request)


@router.post("/playground/stream_log", include_in_schema=False)
async def playground_log(request: Request) -> Response:
    """The run log that the playground page reads, cut down to the answer."""
    body: InvokeRequest = await _read(request, InvokeRequest)
    return await _begin(_services(request), request, body.input, _log_events)


@router.get("/playground/{file_path:path}", include_in_schema=False)
async def playground(file_path: str, request: Request) -> Response:
    """LangServe's page, pointed at the run log above."""
    try:
        response: Response = await _langserve(request).playground(file_path, request)
    except (OSError, ValueError):  # what cannot be the name of a file
        raise HTTPException(404) from None
    if response.status_code == 404:
        raise HTTPException(404)
    if file_path.endswith(".js"):
        page = bytes(response.body).replace(b'"/stream_log"', b'"/playground/stream_log"')
        response = Response(page, response.status_code, media_type=response.media_type)
    return response


Events = Callable[[str, AsyncGenerator[AnswerChunk], AnswerChunk], AsyncGenerator[bytes]]


async def _begin(
    services: Services, request: Request, question: Question, events: Events
) -> Response:
    """Commits to a status only when the first partial answer is there."""
    asked = time.perf_counter()
    release = await services.admit(request, [question])
    admitted = time.perf_counter()
    parts = services.chain.astream(question)
    try:
        first = await anext(parts)
    except BaseException:
        release()
        raise
    # The rest is known only when the headers are long gone; it stands in the answer.
    known = {"queue": admitted - asked, "sources": time.perf_counter() - admitted}
    request.state.server_timing = server_timing({k: round(v * 1000, 1) for k, v in known.items()})
    request_id = problems.request_id(request)

    async def body() -> AsyncGenerator[bytes]:
        try:
            async with aclosing(parts):
                async for event in events(str(uuid.uuid4()), parts, first):
                    yield event
        except Exception as error:  # noqa: BLE001 - the status is sent; the stream must say it
            yield _event("error", problems.of_error(error, request_id))
        finally:
            release()

    return StreamingResponse(body(), media_type="text/event-stream", headers=_STREAM_HEADERS)


async def _stream_events(
    run_id: str, parts: AsyncGenerator[AnswerChunk], first: AnswerChunk
) -> AsyncGenerator[bytes]:
    yield _event("metadata", {"run_id": run_id, "feedback_tokens": []})
    yield _event("data", first)
    async for part in parts:
        yield _event("data", part)
    yield b"event: end\r\n\r\n"


async def _log_events(
    run_id: str, parts: AsyncGenerator[AnswerChunk], first: AnswerChunk
) -> AsyncGenerator[bytes]:
    """The answer as a run log (JSON Patch), which is what LangServe's playground reads."""
    state: Any = {"id": run_id, "streamed_output": [], "final_output": None, "logs": {}}
    yield _event("data", {"ops": [{"op": "replace", "path": "", "value": state}]})
    answer = AnswerBuilder()
    async for part in _with_first(first, parts):
        answer.add(part)
        yield _event("data", {"ops": [{"op": "add", "path": "/streamed_output/-", "value": part}]})
    done = {"op": "replace", "path": "/final_output", "value": answer.sum()}
    yield _event("data", {"ops": [done]})
    yield b"event: end\r\n\r\n"


async def _with_first(
    first: AnswerChunk, parts: AsyncGenerator[AnswerChunk]
) -> AsyncGenerator[AnswerChunk]:
    yield first
    async for part in parts:
        yield part


def _event(name: str, data: Any) -> bytes:
    return b"event: " + name.encode() + b"\r\ndata: " + orjson.dumps(data) + b"\r\n\r\n"

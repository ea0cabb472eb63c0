"""The routes that LangServe's clients call: invoke, batch, stream and the schemas of one chain.

They speak LangServe's wire format over the registry of runs. LangServe's own routes answer 200
before anything is known, hide errors, and know neither resuming nor cancelling.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import Annotated, Any, TypeVar

import orjson
from fastapi import APIRouter, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ValidationError

from api import problems
from api.answering import left, whole_answer
from api.observability.telemetry import server_timing
from api.reference import openapi
from api.runs.run import Run, RunEvent
from api.services import Services
from api.shapes.langserve import (
    BatchRequest,
    BatchResponse,
    InvokeRequest,
    InvokeResponse,
    events,
    sse,
)
from errors import FixQuestion
from schema import Answer, Question

PREFIX = "/chat"
_STREAM_HEADERS = {"Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no"}
_NOT_FOUND = "This answer is not there any more."
Body = TypeVar("Body", bound=BaseModel)
Serialise = Callable[[Run, AsyncGenerator[list[RunEvent]]], AsyncGenerator[bytes]]
"""Turns the events of a run into the bytes of a response."""


router = APIRouter(prefix=PREFIX, tags=["chat"])


async def read_body(request: Request, model: type[Body]) -> Body:
    """The request's body, parsed once.

    Raises:
        RequestValidationError: it does not fit, or tries to configure the chain.
    """
    try:
        parsed = model.model_validate_json(await request.body())
    except ValidationError as error:
        raise RequestValidationError(error.errors(include_context=False)) from None
    config: object = getattr(parsed, "config", None)
    for one in config if isinstance(config, list) else [config]:
        if isinstance(one, Mapping) and one.get("configurable"):
            raise RequestValidationError(
                [{"loc": ["config"], "msg": "configurable is not allowed", "type": "value_error"}]
            )
    return parsed


def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


@router.post("/invoke", openapi_extra=openapi.body(InvokeRequest), response_model=InvokeResponse)
async def invoke(request: Request) -> Response:
    """Answers one question. The answer is stopped when the client leaves."""
    body = await read_body(request, InvokeRequest)
    run = await _services(request).start(request, body.input)
    answer = await whole_answer(run, left(request))
    request.state.server_timing = server_timing(answer.timings_ms)
    metadata = {"run_id": run.answer_id, "feedback_tokens": []}
    return _json({"output": answer.model_dump(), "metadata": metadata})


@router.post("/batch", openapi_extra=openapi.body(BatchRequest), response_model=BatchResponse)
async def batch(request: Request) -> Response:
    """Answers up to eight questions side by side; all are stopped when the client leaves."""
    body = await read_body(request, BatchRequest)
    runs = await _services(request).start_all(request, body.inputs)
    answers = await _whole_answers(request, runs)
    ids = [run.answer_id for run in runs]
    responses = [{"run_id": one, "feedback_tokens": []} for one in ids]
    output = [answer.model_dump() for answer in answers]
    return _json({"output": output, "metadata": {"run_ids": ids, "responses": responses}})


async def _whole_answers(request: Request, runs: Sequence[Run]) -> list[Answer]:
    """All answers, or the first error; then the others are stopped."""
    gone = asyncio.ensure_future(left(request))
    try:
        # Each answer cancels its own wait for the client, not the one that they share.
        return await asyncio.gather(*(whole_answer(run, asyncio.shield(gone)) for run in runs))
    finally:
        gone.cancel()
        for run in runs:
            if not run.finished:
                await run.cancel()


@router.post(
    "/stream",
    openapi_extra=openapi.body(InvokeRequest),
    responses=openapi.answers("text/event-stream"),
    response_class=StreamingResponse,
)
async def stream(
    request: Request,
    resumable: Annotated[bool, Query(description="go on when the client leaves")] = False,
) -> Response:
    """Server-sent events: ``metadata``, then ``data`` with partial answers, then ``end``.

    ``metadata`` holds the answer's id as ``run_id``. The answer is stopped when the client leaves,
    unless it is ``resumable``.
    """
    body = await read_body(request, InvokeRequest)
    run = await begin(request, body.input, keep=resumable)
    return await streamed(request, run, events)


@router.get(
    "/stream/{answer_id}",
    responses=openapi.answers("text/event-stream"),
    response_class=StreamingResponse,
)
async def resume(
    request: Request,
    answer_id: str,
    after: Annotated[int, Query(ge=-1, lt=2**31, description="last event id that was seen")] = -1,
) -> Response:
    """The events of a running or recent answer after ``after`` (or ``Last-Event-ID``)."""
    last = request.headers.get("last-event-id", "")
    seen = int(last) if last.isascii() and last.isdigit() and len(last) < 10 else after
    run = await _found(request, answer_id)
    if not run.reaches(seen):
        raise FixQuestion("There is no event with this id yet.")
    return await streamed(request, run, events, seen)


@router.delete("/stream/{answer_id}", status_code=204)
async def cancel(request: Request, answer_id: str) -> Response:
    """Stops an answer and the provider's stream; one that has ended stays as it is."""
    run = await _found(request, answer_id)
    if not run.finished:
        await run.cancel()
    return Response(status_code=204)


@router.get("/input_schema")
async def input_schema() -> dict[str, Any]:
    """JSON schema of a Question."""
    return Question.model_json_schema()


@router.get("/output_schema")
async def output_schema() -> dict[str, Any]:
    """JSON schema of an Answer."""
    return Answer.model_json_schema()


async def begin(request: Request, question: Question, *, keep: bool = False) -> Run:
    """Lets the question in, begins its answer, and notes what waiting took."""
    asked = time.perf_counter()
    run = await _services(request).start(request, question, keep=keep)
    request.state.server_timing = server_timing({"queue": _ms_since(asked)})
    return run


async def streamed(
    request: Request, run: Run, serialise: Serialise, after: int | None = None
) -> Response:
    """Commits to a status only when the first partial answer is there.

    Args:
        after: last event that the client has seen, of an answer that somebody else began.

    Raises:
        RunFailed: the answer failed before it said anything.
    """
    started = time.perf_counter()
    batches = run.batches(0 if after is None else max(0, after))
    first: list[RunEvent] = []
    try:
        first = await anext(batches, [])
        if first and first[0].kind == "error":
            raise first[0].failure()
    except BaseException:
        if after is None and not run.finished:
            await run.cancel()
        raise
    if after is None:
        # The rest is known only when the headers are long gone; it stands in the answer.
        queue: str = request.state.server_timing
        request.state.server_timing = f"{queue}, {server_timing({'sources': _ms_since(started)})}"
    request_id = problems.request_id(request)

    async def body() -> AsyncGenerator[bytes]:
        try:
            async with aclosing(serialise(run, _with_first(first, batches))) as events:
                async for event in events:
                    yield event
        except Exception as error:  # noqa: BLE001 - the status is sent; the stream must say it
            yield sse("error", problems.of_error(error, request_id))
        finally:
            if after is None and not run.keep and not run.finished:
                await run.cancel()

    return StreamingResponse(body(), media_type="text/event-stream", headers=_STREAM_HEADERS)


async def _with_first(
    first: list[RunEvent], batches: AsyncGenerator[list[RunEvent]]
) -> AsyncGenerator[list[RunEvent]]:
    async with aclosing(batches):
        if first:
            yield first
        async for events in batches:
            yield events


async def _found(request: Request, answer_id: str) -> Run:
    run = await _services(request).runs.find(answer_id)
    if run is None:
        raise FixQuestion(_NOT_FOUND, code="not_found")
    return run


def _json(value: object) -> Response:
    return Response(orjson.dumps(value), media_type="application/json")


def _ms_since(start: float) -> float:
    return round((time.perf_counter() - start) * 1000, 1)

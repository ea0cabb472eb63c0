"""What LangServe's clients send, and the events that they read."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, Final, Self

import orjson
from pydantic import BaseModel, Field, model_validator

from api.runs.run import Run, RunEvent
from schema import MAX_BATCH, Answer, Question

_END: Final = b"event: end\r\n\r\n"


class InvokeRequest(BaseModel):
    """One question; ``config`` is accepted and ignored, as clients of LangServe send it."""

    input: Question
    config: dict[str, Any] = Field(default_factory=dict)


class BatchRequest(BaseModel):
    """Up to eight questions."""

    inputs: list[Question] = Field(min_length=1, max_length=MAX_BATCH)
    config: dict[str, Any] | list[dict[str, Any]] | None = None

    @model_validator(mode="after")
    def _paired(self) -> Self:
        if isinstance(self.config, list) and len(self.config) != len(self.inputs):
            raise ValueError("a list of configs needs one for each input")
        return self


class InvokeResponse(BaseModel):
    """The answer as LangServe wraps it."""

    output: Answer
    metadata: dict[str, Any]


class BatchResponse(BaseModel):
    """The answers, in the order of the questions."""

    output: list[Answer]
    metadata: dict[str, Any]


async def events(run: Run, batches: AsyncGenerator[list[RunEvent]]) -> AsyncGenerator[bytes]:
    """The stream of LangServe; each event has its number as its id."""
    yield sse("metadata", {"run_id": run.answer_id, "feedback_tokens": []})
    async with aclosing(batches):
        async for batch in batches:
            failed = batch[-1].kind == "error"  # nothing comes after an error
            said = batch[:-1] if failed else batch
            if said:
                yield b"".join(sse("data", event.part, event.seq) for event in said)
            if failed:
                raise batch[-1].failure()
    yield _END


def sse(name: str, data: Any, number: int | None = None) -> bytes:
    """One server-sent event."""
    head = b"" if number is None else b"id: %d\r\n" % number
    return head + b"event: " + name.encode() + b"\r\ndata: " + orjson.dumps(data) + b"\r\n\r\n"

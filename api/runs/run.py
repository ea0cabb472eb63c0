"""An answer that is being made, or was just made, as every door sees it."""

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any, Final, Literal, Self, cast

import orjson

from api.problems import Noted
from errors import BookChatError, RetryLater
from schema import Answer, AnswerChunk

Kind = Literal["start", "sources", "token", "citation", "done", "cancelled", "error"]
_STREAMED: Final = {"sources": "sources", "citation": "citations", "token": "answer"}
_DEFAULT_WAIT: Final = 5


class RunFailed(Noted):
    """The answer failed or was stopped; counted and logged where that happened."""


class RunEvent:
    """One numbered event of a run: the fields of a WebSocket frame, and a partial answer.

    Encoded at most once, and decoded only when somebody needs the fields.
    """

    __slots__ = ("_fields", "_frame")

    def __init__(self, fields: dict[str, Any] | None = None, frame: bytes | None = None) -> None:
        self._fields = fields
        self._frame = frame

    @property
    def fields(self) -> dict[str, Any]:
        """``type``, ``id``, ``seq`` and what belongs to the type."""
        if self._fields is None:
            self._fields = orjson.loads(self._frame or b"{}")
        return self._fields

    @property
    def frame(self) -> bytes:
        """The fields as a JSON object."""
        if self._frame is None:
            self._frame = orjson.dumps(self._fields)
            self._fields = None  # one of both is enough to keep
        return self._frame

    @property
    def kind(self) -> Kind:
        """What happened."""
        return cast(Kind, self.fields["type"])

    @property
    def seq(self) -> int:
        """Counts up by one per run."""
        return int(self.fields["seq"])

    @property
    def part(self) -> AnswerChunk:
        """The partial answer that it carries; empty for ``start``.

        Raises:
            RunFailed: it carries an error.
        """
        match self.kind:
            case "token":
                return {"answer": self.fields["text"]}
            case "sources":
                return {"sources": self.fields["sources"]}
            case "citation":
                return {"citations": [self.fields["citation"]]}
            case "done" | "cancelled":
                return _rest(self.fields["answer"])
            case "error":
                raise self.failure()
        return {}

    def failure(self) -> RunFailed:
        """The error that an ``error`` event carries."""
        fields = self.fields
        wait = fields.get("retry_after")
        return RunFailed(fields["message"], code=fields["code"], retry_after=wait)


class Run(ABC):
    """Follow it from anywhere, as often as needed; each follower goes at its own pace."""

    def __init__(self, answer_id: str, ask_id: str, *, keep: bool) -> None:
        self.answer_id = answer_id
        self.ask_id = ask_id
        """The id that its reader gave the question."""
        self.keep = keep
        """It continues when its reader leaves, and can be found for a while after its end."""

    @property
    @abstractmethod
    def finished(self) -> bool:
        """No event comes any more."""

    @abstractmethod
    async def cancel(self) -> None:
        """Stops the answer and the provider's stream."""

    @abstractmethod
    def reaches(self, seq: int) -> bool:
        """False when no event with this number can have been sent to anybody."""

    @abstractmethod
    def events(self, after: int = -1) -> AsyncGenerator[RunEvent]:
        """Events whose ``seq`` is greater than ``after``, then live ones until the end."""

    async def batches(self, after: int = -1) -> AsyncGenerator[list[RunEvent]]:
        """As ``events``, with all that are there at once."""
        async with aclosing(self.events(after)) as events:
            async for event in events:
                yield [event]

    async def parts(self, after: int = -1) -> AsyncGenerator[AnswerChunk]:
        """Partial answers that add up to the Answer.

        Raises:
            RunFailed: the answer failed; what came before it stands.
        """
        async with aclosing(self.events(after)) as events:
            async for event in events:
                if event.kind != "start":
                    yield event.part

    async def answer(self) -> Answer:
        """The whole answer, when it is there.

        Raises:
            RunFailed: it failed, or somebody stopped it.
        """
        async with aclosing(self.events()) as events:
            async for event in events:
                if event.kind == "done":
                    return Answer.model_validate(event.fields["answer"])
                if event.kind == "error":
                    raise event.failure()
        raise RunFailed("The answer was stopped; please ask again.", code="overloaded")

    @asynccontextmanager
    async def owned(self) -> AsyncIterator[Self]:
        """Cancels a run that is not kept when its reader leaves before the end."""
        try:
            yield self
        finally:
            if not self.keep and not self.finished:
                await self.cancel()


def _rest(answer: dict[str, Any]) -> AnswerChunk:
    """What the events before the last one have not said of the answer."""
    streamed = {key: answer[key] for key in _STREAMED.values() if answer.get(key)}
    return cast(AnswerChunk, {k: v for k, v in answer.items() if k not in streamed})


def events_of(part: AnswerChunk) -> list[tuple[Kind, dict[str, object]]]:
    """The events that a partial answer makes: its sources, its text, each citation."""
    found: list[tuple[Kind, dict[str, object]]] = []
    if part.get("sources") is not None:
        found.append(("sources", {"sources": part["sources"]}))
    if text := part.get("answer"):
        found.append(("token", {"text": text}))
    found += [("citation", {"citation": one}) for one in part.get("citations") or ()]
    return found


def error_fields(code: str, detail: str, error: BaseException) -> dict[str, Any]:
    """``code``, ``message`` and ``retry_after`` of an error event."""
    fields: dict[str, Any] = {"code": code, "message": detail}
    if isinstance(error, BookChatError) and error.retry_after is not None:
        fields["retry_after"] = error.retry_after
    elif isinstance(error, RetryLater):
        fields["retry_after"] = _DEFAULT_WAIT
    return fields

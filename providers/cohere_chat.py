"""Cohere's chat models: ``ChatCohere`` with a stream of its own that keeps the citations."""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

import httpx
import orjson
from cohere.core.api_error import ApiError
from langchain_cohere import ChatCohere
from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.documents import Document
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import Field

from errors import RetryLater
from providers.cohere_errors import seconds_of, translate, unavailable
from providers.cohere_http import CohereHTTP, Read
from providers.cohere_stream import AnswerStream, BrokenStreamError, annotation, content_of

_ROLES: Final = {"system": "system", "human": "user", "ai": "assistant"}
# After the answer's last event only the end of the HTTP body is due.
_END_SECONDS: Final = 1.0


class BookChatCohere(ChatCohere):
    """Chat over ``http``: passages go as ``documents``, citations come as standard annotations.

    ``model`` is required: without one ``ChatCohere`` asks Cohere for a default when it is made.
    ``invoke`` and requests with tools take the SDK's way; everything else does not.

    Args:
        operation: ``chat`` or ``condense``: what the calls are counted as.
        citation_mode: ``FAST``, ``ACCURATE`` or ``OFF``; None: the model's default.
        first_byte_seconds: for the beginning of an answer, a retry included.
    """

    http: CohereHTTP = Field(exclude=True, repr=False)
    operation: str = "chat"
    citation_mode: str | None = None
    first_byte_seconds: float = 30.0

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncGenerator[ChatGenerationChunk]:
        if kwargs.get("tools"):
            async for chunk in super()._astream(messages, stop, run_manager, **kwargs):
                yield chunk
            return
        body = self._body(messages, stop, kwargs)
        answer = AnswerStream(str(self.model), _ids(body))
        async with self.http.stream(
            "/v2/chat", body, operation=self.operation, deadline=self.first_byte_seconds
        ) as read:
            while data := await self._next(read, answer):
                for message in self._understood(answer, data):
                    chunk = ChatGenerationChunk(message=message)
                    if run_manager:
                        await run_manager.on_llm_new_token(str(message.text), chunk=chunk)
                    yield chunk
        if not answer.complete:
            raise self._broken()

    async def _next(self, read: Read, answer: AnswerStream) -> bytes:
        try:
            if not answer.complete:
                return await read()
            # Reading on to the end lets the connection be used again, but nobody waits for it.
            async with asyncio.timeout(_END_SECONDS):
                return await read()
        except (RetryLater, TimeoutError):
            if answer.complete:
                return b""
            raise self._broken() from None

    def _understood(self, answer: AnswerStream, data: bytes) -> list[AIMessageChunk]:
        try:
            return answer.feed(data)
        except BrokenStreamError:
            raise self._broken() from None

    def _broken(self) -> RetryLater:
        self.http.broken(self.operation)
        return unavailable(self.operation)

    def _body(
        self, messages: Sequence[BaseMessage], stop: list[str] | None, given: dict[str, Any]
    ) -> dict[str, Any]:
        body = {
            **self._default_params,
            "stop_sequences": stop or self.stop,
            "citation_options": {"mode": self.citation_mode} if self.citation_mode else None,
            **given,
            "documents": as_documents(given.get("documents") or ()),
            "messages": [_message(m) for m in messages],
            "stream": True,
        }
        return {name: value for name, value in body.items() if value not in (None, [])}

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        if kwargs.get("tools"):
            return await super()._agenerate(messages, stop, run_manager, **kwargs)
        stream = self._astream(messages, stop, run_manager, **kwargs)
        chunks = [chunk.message async for chunk in stream]
        last = chunks[-1]
        assert isinstance(last, AIMessageChunk)
        message = AIMessage(
            content=content_of(
                "".join(str(c.text) for c in chunks), [n for c in chunks for n in _notes(c)]
            ),
            usage_metadata=last.usage_metadata,
            response_metadata=last.response_metadata,
        )
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        run = self.http.background.run
        stream = self._astream(messages, stop, **kwargs)
        try:
            while (chunk := run(_or_none(stream))) is not None:
                if run_manager:
                    run_manager.on_llm_new_token(str(chunk.message.text), chunk=chunk)
                yield chunk
        finally:
            run(_close(stream))

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        documents = as_documents(kwargs.pop("documents", None) or ())
        # Retries inside the SDK would be requests that nobody counts.
        given = {"documents": documents, "request_options": {"max_retries": 0}, **kwargs}
        with self.http.counted(self.operation), _sdk_errors_translated(self.operation):
            result = super()._generate(messages, stop, run_manager, **given)
        generation = result.generations[0]
        message = generation.message
        # The SDK's own objects cannot be serialised; the annotations say the same.
        (generation.generation_info or {}).pop("citations", None)
        cited = [c.dict() for c in message.additional_kwargs.pop("citations", None) or ()]
        whole = str(message.text)
        notes = [annotation(c, whole, [d["id"] for d in documents]) for c in cited]
        if isinstance(message.content, str):
            message.content = content_of(whole, [n for n in notes if n])
        return result


def as_documents(documents: Sequence[Document | Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Cohere's ``documents``: every key and value of ``data`` is read by the model."""
    return [
        _document(d, index) if isinstance(d, Document) else dict(d)
        for index, d in enumerate(documents)
    ]


def _document(document: Document, index: int) -> dict[str, Any]:
    told = document.metadata
    data = {"title": told.get("title"), "heading": told.get("heading")}
    if data["heading"] == data["title"]:
        del data["heading"]
    return {
        "id": str(told.get("id") or document.id or f"doc-{index}"),
        "data": {**{k: v for k, v in data.items() if v}, "text": document.page_content},
    }


def _ids(body: Mapping[str, Any]) -> list[str]:
    return [d["id"] for d in body.get("documents", ()) if "id" in d]


def _message(message: BaseMessage) -> dict[str, str]:
    return {"role": _ROLES.get(message.type, "user"), "content": str(message.text)}


def _notes(message: BaseMessage) -> list[dict[str, Any]]:
    blocks = message.content if isinstance(message.content, list) else []
    return [n for b in blocks if isinstance(b, dict) for n in b.get("annotations", ())]


async def _or_none(stream: AsyncGenerator[ChatGenerationChunk]) -> ChatGenerationChunk | None:
    return await anext(stream, None)


async def _close(stream: AsyncGenerator[Any]) -> None:
    await stream.aclose()


@contextmanager
def _sdk_errors_translated(operation: str) -> Iterator[None]:
    try:
        yield
    except ApiError as error:
        retry_after = seconds_of((error.headers or {}).get("retry-after"))
        body = orjson.dumps(error.body, default=str)
        raise translate(error.status_code or 500, operation, body, retry_after) from None
    except httpx.HTTPError:
        raise unavailable(operation) from None

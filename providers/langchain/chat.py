"""Any LangChain chat model as a model of the book: it marks, and the marks become citations."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import aclosing
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.documents import Document
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from pydantic import ConfigDict, SkipValidation

from background_loop import BackgroundLoop
from errors import BookChatError
from providers.annotations import Annotation, content_of
from providers.calls import Calls
from providers.failures import BrokenStreamError, TooLongError, unavailable
from providers.langchain.errors import translated
from providers.langchain.marks import MarkParser
from providers.langchain.passages import source_id, with_passages
from providers.langchain.thoughts import ThoughtFilter
from providers.loops import PerLoop
from providers.streamed_chat import close, pulled, whole_result

Stream = AsyncIterator[Any]


class MarkingChat(BaseChatModel):
    """Answers from ``documents`` given to ``astream`` or ``ainvoke``, with citation annotations.

    Raises ``BookChatError`` only. Offsets count the text without marks.

    Args:
        models: the model itself, one for each event loop.
        calls: counts the requests and stops sending them while they fail.
        operation: ``chat`` or ``condense``: what the calls are counted as.
        first_byte_seconds: for the beginning of an answer, a retry included.
        idle_seconds: longest silence within an answer that has begun.
        finishes: every whole answer ends with a reason; one without is broken.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    models: SkipValidation[PerLoop[BaseChatModel]]
    calls: SkipValidation[Calls]
    background: SkipValidation[BackgroundLoop]
    operation: str = "chat"
    first_byte_seconds: float = 30.0
    idle_seconds: float = 30.0
    finishes: bool = False

    @property
    def _llm_type(self) -> str:
        return "marking"

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        *,
        documents: Sequence[Document] = (),
        **kwargs: Any,
    ) -> AsyncGenerator[ChatGenerationChunk]:
        async with aclosing(self._answer(messages, stop, documents, kwargs)) as answer:
            async for message in answer:
                chunk = ChatGenerationChunk(message=message)
                if run_manager:
                    await run_manager.on_llm_new_token(str(message.text), chunk=chunk)
                yield chunk

    async def _answer(
        self,
        messages: Sequence[BaseMessage],
        stop: list[str] | None,
        documents: Sequence[Document],
        given: dict[str, Any],
    ) -> AsyncGenerator[AIMessageChunk]:
        answer = _Answer([source_id(d, number) for number, d in enumerate(documents, 1)])
        told = with_passages(messages, documents)
        first, stream = await self._begin(told, stop, given)
        try:
            message: AIMessageChunk | None = first
            while message is not None:
                for chunk in answer.feed(message):
                    yield chunk
                message = await self._next(stream)
            if self.finishes and not answer.finish:
                raise BrokenStreamError
        except TooLongError:
            answer.finish = "MAX_BYTES"
        except (BookChatError, BrokenStreamError):
            self.calls.broken(self.operation)
            raise unavailable(self.operation) from None
        finally:
            await close(stream)
        yield answer.end()

    async def _begin(
        self, messages: list[BaseMessage], stop: list[str] | None, given: dict[str, Any]
    ) -> tuple[AIMessageChunk | None, Stream]:
        vendor, operation = self.calls.vendor, self.operation

        async def attempt(seconds: float) -> tuple[AIMessageChunk | None, Stream]:
            # The run is traced as ours; as its own it would be seen twice.
            stream = self.models.get().astream(messages, {"callbacks": []}, stop=stop, **given)
            try:
                with self.calls.counted(operation), translated(vendor, operation):
                    async with asyncio.timeout(seconds):
                        return await anext(stream, None), stream
            except BaseException:
                await close(stream)
                raise

        return await self.calls.retried(attempt, operation, self.first_byte_seconds)

    async def _next(self, stream: Stream) -> AIMessageChunk | None:
        with translated(self.calls.vendor, self.operation, begun=True):
            async with asyncio.timeout(self.idle_seconds):
                message: AIMessageChunk | None = await anext(stream, None)
                return message

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        *,
        documents: Sequence[Document] = (),
        **kwargs: Any,
    ) -> ChatResult:
        chunks = [chunk async for chunk in self._answer(messages, stop, documents, kwargs)]
        return whole_result(chunks)

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        return pulled(self._astream(messages, stop, **kwargs), self.background, run_manager)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return self.background.run(self._agenerate(messages, stop, None, **kwargs))


class _Answer:
    """One answer: thoughts and marks out of its text, and how it ended."""

    def __init__(self, source_ids: Sequence[str]) -> None:
        self.finish = ""
        self._marks = MarkParser(source_ids)
        self._thoughts = ThoughtFilter()
        self._whole: AIMessageChunk | None = None

    def feed(self, message: AIMessageChunk) -> Iterator[AIMessageChunk]:
        told = message.response_metadata
        reason = told.get("finish_reason") or told.get("stop_reason") or told.get("done_reason")
        if isinstance(reason, str):
            self.finish = reason
        if message.usage_metadata:
            used = AIMessageChunk(content="", usage_metadata=message.usage_metadata)
            self._whole = used if self._whole is None else self._whole + used
        yield from _chunk(*self._marks.feed(self._thoughts.feed(str(message.text))))

    def end(self) -> AIMessageChunk:
        """The last chunk: what was kept, what was used, and why the answer ended."""
        text, notes = self._marks.feed(self._thoughts.end())
        rest, more = self._marks.end()
        return AIMessageChunk(
            content=content_of(text + rest, notes + more),
            usage_metadata=self._whole.usage_metadata if self._whole else None,
            response_metadata={"finish_reason": self.finish or "stop"},
            chunk_position="last",
        )


def _chunk(text: str, notes: list[Annotation]) -> Iterator[AIMessageChunk]:
    if text or notes:
        yield AIMessageChunk(content=content_of(text, notes))

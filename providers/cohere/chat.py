"""Cohere's chat models: ``ChatCohere`` with a stream of its own that keeps the citations."""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import aclosing, suppress
from typing import Any, Final, Self
from uuid import uuid4

import aiohttp
import cohere
from langchain_cohere import ChatCohere
from langchain_core.callbacks import (
    AsyncCallbackManager,
    AsyncCallbackManagerForLLMRun,
    CallbackManagerForLLMRun,
)
from langchain_core.language_models import LanguageModelInput
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.config import ensure_config
from pydantic import Field, model_validator

from providers.cohere.http import CLIENT_NAME, CohereHTTP, OpenStream
from providers.cohere.request import as_documents, as_message
from providers.cohere.sdk import sdk_errors_translated
from providers.cohere.stream import AnswerStream
from providers.failures import TooLongError
from providers.streamed_chat import pulled, whole_result
from providers.tokens import estimate_tokens

# After the answer's last event only the end of the HTTP body is due.
_END_SECONDS: Final = 1.0


class BookChatCohere(ChatCohere):
    """Chat over ``http``: passages go as ``documents``, citations come as standard annotations.

    ``model`` is required: without one ``ChatCohere`` asks Cohere for a default when it is made.
    Requests with tools take the SDK's way; everything else does not.

    Args:
        operation: ``chat`` or ``condense``: what the calls are counted as.
        citation_mode: ``FAST``, ``ACCURATE`` or ``OFF``; None: the model's default.
        max_tokens: longest answer; None: as long as the model likes.
        first_byte_seconds: for the beginning of an answer, a retry included.
    """

    http: CohereHTTP = Field(exclude=True, repr=False)
    operation: str = "chat"
    citation_mode: str | None = None
    max_tokens: int | None = None
    first_byte_seconds: float = 30.0

    async def astream(
        self,
        input: LanguageModelInput,
        config: RunnableConfig | None = None,
        *,
        stop: list[str] | None = None,
        **kwargs: Any,
    ) -> AsyncGenerator[AIMessageChunk]:
        """Chunks as they come; without tracers they skip LangChain's bookkeeping per token."""
        given = ensure_config(config).get("callbacks")
        if kwargs.get("tools") or AsyncCallbackManager.configure(given, self.callbacks).handlers:
            traced: Any = super().astream(input, config, stop=stop, **kwargs)
            async with aclosing(traced):
                async for chunk in traced:
                    yield chunk
            return
        messages = self._convert_input(input).to_messages()
        async with aclosing(self._answer(messages, stop, kwargs, f"run-{uuid4()}")) as answer:
            async for chunk in answer:
                yield chunk

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncGenerator[ChatGenerationChunk]:
        if kwargs.get("tools"):
            given = self._for_sdk(kwargs)
            with self.http.calls.counted(self.operation), sdk_errors_translated(self.operation):
                async for generated in super()._astream(messages, stop, run_manager, **given):
                    yield generated
            return
        async with aclosing(self._answer(messages, stop, kwargs)) as answer:
            async for message in answer:
                chunk = ChatGenerationChunk(message=message)
                if run_manager:
                    await run_manager.on_llm_new_token(str(message.text), chunk=chunk)
                yield chunk

    async def _answer(
        self,
        messages: Sequence[BaseMessage],
        stop: list[str] | None,
        given: Mapping[str, Any],
        message_id: str | None = None,
    ) -> AsyncGenerator[AIMessageChunk]:
        body = self._body(messages, stop, given)
        answer = AnswerStream(
            str(self.model), [d["id"] for d in body.get("documents", ()) if "id" in d], message_id
        )
        async with self.http.stream(
            "/v2/chat", body, operation=self.operation, deadline=self.first_byte_seconds
        ) as stream:
            try:
                while not answer.complete:
                    for message in answer.feed(await stream.read()):
                        yield message
                        await stream.gather(self.http.gather_seconds)
            except TooLongError:
                yield answer.cut()
                return
            await _read_to_end(stream)

    def _body(
        self, messages: Sequence[BaseMessage], stop: list[str] | None, given: Mapping[str, Any]
    ) -> dict[str, Any]:
        body = {
            **self._default_params,
            "max_tokens": self.max_tokens,
            "stop_sequences": stop or self.stop,
            "citation_options": {"mode": self.citation_mode} if self.citation_mode else None,
            **given,
            "documents": as_documents(given.get("documents") or ()),
            "messages": [as_message(m) for m in messages],
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
            given = self._for_sdk(kwargs)
            with self.http.calls.counted(self.operation), sdk_errors_translated(self.operation):
                return await super()._agenerate(messages, stop, run_manager, **given)
        chunks = [chunk async for chunk in self._answer(messages, stop, kwargs)]
        return whole_result(chunks)

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        return pulled(self._astream(messages, stop, **kwargs), self.http.background, run_manager)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return self.http.background.run(self._agenerate(messages, stop, None, **kwargs))

    @model_validator(mode="after")
    def validate_environment(self) -> Self:
        """Only checks: the SDK's clients take 70 ms to make, and few processes need them."""
        if not self.model:
            raise ValueError("name a model; finding one out would be a request")
        return self

    def _for_sdk(self, kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """Makes the SDK's client if need be; the arguments for a request through them."""
        if self.async_client is None:
            given: Any = {"base_url": self.base_url, "timeout": self.timeout_seconds}
            key = self.cohere_api_key.get_secret_value() if self.cohere_api_key else None
            self.async_client = cohere.AsyncClient(key, client_name=CLIENT_NAME, **given)
        # Retries inside the SDK would be requests that nobody counts.
        options = {"request_options": {"max_retries": 0}}
        return {**options, **kwargs, "documents": as_documents(kwargs.get("documents") or ())}

    def get_num_tokens(self, text: str) -> int:
        """Estimated without a call, see ``estimate_tokens``."""
        return estimate_tokens(text)


async def _read_to_end(stream: OpenStream) -> None:
    """Lets the connection be used again; nobody waits for it, and nothing can go wrong any more."""
    with suppress(TimeoutError, TooLongError, aiohttp.ClientError, OSError):
        async with asyncio.timeout(_END_SECONDS):
            while await stream.read():
                pass

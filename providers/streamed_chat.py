"""What our chat models share whose one implementation is an asynchronous stream."""

from collections.abc import AsyncGenerator, Iterator, Sequence
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

from background_loop import BackgroundLoop
from providers.annotations import Annotation, content_of


def whole_result(chunks: Sequence[AIMessageChunk]) -> ChatResult:
    """The answer that ``chunks`` add up to; the last one says what was used and why it ended."""
    notes = [note for chunk in chunks for note in _notes(chunk)]
    message = AIMessage(
        content=content_of("".join(str(chunk.text) for chunk in chunks), notes),
        usage_metadata=chunks[-1].usage_metadata,
        response_metadata=chunks[-1].response_metadata,
    )
    return ChatResult(generations=[ChatGeneration(message=message)])


def pulled(
    stream: AsyncGenerator[ChatGenerationChunk],
    background: BackgroundLoop,
    run_manager: CallbackManagerForLLMRun | None,
) -> Iterator[ChatGenerationChunk]:
    """``stream`` for a synchronous caller; closing the iterator closes the stream."""
    try:
        while (chunk := background.run(_or_none(stream))) is not None:
            if run_manager:
                run_manager.on_llm_new_token(str(chunk.message.text), chunk=chunk)
            yield chunk
    finally:
        background.run(close(stream))


async def close(stream: Any) -> None:
    """Closes a stream from where only coroutines can be run."""
    await stream.aclose()


def _notes(message: BaseMessage) -> list[Annotation]:
    blocks = message.content if isinstance(message.content, list) else []
    return [n for b in blocks if isinstance(b, dict) for n in b.get("annotations", ())]


async def _or_none(stream: AsyncGenerator[ChatGenerationChunk]) -> ChatGenerationChunk | None:
    return await anext(stream, None)

"""One answer being generated: which model speaks, what it has said, what it cites."""

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Final

from langchain_core.documents import Document
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.runnables import RunnableConfig

import metering
from chains.answer.citations import Meaning, read_annotations, verify
from chains.answer.leaks import PromptLeakGuard, prompts
from chains.answer.limits import AnswerLimits, Cut
from errors import BookChatError, BudgetExhausted, FixConfiguration, RetryLater
from schema import AnswerChunk, Citation

MARKER: Final = "NOT_IN_BOOK"
"""What the prompt tells the model to say, alone, when the passages hold no answer."""


@dataclass
class Models:
    """The model that answers, and the one that steps in before its first token."""

    chat: BaseChatModel
    name: str
    fallback: BaseChatModel | None = None
    fallback_name: str = ""
    first_token_seconds: float = 10.0
    """From the question to the first token of ``chat``, whatever came in between."""
    local: bool = False
    """``chat`` runs in this process: it cannot hang, and a busy one is waited for."""
    limits: AnswerLimits = field(default_factory=AnswerLimits)
    meaning: Meaning | None = None
    """Compares a claim with what it cites where they share no word."""


@dataclass
class Generation:
    """Streams one answer as partial Answers and keeps what it has seen.

    ``passages`` are keyed by id; ``prefix`` is said before the model speaks.
    """

    models: Models
    passages: Mapping[str, Document]
    meter: metering.Meter
    prefix: str = ""
    spare_provider: bool = False
    """The budget is spent: the fallback answers at once."""
    seconds: float | None = None
    """What is left until the first token is due; None: all that ``models`` grant."""
    model: str = ""
    not_in_book: bool = False
    cut: Cut | None = None
    """What ended the answer before the model did."""
    usage: dict[str, int] = field(default_factory=lambda: {"input_tokens": 0, "output_tokens": 0})
    citations: list[Citation] = field(default_factory=list)
    first_token_ms: float | None = None
    _watch: PromptLeakGuard = field(default_factory=lambda: PromptLeakGuard(prompts()))
    _parts: list[str] = field(default_factory=list)
    _length: int = 0
    _held: str | None = ""
    """Text kept back while it may still become the marker; None once it cannot."""

    @property
    def text(self) -> str:
        """The answer so far."""
        return "".join(self._parts)

    def so_far(self) -> AnswerChunk:
        """Text and citations as they stand."""
        return {"answer": self.text, "citations": [c.model_dump() for c in self.citations]}

    def say(self, text: str) -> AnswerChunk:
        """Adds a sentence of our own."""
        self._parts.append(text)
        self._length += len(text)
        return {"answer": text}

    async def stream(
        self, messages: Sequence[BaseMessage], config: RunnableConfig
    ) -> AsyncGenerator[AnswerChunk, None]:
        """Text deltas and checked citations.

        Raises:
            BookChatError: the model failed after its first token, or no model could begin.
        """
        started = time.perf_counter()
        first, rest = await self._begin(messages, config)
        self.first_token_ms = (time.perf_counter() - started) * 1000
        async with aclosing(rest) as stream:
            for chunk in await self._read(first):
                yield chunk
            self._check_limits(first, started)
            if self.cut is None:
                async for message in stream:
                    for chunk in await self._read(message):
                        yield chunk
                    self._check_limits(message, started)
                    if self._watch.leaked or self.cut:
                        break
        for chunk in self._end():
            yield chunk

    def _check_limits(self, message: AIMessageChunk, started: float) -> None:
        """Ends an answer that would go on for ever; what it says stands, and says that it ended."""
        seconds = time.perf_counter() - started
        self.cut = self.models.limits.reached(self._length, seconds, message.response_metadata)
        if self.cut and not self.not_in_book:
            with metering.metered(self.meter):
                metering.count(metering.Event.ANSWER_CUT, label=self.cut)
                metering.degrade(metering.Part.ANSWER_CUT)

    async def _begin(
        self, messages: Sequence[BaseMessage], config: RunnableConfig
    ) -> tuple[AIMessageChunk, Any]:
        models = self.models
        granted = models.first_token_seconds if self.seconds is None else self.seconds
        seconds = None if models.local else granted
        try:
            if self.spare_provider:
                raise BudgetExhausted("This month's model calls are spent.")
            begun = await self._first(models.chat, messages, config, seconds=seconds)
        except FixConfiguration:
            # Degrading would hide from the operator that the key or the model is refused.
            raise
        except BookChatError:
            if models.fallback is None:
                raise
            with metering.metered(self.meter):
                metering.degrade(metering.Part.CHAT_MODEL)
            self.model = models.fallback_name
            return await self._first(models.fallback, messages, config, seconds=None)
        self.model = models.name
        return begun

    async def _first(
        self,
        model: BaseChatModel,
        messages: Sequence[BaseMessage],
        config: RunnableConfig,
        *,
        seconds: float | None,
    ) -> tuple[AIMessageChunk, Any]:
        documents = list(self.passages.values())
        stream: Any = model.astream(list(messages), config, documents=documents)
        try:
            with metering.metered(self.meter):
                async with asyncio.timeout(seconds):
                    message = await anext(stream)
                    while not (message.content or message.usage_metadata):
                        message = await anext(stream)
                    return message, stream
        except TimeoutError:
            await stream.aclose()
            raise RetryLater("The answering model took too long.") from None
        except StopAsyncIteration:
            raise RetryLater("The answering model said nothing.") from None

    async def _read(self, message: AIMessageChunk) -> list[AnswerChunk]:
        if message.usage_metadata:
            self.usage["input_tokens"] += message.usage_metadata["input_tokens"]
            self.usage["output_tokens"] += message.usage_metadata["output_tokens"]
        if message.response_metadata.get("not_in_book"):
            self.not_in_book = True
        if message.response_metadata.get("quotes_nothing"):
            self.prefix = ""
        if isinstance(message.content, str):
            return self._say(message.content) if message.content else []
        chunks: list[AnswerChunk] = []
        for block in message.content:
            if isinstance(block, dict):
                chunks += self._say(block.get("text") or "")
                chunks += await self._cite(block)
        return chunks

    def _say(self, delta: str) -> list[AnswerChunk]:
        if self._held is not None:
            self._held += delta
            if MARKER.startswith(self._held.strip()):
                return []
            delta, self._held = self._held, None
            if delta.strip().startswith(MARKER):
                self.not_in_book = True
        return [] if self.not_in_book else self._let_out(self._watch.pass_on(delta))

    def _let_out(self, text: str) -> list[AnswerChunk]:
        """What the model said, unless it repeats a prompt: then the answer ends here."""
        if self._watch.leaked:
            metering.count(metering.Event.PROMPT_WITHHELD)
            self.not_in_book = True
            # What was said before stays said; the sentence that follows begins anew.
            return [self.say(" …\n\n")] if self._parts else []
        text = text[: self.models.limits.room(self._length)]
        if not text:
            return []
        return [self.say(text if self._parts else self.prefix + text)]

    async def _cite(self, block: Mapping[str, Any]) -> list[AnswerChunk]:
        chunks: list[AnswerChunk] = []
        for citation in read_annotations(block):
            if self.not_in_book:
                break
            shift = len(self.prefix)
            moved = citation.model_copy(
                update={"start": citation.start + shift, "end": citation.end + shift}
            )
            checked = await verify(moved, self.text, self.passages, self.models.meaning)
            if checked is not None:
                self.citations.append(checked)
                chunks.append({"citations": [checked.model_dump()]})
        return chunks

    def _end(self) -> list[AnswerChunk]:
        held, self._held = self._held, None
        if self.not_in_book:
            return []
        if held is None:
            return self._let_out(self._watch.end())
        if held.strip() in ("", MARKER):
            self.not_in_book = True
            return []
        return self._let_out(held)

"""An answerer without a key or a network: it quotes the sentences that answer.

It scores the sentences of the best passages (half cosine, half IDF-weighted overlap, plus what
the kind of question asks for). The best one comes first and whole, then what stands around it in
its section, then another section where that adds something; all of it is cited.
It finds and says; it never writes a sentence of its own.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, Self

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.documents import Document
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import ConfigDict, PrivateAttr, SkipValidation

from extractive.compose import Composer
from extractive.encoder import SentenceEncoder
from extractive.language import all_there_is, introduction, understood
from extractive.passages import read
from extractive.repetition import is_last, repeats, said_already
from extractive.structure import answer_from_place
from extractive.wording import Piece
from text.places import Place

_QUEUE: Final = 4
"""With more answers waiting, a provider that fails under load would be answered by more load."""


class ExtractiveChat(BaseChatModel):
    """Answers from ``documents`` (the passages, best first) given to ``invoke`` or ``stream``.

    The last message holds the question, better alone in ``additional_kwargs["question"]``, the
    selected text in ``["selection"]``, the answer's language in ``["language"]`` and earlier
    answers of the conversation in ``["already_said"]``: none is given twice. A passage's
    ``chunks`` may carry ``sentence_vectors``; without them the likeliest sentences are embedded
    (about 0.1 s), unless others wait for their answer.
    """

    embeddings: SkipValidation[SentenceEncoder]
    passages: int = 4
    """How many of the documents are read."""
    multilingual_search: bool = False
    """The passages were found by a model that reads every language."""
    _executor: ThreadPoolExecutor = PrivateAttr(
        default_factory=lambda: ThreadPoolExecutor(max_workers=1, thread_name_prefix="extract")
    )

    _waiting: int = PrivateAttr(0)

    model_config = ConfigDict(arbitrary_types_allowed=True)

    @property
    def _llm_type(self) -> str:
        return "extractive"

    def compose(self, asked: "Asked", *, hurried: bool = False) -> list[Piece]:
        """The answer's pieces in order; none when no sentence answers.

        ``hurried`` embeds no sentences, see ``score``.
        """
        if asked.place:
            task, told = asked.place
            return answer_from_place(task, told, asked.documents, self.embeddings.dimensions)
        passages = list(asked.documents[: self.passages])
        query = understood(asked.question, passages)
        candidates = read(passages, self.embeddings.dimensions)
        if not candidates:
            return []
        composer = Composer(candidates, passages, self.embeddings, hurried=hurried)
        if asked.selection:
            return composer.explain(query, asked.selection)
        if asked.brief:
            pieces = composer.briefly(query)
            last = is_last(pieces, asked.said)
            return [Piece(all_there_is(asked.question, asked.language), "", "")] if last else pieces
        pieces = composer.answer(query)
        if not repeats(pieces, asked.said):
            return pieces
        # Who has read that much may be told of what was found last, too.
        passages = list(asked.documents)
        candidates = read(passages, self.embeddings.dimensions)
        composer = Composer(candidates, passages, self.embeddings, hurried=hurried)
        further = composer.answer(query, said_already(candidates, asked.said))
        return further or [Piece(all_there_is(asked.question, asked.language), "", "")]

    def _introduced(
        self, messages: Sequence[BaseMessage], kwargs: dict[str, Any], *, hurried: bool = False
    ) -> list[Piece]:
        """The pieces, after a sentence for readers of another language."""
        asked = Asked.of(messages, kwargs)
        pieces = self.compose(asked, hurried=hurried)
        if not any(piece.source_id for piece in pieces):
            return pieces
        said = introduction(
            asked.question,
            asked.language,
            " ".join(piece.text for piece in pieces),
            searched=self.multilingual_search or asked.selection is not None,
        )
        if not said:
            return pieces
        return [Piece(said, "", ""), replace(pieces[0], gap="\n\n"), *pieces[1:]]

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        chunks = list(_chunks(self._introduced(messages, kwargs)))
        whole = chunks[0].message
        for chunk in chunks[1:]:
            whole = whole + chunk.message
        message = AIMessage(
            content=whole.content,
            usage_metadata=_usage(),
            response_metadata=whole.response_metadata,
        )
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        yield from _chunks(self._introduced(messages, kwargs))

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        loop = asyncio.get_running_loop()
        self._waiting += 1
        work = partial(self._introduced, messages, kwargs, hurried=self._waiting > _QUEUE)
        try:
            pieces = await loop.run_in_executor(self._executor, work)
        finally:
            self._waiting -= 1
        for chunk in _chunks(pieces):
            yield chunk

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._executor, lambda: self._generate(messages, stop, None, **kwargs)
        )


@dataclass(frozen=True)
class Asked:
    """What the last message asks, and what it is asked of."""

    question: str
    documents: Sequence[Document]
    selection: str | None = None
    language: str | None = None
    said: Sequence[str] = ()
    """Earlier answers of this conversation."""
    place: tuple[str, Sequence[Place]] | None = None
    """What is asked about the book itself, see ``answer_from_place``."""
    brief: bool = False
    """The answer before was too long."""

    @classmethod
    def of(cls, messages: Sequence[BaseMessage], kwargs: dict[str, Any]) -> Self:
        """Read from the message's ``additional_kwargs`` and from ``documents``."""
        told = messages[-1].additional_kwargs
        return cls(
            told.get("question") or str(messages[-1].text),
            list(kwargs.get("documents") or ()),
            told.get("selection"),
            told.get("language"),
            list(told.get("already_said") or ()),
            told.get("place"),
            bool(told.get("brief")),
        )


def _usage() -> UsageMetadata:
    return UsageMetadata(input_tokens=0, output_tokens=0, total_tokens=0)


def _chunks(pieces: Sequence[Piece]) -> Iterator[ChatGenerationChunk]:
    written = 0
    for piece in pieces:
        start = written + len(piece.gap)
        written = start + len(piece.text)
        note = {
            "type": "citation",
            "start_index": start,
            "end_index": written,
            "cited_text": piece.text,
            "extras": {"source_ids": [piece.source_id]},
        }
        notes = [note] if piece.source_id else []
        block = {"type": "text", "text": piece.gap + piece.text, "annotations": notes}
        # "This is all there is" answers; a notice before it would be about a quotation.
        alone = {} if piece.source_id or len(pieces) > 1 else {"quotes_nothing": True}
        message = AIMessageChunk(content=[block], response_metadata=alone)
        yield ChatGenerationChunk(message=message)
    end = AIMessageChunk(
        content=[],
        usage_metadata=_usage(),
        response_metadata={} if pieces else {"not_in_book": True},
        chunk_position="last",
    )
    yield ChatGenerationChunk(message=end)

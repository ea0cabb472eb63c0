"""Working small implementations of the real interfaces, for tests of the rooms above them."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.documents import Document
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import Field

import metering
from errors import BookChatError, FixQuestion, RetryLater
from schema import ChunkMetadata, CollectionInfo, PastTurn, Turn
from text.outline import Outline
from text.outline_builder import OutlineBuilder
from text.vocabulary import Vocabulary
from text.words import content_words


def chunk(
    text: str,
    heading: str,
    *,
    path: str = "module-1/ros.md",
    index: int = 0,
    kind: str = "text",
    locale: str = "en",
    version: str = "",
) -> Document:
    """A chunk as a loader makes it."""
    metadata = ChunkMetadata(
        path=path,
        title="ROS 2",
        heading=heading,
        breadcrumb=["ROS 2", heading],
        url=f"/docs/{path.removesuffix('.md')}#{heading.lower().replace(' ', '-')}",
        section_id=f"{path}#{heading}",
        index=index,
        locale=locale,
        kind=kind,  # type: ignore[typeddict-item]  # any kind that a test names
        scopes=[path.split("/")[0], path],
        tokens=len(text.split()),
    )
    if version:
        metadata["version"] = version
    return Document(id=f"{path}#{heading}#{index}", page_content=text, metadata=dict(metadata))


class MemoryStore:
    """A ``BookStore`` that ranks by shared content words; similarity is their share."""

    def __init__(self, chunks: Sequence[Document], version: str = "v1") -> None:
        self.chunks = list(chunks)
        self.version: str | None = version
        self.fails: dict[str, BookChatError] = {}
        self.searches: list[str] = []
        self.languages = ["en", "ur"]

    async def asimilarity_search_with_score(
        self,
        query: str,
        k: int = 4,
        *,
        scope: str | None = None,
        locale: str | None = None,
        version: str | None = None,
        sparse_only: bool = False,
    ) -> list[tuple[Document, float]]:
        self.searches.append(query)
        if "store" in self.fails:
            raise self.fails["store"]
        if "embedding" in self.fails and not sparse_only:
            raise self.fails["embedding"]
        asked = set(content_words(query))
        found = []
        beside = self._info().versions_beside(version)
        for one in self.chunks:
            if one.metadata.get("version") in beside:
                continue
            if scope and scope not in one.metadata["scopes"]:
                continue
            if locale and locale != one.metadata["locale"]:
                continue
            held = set(content_words(f"{one.metadata['heading']} {one.page_content}"))
            share = len(asked & held) / max(1, len(asked))
            if share:
                similarity = None if sparse_only else share
                metadata = {**one.metadata, "similarity": similarity, "lexical": share * 10}
                found.append((one.model_copy(update={"metadata": metadata}), share))
        found.sort(key=lambda pair: -pair[1])
        return found[:k]

    async def vector_of(self, query: str) -> list[float]:
        raise AssertionError("its chunks have no sentence vectors")

    async def sections(self, section_ids: Sequence[str]) -> list[Document]:
        return [c for c in self.chunks if c.metadata["section_id"] in set(section_ids)]

    async def page(self, path: str) -> list[Document]:
        return [c for c in self.chunks if c.metadata["path"] == path]

    async def first_chunks(self) -> list[Document]:
        first = {c.metadata["path"]: c for c in reversed(self.chunks)}
        return list(first.values())

    async def info(self) -> CollectionInfo | None:
        if "store" in self.fails:
            raise self.fails["store"]
        if self.version is None:
            return None
        return self._info()

    def _info(self) -> CollectionInfo:
        versions = dict.fromkeys(c.metadata.get("version") for c in self.chunks)
        return CollectionInfo(
            fingerprint="fake",
            book_version=self.version or "",
            complete=True,
            languages=self.languages,
            versions=[version for version in versions if version],
        )

    async def vocabulary(self, book_version: str | None = None) -> Vocabulary:
        vocabulary = Vocabulary()
        for one in self.chunks:
            vocabulary.add(" ".join([*one.metadata["breadcrumb"], one.page_content]))
        return vocabulary

    async def outline(self, book_version: str) -> Outline:
        builder = OutlineBuilder()
        for one in self.chunks:
            builder.add(one.page_content, one.metadata)
        return builder.outline("en", self._info().versions)


class ScriptedChat(BaseChatModel):
    """Says its pieces one after the other; an exception among them is raised there.

    A piece ``(text, source_index)`` is cited. ``started``/``go_on`` let a test stop it midway.
    """

    pieces: list[Any]
    seen: list[tuple[list[BaseMessage], list[Document]]] = Field(default_factory=list)
    closed: list[bool] = Field(default_factory=list)
    gate: Any = None
    gate_before: int = 1

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        text = "".join(p if isinstance(p, str) else p[0] for p in self.pieces)
        return ChatResult(generations=[ChatGeneration(message=AIMessage(text))])

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        *,
        documents: Sequence[Document] = (),
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        metering.record_call("scripted", "chat")
        self.seen.append((messages, list(documents)))
        position = 0
        try:
            for number, piece in enumerate(self.pieces):
                if self.gate is not None and number == self.gate_before:
                    await self.gate.wait()
                if isinstance(piece, Exception):
                    raise piece
                text, source = piece if isinstance(piece, tuple) else (piece, None)
                yield _chunk(text, position, documents[source] if source is not None else None)
                position += len(text)
            usage = UsageMetadata(input_tokens=11, output_tokens=7, total_tokens=18)
            yield ChatGenerationChunk(message=AIMessageChunk(content="", usage_metadata=usage))
        except (GeneratorExit, asyncio.CancelledError):
            self.closed.append(True)
            raise

    def _stream(self, *args: Any, **kwargs: Any) -> Iterator[ChatGenerationChunk]:
        raise NotImplementedError


def _chunk(text: str, position: int, cited: Document | None) -> ChatGenerationChunk:
    if cited is None:
        return ChatGenerationChunk(message=AIMessageChunk(content=text))
    note = {
        "type": "citation",
        "start_index": position,
        "end_index": position + len(text),
        "cited_text": text,
        "extras": {"source_ids": [cited.metadata["id"]]},
    }
    block = {"type": "text", "text": text, "annotations": [note]}
    return ChatGenerationChunk(message=AIMessageChunk(content=[block]))


def _still_shown(turns: Sequence[Turn]) -> list[Turn]:
    replaced = {turn.replaces for turn in turns}
    return [turn for turn in turns if turn.answer.answer_id not in replaced]


class DictMemory:
    """``Conversations`` in a dict; unknown sessions are refused, and it can be away."""

    def __init__(self) -> None:
        self.stored: dict[str, list[Turn]] = {}
        self.ratings: dict[str, tuple[str, str | None]] = {}
        self.shares: dict[str, tuple[str, int]] = {}
        self.away = False
        self._made = 0

    def new_session(self) -> str:
        self._made += 1
        session_id = f"session-{self._made}"
        self.stored[session_id] = []
        return session_id

    async def history(self, session_id: str) -> Sequence[PastTurn]:
        return [
            PastTurn(question=t.question, answer=t.answer.answer, answer_id=t.answer.answer_id)
            for t in _still_shown(self._of(session_id))
        ]

    async def turns(self, session_id: str) -> list[dict[str, Any]]:
        return [t.model_dump(mode="json") for t in _still_shown(self._of(session_id))]

    async def remember(self, turn: Turn) -> None:
        self._of(turn.session_id).append(turn)

    async def forget(self, session_id: str) -> None:
        self._of(session_id)
        del self.stored[session_id]

    async def share(self, session_id: str) -> str:
        self.shares[session_id] = f"share-{session_id}", len(self._of(session_id))
        return self.shares[session_id][0]

    async def unshare(self, session_id: str) -> None:
        self.shares.pop(session_id, None)

    async def shared(self, share_id: str) -> list[dict[str, Any]]:
        for session_id, (known, count) in self.shares.items():
            if known == share_id:
                return (await self.turns(session_id))[:count]
        raise FixQuestion("No such link.", code="not_found")

    async def rate(self, answer_id: str, session_id: str, rating: str, comment: str | None) -> None:
        if answer_id not in {t.answer.answer_id for t in self._of(session_id)}:
            raise FixQuestion("No such answer.", code="not_found")
        self.ratings[answer_id] = (rating, comment)

    async def insights(self) -> dict[str, list[dict[str, Any]]]:
        return {"bad_ratings": [{"answer_id": k, "comment": v[1]} for k, v in self.ratings.items()]}

    async def ping(self) -> None:
        if self.away:
            raise RetryLater("The database is away.")

    def _of(self, session_id: str) -> list[Turn]:
        if self.away:
            raise RetryLater("The database is away.")
        if session_id not in self.stored:
            raise FixQuestion("No such session.", code="not_found")
        return self.stored[session_id]

"""Cohere's answer stream: bytes of server-sent events in, LangChain message chunks out. No I/O."""

from collections.abc import Collection, Iterator
from typing import Any, Final

import orjson
from langchain_core.messages import AIMessageChunk
from langchain_core.messages.ai import UsageMetadata

import metering
from providers.annotations import annotation_of, content_of
from providers.failures import BrokenStreamError

Event = dict[str, Any]

# No event is near this size; a peer that never ends one must not fill the memory.
_LONGEST_EVENT: Final = 1 << 20
_MOST_LINES: Final = 1000
# No offset or count is near this one, and larger ones fit no counter.
_FAR: Final = 1 << 31
_FAILED: Final = ("ERROR", "TIMEOUT")


class EventParser:
    """Events from bytes in pieces of any size, cut anywhere."""

    def __init__(self) -> None:
        self._rest = b""
        self._data: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> Iterator[Event]:
        """The events that ``data`` completes. Raises ``BrokenStreamError``."""
        # Lines end at a byte that is part of no UTF-8 sequence, so characters stay whole.
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if line.startswith(b"data:"):
                self._data.append(line[5:])
                self._size += len(line)
            elif self._data and line in (b"", b"\r"):
                raw, self._data, self._size = b"\n".join(self._data).strip(), [], 0
                if raw != b"[DONE]":
                    yield _event(raw)
        if len(self._rest) + self._size > _LONGEST_EVENT or len(self._data) > _MOST_LINES:
            raise BrokenStreamError


def _event(raw: bytes) -> Event:
    try:
        event = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise BrokenStreamError from None
    if not isinstance(event, dict):
        raise BrokenStreamError
    return event


class AnswerStream:
    """One answer as its bytes arrive.

    Args:
        model: named in the last chunk.
        source_ids: ids of the documents that were sent; nothing else can be cited.
        message_id: that all chunks carry.
    """

    def __init__(
        self, model: str, source_ids: Collection[str] = (), message_id: str | None = None
    ) -> None:
        self.complete = False
        self._model = model
        self._id = message_id
        self._sources = frozenset(source_ids)
        self._parser = EventParser()
        self._parts: list[str] = []
        self._length = 0
        self._block_starts: dict[int, int] = {}
        self._waiting: list[Event] = []

    def feed(self, data: bytes) -> list[AIMessageChunk]:
        """What ``data`` brought: its text and citations as one chunk, and the last chunk.

        Args:
            data: one network read; empty: the connection has ended.

        Raises:
            BrokenStreamError: there is no answer, or no more of it.
        """
        if not data:
            raise BrokenStreamError
        said = len(self._parts)
        last = None
        for event in self._parser.feed(data):
            kind = event.get("type")
            if kind == "content-delta":
                self._say(_inside(event, "content").get("text"))
            elif kind == "content-start":
                self._block_starts[_number(event.get("index"))] = self._length
                self._say(_inside(event, "content").get("text"))
            elif kind == "citation-start":
                self._waiting.append(_inside(event, "citations"))
            elif kind == "message-end":
                last = self._last(_object(event.get("delta")))
                break
        delta = "".join(self._parts[said:])
        notes = self._annotations() if self._waiting else []
        chunks = [last] if last else []
        if delta or notes:
            chunks.insert(0, AIMessageChunk(content=content_of(delta, notes), id=self._id))
        return chunks

    def cut(self) -> AIMessageChunk:
        """The last chunk of an answer that is not read any further."""
        self.complete = True
        return self._end("MAX_BYTES", {})

    def _say(self, text: object) -> None:
        if text and isinstance(text, str):
            self._parts.append(text)
            self._length += len(text)

    def _last(self, delta: Event) -> AIMessageChunk:
        finish = str(delta.get("finish_reason") or "COMPLETE")
        if finish.startswith(_FAILED) or delta.get("error"):
            raise BrokenStreamError
        self.complete = True
        return self._end(finish, _object(delta.get("usage")))

    def _end(self, finish: str, usage: Event) -> AIMessageChunk:
        return AIMessageChunk(
            content="",
            id=self._id,
            usage_metadata=_usage(usage),
            response_metadata={
                "finish_reason": finish,
                "model_name": self._model,
                "model_provider": "cohere",
            },
            chunk_position="last",
        )

    def _annotations(self) -> list[Event]:
        whole = "".join(self._parts)
        self._parts, waiting, self._waiting = [whole], self._waiting, []
        notes = []
        for citation in waiting:
            block = self._block_starts.get(_number(citation.get("content_index")), 0)
            if not self.complete and block + _number(citation.get("end")) > len(whole):
                self._waiting.append(citation)
            elif note := annotation(citation, whole, self._sources, block):
                notes.append(note)
        return notes


def annotation(
    citation: Event, whole: str, source_ids: Collection[str], block: int = 0
) -> Event | None:
    """A standard citation annotation, or None if the citation does not hold.

    Args:
        citation: as Cohere sends it; its offsets count from ``block`` within ``whole``.
        source_ids: the documents that may be cited.
    """
    start, end = (block + _number(citation.get(side)) for side in ("start", "end"))
    text = citation.get("text")
    text = text if text and isinstance(text, str) else whole[max(0, start) : end]
    start = _place(whole, text, start)
    named = citation.get("sources")
    given = named if isinstance(named, list) else []
    sources = [s for s in (_source(_object(s), source_ids) for s in given) if s]
    # Thoughts and tool plans are cited too; nobody gets to see those.
    if start < 0 or not sources or citation.get("type") not in (None, "TEXT_CONTENT"):
        metering.count(metering.Event.CITATIONS_DROPPED)
        return None
    return annotation_of(text, start, sources)


def _source(source: Event, known: Collection[str]) -> str | None:
    ids = (source.get("id"), _object(source.get("document")).get("id"))
    return next((i for i in ids if isinstance(i, str) and i in known), None)


def _inside(event: Event, name: str) -> Event:
    try:
        inside = event["delta"]["message"][name]
    except (KeyError, TypeError):
        return {}
    if isinstance(inside, list):
        inside = inside[0] if inside else None
    return _object(inside)


def _object(value: object) -> Event:
    return value if isinstance(value, dict) else {}


def _number(value: object) -> int:
    return value if isinstance(value, int) and abs(value) < _FAR else 0


def _place(whole: str, text: str, start: int) -> int:
    """Where ``text`` stands, as near to ``start`` as possible; -1: nowhere.

    Offsets are meant to count characters, but a provider may count bytes or UTF-16 units.
    """
    if not text.strip():
        return -1
    if whole.startswith(text, start):
        return start
    before, after = whole.rfind(text, 0, start + len(text)), whole.find(text, start)
    if before < 0 or after < 0:
        return max(before, after)
    return before if start - before <= after - start else after


def _usage(usage: Event) -> UsageMetadata:
    counted = _object(usage.get("tokens")) or _object(usage.get("billed_units"))
    given, made = (_count(counted.get(f"{side}_tokens")) for side in ("input", "output"))
    return UsageMetadata(input_tokens=given, output_tokens=made, total_tokens=given + made)


def _count(value: object) -> int:
    # Cohere counts in floats.
    return int(value) if isinstance(value, int | float) and 0 <= value < _FAR else 0

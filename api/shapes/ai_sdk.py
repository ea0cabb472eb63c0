"""The AI SDK's UI message stream, version 1: what its clients send and read."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api.public_address import absolute
from api.shapes.messages import ChatMessage, Messages
from api.shapes.titles import title_of

HEADER: Final = {"x-vercel-ai-ui-message-stream": "v1"}
DONE: Final = b"data: [DONE]\n\n"
_TEXT: Final = "answer"
"""Id of the one text part."""


class ChatRequest(BaseModel):
    """``{id, messages, trigger, messageId}`` of ``useChat``, or bare ``{messages, project}``."""

    model_config = ConfigDict(extra="ignore")

    id: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = Field(
        None, description="the chat's; a running answer can be resumed by it"
    )
    messages: Messages
    trigger: Literal["submit-message", "regenerate-message"] = "submit-message"
    section: str | None = Field(None, max_length=200, description="limits the search")
    language: str | None = Field(None, max_length=200, description="of the answer")
    version: str | None = Field(None, max_length=200, description="of the book, searched first")

    @property
    def asked(self) -> Sequence[ChatMessage]:
        """Messages up to the question that is to be answered."""
        messages = list(self.messages)
        while self.trigger == "regenerate-message" and messages[-1].role == "assistant":
            if len(messages) == 1:
                break
            messages.pop()
        return messages


class MessageParts:
    """Frames of a running answer to parts of a UI message."""

    def __init__(self, answer_id: str, base: str) -> None:
        self._answer_id = answer_id
        self._base = base
        self._begun = False

    def begin(self) -> bytes:
        """The first part."""
        return part("start", messageId=self._answer_id)

    def of(self, frame: Mapping[str, Any]) -> bytes:
        """The parts that a frame adds."""
        match frame["type"]:
            case "sources":
                return self.sources(frame["sources"])
            case "token":
                return self._text(frame["text"])
            case "citation":
                return self.citation(frame["citation"])
            case "done":
                return self._end() + part("finish", messageMetadata=_metadata(frame["answer"]))
            case "error":
                return self._end() + part("error", errorText=frame["message"]) + part("finish")
            case "cancelled":
                return self._end() + part("abort") + part("finish")
        return b""

    def sources(self, sources: Sequence[Mapping[str, Any]]) -> bytes:
        """One part for each source that has an address."""
        return b"".join(
            part(
                "source-url",
                sourceId=source["id"],
                url=absolute(source["url"], self._base),
                title=title_of(source),
            )
            for source in sources
            if source["url"]
        )

    def citation(self, citation: Mapping[str, Any]) -> bytes:
        """The citation as it is; offsets count characters."""
        return part("data-citation", data=citation)

    def _text(self, text: str) -> bytes:
        begin = b"" if self._begun else part("text-start", id=_TEXT)
        self._begun = True
        return begin + part("text-delta", id=_TEXT, delta=text)

    def _end(self) -> bytes:
        return part("text-end", id=_TEXT) if self._begun else b""


class LinkedParts(MessageParts):
    """For widgets that show text only: citations are Markdown links in the text.

    A citation that comes right behind what it cites becomes a numbered link there; all cited
    sources are listed at the end.
    """

    def __init__(self, answer_id: str, base: str) -> None:
        super().__init__(answer_id, base)
        self._known: dict[str, Mapping[str, Any]] = {}
        self._cited: list[str] = []
        self._length = 0

    def sources(self, sources: Sequence[Mapping[str, Any]]) -> bytes:
        """Kept for the links."""
        self._known.update((source["id"], source) for source in sources if source["url"])
        return b""

    def citation(self, citation: Mapping[str, Any]) -> bytes:
        """Links to its sources, where the text stands."""
        new = [ident for ident in citation["source_ids"] if ident in self._known]
        self._cited += [ident for ident in new if ident not in self._cited]
        if citation["end"] != self._length:
            return b""
        marks = [f"[\\[{self._cited.index(ident) + 1}\\]]({self._url(ident)})" for ident in new]
        return super()._text(" " + " ".join(marks)) if marks else b""

    def _text(self, text: str) -> bytes:
        self._length += len(text)
        return super()._text(text)

    def _end(self) -> bytes:
        listed = [
            f"{number}. [{_label(title_of(self._known[ident]))}]({self._url(ident)})"
            for number, ident in enumerate(self._cited, 1)
        ]
        text = super()._text("\n\n" + "\n".join(listed)) if listed else b""
        return text + super()._end()

    def _url(self, ident: str) -> str:
        url = absolute(self._known[ident]["url"], self._base)
        return url.replace("(", "%28").replace(")", "%29").replace(" ", "%20")


def part(kind: str, **fields: object) -> bytes:
    """One part as a server-sent event."""
    return b"data: " + orjson.dumps({"type": kind, **fields}) + b"\n\n"


def _label(text: str) -> str:
    return text.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")


def _metadata(answer: Mapping[str, Any]) -> dict[str, object]:
    fields = ("answer_id", "status", "confidence", "suggestions", "book_version", "usage")
    return {name: answer[name] for name in fields if name in answer}

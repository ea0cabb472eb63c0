"""OpenAI's chat completions: what their clients send and read."""

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import orjson
from pydantic import BaseModel, ConfigDict, Field

from api.public_address import absolute
from api.shapes.messages import Messages
from api.shapes.titles import title_of
from errors import ErrorCode, FixQuestion

MODEL: Final = "book-chat"
DONE: Final = b"data: [DONE]\n\n"
_IMAGE_KINDS: Final = {"image_url", "input_audio", "file", "input_image", "input_file"}


class StreamOptions(BaseModel):
    """Of the options, one is known."""

    model_config = ConfigDict(extra="ignore")

    include_usage: bool | None = False


class ResponseFormat(BaseModel):
    """Answers are Markdown."""

    model_config = ConfigDict(extra="ignore")

    type: str


class CompletionRequest(BaseModel):
    """A chat completion. Parameters that are not listed, such as ``temperature``, are ignored."""

    model_config = ConfigDict(extra="ignore")

    model: str = Field(MODEL, max_length=200, description="any; there is one")
    messages: Messages
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    n: int | None = None
    tools: list[Any] | None = None
    functions: list[Any] | None = None
    response_format: ResponseFormat | None = None
    section: str | None = Field(None, max_length=200, description="limits the search, as elsewhere")
    language: str | None = Field(None, max_length=200, description="of the answer")
    version: str | None = Field(None, max_length=200, description="of the book, searched first")

    @property
    def wants_usage(self) -> bool:
        """The stream ends with a chunk that tells the usage."""
        return bool(self.stream_options and self.stream_options.include_usage)


class Refused(FixQuestion):
    """The request asks for what this service does not do; ``param`` names it."""

    def __init__(self, detail: str, param: str) -> None:
        super().__init__(detail)
        self.param = param


def refuse_what_is_not_done(request: CompletionRequest) -> None:
    """Raises ``Refused`` where ignoring a parameter would give a client what it cannot read."""
    if request.tools or request.functions:
        raise Refused("Tools are not supported: this model only answers from its book.", "tools")
    if request.n is not None and request.n != 1:
        raise Refused("n must be 1: there is one answer.", "n")
    if request.response_format and request.response_format.type != "text":
        raise Refused("response_format must be text: answers are Markdown.", "response_format")
    if request.messages[-1].kinds & _IMAGE_KINDS:
        raise Refused("Only text can be asked, no images, audio or files.", "messages")


def completion(answer: Mapping[str, Any], base: str) -> dict[str, object]:
    """The whole answer as one chat completion."""
    sources = answer["sources"]
    message = {
        "role": "assistant",
        "content": answer["answer"],
        "refusal": None,
        "annotations": annotations(answer["citations"], sources, base),
    }
    choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
    return {**_head(answer["answer_id"], ""), "choices": [choice], "usage": usage(answer)}


def annotations(
    citations: Iterable[Mapping[str, Any]], sources: Sequence[Mapping[str, Any]], base: str
) -> list[dict[str, object]]:
    """One ``url_citation`` for every source of every citation; offsets count characters."""
    known = {source["id"]: source for source in sources}
    return [
        {
            "type": "url_citation",
            "url_citation": {
                "start_index": citation["start"],
                "end_index": citation["end"],
                "url": absolute(known[ident]["url"], base),
                "title": title_of(known[ident]),
            },
        }
        for citation in citations
        for ident in citation["source_ids"]
        # A passage that the reader selected on a page of another book has no address.
        if ident in known and known[ident]["url"]
    ]


def usage(answer: Mapping[str, Any]) -> dict[str, int]:
    """Tokens as OpenAI counts them."""
    used = answer.get("usage") or {}
    prompt, said = used.get("input_tokens", 0), used.get("output_tokens", 0)
    return {"prompt_tokens": prompt, "completion_tokens": said, "total_tokens": prompt + said}


class CompletionChunks:
    """Frames of a running answer to chunks of a chat completion."""

    def __init__(self, answer_id: str, base: str, *, include_usage: bool) -> None:
        self._head = _head(answer_id, ".chunk")
        if include_usage:
            self._head["usage"] = None
        self._include_usage = include_usage
        self._base = base
        self._sources: Sequence[Mapping[str, Any]] = ()

    def begin(self) -> bytes:
        """The first chunk."""
        return self._delta({"role": "assistant", "content": ""})

    def of(self, frame: Mapping[str, Any]) -> bytes:
        """What a frame adds; may be nothing."""
        match frame["type"]:
            case "sources":
                self._sources = frame["sources"]
            case "token":
                return self._delta({"content": frame["text"]})
            case "citation":
                found = annotations([frame["citation"]], self._sources, self._base)
                return self._delta({"annotations": found}) if found else b""
            case "done":
                return self._end(frame["answer"])
            case "error" | "cancelled":
                return event(error(frame.get("code", "internal"), frame.get("message", ""))) + DONE
        return b""

    def _end(self, answer: Mapping[str, Any]) -> bytes:
        end = self._delta({}, "stop")
        if self._include_usage:
            end += event({**self._head, "choices": [], "usage": usage(answer)})
        return end + DONE

    def _delta(self, delta: dict[str, object], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return event({**self._head, "choices": [choice]})


def event(data: Mapping[str, object]) -> bytes:
    """One server-sent event."""
    return b"data: " + orjson.dumps(data) + b"\n\n"


_TYPES: Final[Mapping[ErrorCode, tuple[str, str | None]]] = {
    "invalid_request": ("invalid_request_error", None),
    "not_found": ("invalid_request_error", "model_not_found"),
    "unauthorized": ("invalid_request_error", "invalid_api_key"),
    "rate_limited": ("rate_limit_error", "rate_limit_exceeded"),
    "budget_exhausted": ("insufficient_quota", "insufficient_quota"),
}


def error(code: ErrorCode, message: str, param: str | None = None) -> dict[str, object]:
    """The body of an error; ``type`` and ``code`` are OpenAI's where it has them."""
    kind, known = _TYPES.get(code, ("server_error", None))
    return {"error": {"message": message, "type": kind, "param": param, "code": known or code}}


def model_card() -> dict[str, object]:
    """The one model."""
    return {"id": MODEL, "object": "model", "created": 0, "owned_by": MODEL}


def _head(answer_id: str, kind: str) -> dict[str, object]:
    return {
        "id": f"chatcmpl-{answer_id}",
        "object": f"chat.completion{kind}",
        "created": int(time.time()),
        "model": MODEL,
    }

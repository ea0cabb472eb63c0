"""Frames of ``/ws/chat``, protocol 1: what the door checks and what ``/asyncapi.json`` says."""

from typing import Annotated, Any, Final, Literal

import orjson
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictInt,
    TypeAdapter,
    ValidationError,
    create_model,
)

from errors import ErrorCode, FixQuestion
from schema import Answer, Citation, Question, Source

MAX_FRAME: Final = 64 * 1024
"""Bytes; a larger frame closes the connection with 1009."""
PROTOCOL: Final = 1
AskId = Annotated[
    str, Field(min_length=1, max_length=200, description="chosen by the client, echoed back")
]
Seq = Annotated[int, Field(ge=0, description="counts up by one per answer")]


class Ask(Question):
    """Asks a question; one answer at a time per connection."""

    type: Literal["ask"]
    id: AskId


class Cancel(BaseModel):
    """Stops the answer to the question with this id, and the provider's stream."""

    type: Literal["cancel"]
    id: AskId


class Resume(BaseModel):
    """Follows an answer that another connection asked for."""

    type: Literal["resume"]
    answer_id: str = Field(min_length=1, max_length=200)
    after: StrictInt = Field(-1, ge=-1, lt=2**31, description="last seq that was seen; -1: all")


class Ping(BaseModel):
    """Is answered with a pong."""

    type: Literal["ping"]


ClientFrame = Annotated[Ask | Cancel | Resume | Ping, Field(discriminator="type")]

PartialAnswer: Any = create_model(
    "PartialAnswer",
    __doc__="An Answer as far as it came.",
    **{name: (field.annotation, None) for name, field in Answer.model_fields.items()},  # type: ignore[call-overload]  # pydantic's create_model takes fields by name
)


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Ready(_Said):
    """First frame of a connection; its session is used unless a question names another."""

    type: Literal["ready"]
    protocol: Literal[1]
    session_id: str


class Start(_Said):
    """The answer begins."""

    type: Literal["start"]
    id: AskId
    answer_id: str
    seq: Literal[0]


class Sources(_Said):
    """The passages, best first."""

    type: Literal["sources"]
    id: AskId
    seq: Seq
    sources: list[Source]


class Token(_Said):
    """A piece of the text."""

    type: Literal["token"]
    id: AskId
    seq: Seq
    text: str


class Cited(_Said):
    """A citation into the text so far."""

    type: Literal["citation"]
    id: AskId
    seq: Seq
    citation: Citation


class Done(_Said):
    """The whole answer; the last frame of it."""

    type: Literal["done"]
    id: AskId
    seq: Seq
    answer: Answer


class Cancelled(_Said):
    """What had come before it was cancelled; the last frame of the answer."""

    type: Literal["cancelled"]
    id: AskId
    seq: Seq
    answer: PartialAnswer


class Error(_Said):
    """Something went wrong; with ``seq`` it is the last frame of an answer."""

    type: Literal["error"]
    id: str | None = None
    seq: Seq | None = None
    code: ErrorCode
    message: str
    retry_after: float | None = Field(None, description="seconds")


class Pong(_Said):
    """Answer to a ping."""

    type: Literal["pong"]


ServerFrame = Annotated[
    Ready | Start | Sources | Token | Cited | Done | Cancelled | Error | Pong,
    Field(discriminator="type"),
]
CLIENT: Final[tuple[type[BaseModel], ...]] = (Ask, Cancel, Resume, Ping)
SERVER: Final[tuple[type[BaseModel], ...]] = (
    Ready, Start, Sources, Token, Cited, Done, Cancelled, Error, Pong,
)  # fmt: skip
_client: TypeAdapter[Ask | Cancel | Resume | Ping] = TypeAdapter(ClientFrame)


def parse(frame: Any) -> Ask | Cancel | Resume | Ping:
    """A client's frame.

    Raises:
        FixQuestion: it is not one; the message names the first field that does not fit.
    """
    try:
        return _client.validate_python(frame)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise FixQuestion(f"Not a frame of protocol {PROTOCOL}: {where} {first['msg']}") from None


def read(text: str | None) -> dict[str, Any]:
    """The JSON object of a text message.

    Raises:
        FixQuestion: it holds none.
    """
    try:
        frame = orjson.loads(text or "")
    except orjson.JSONDecodeError:
        frame = None
    if not isinstance(frame, dict):
        raise FixQuestion("A frame must be a JSON object in a text message.")
    return frame

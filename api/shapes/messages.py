"""From a list of chat messages, as other protocols send them, to a question with its history."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from errors import FixQuestion
from schema import MAX_HISTORY, MAX_QUESTION, PastTurn, Question

MAX_MESSAGES = 400
_MAX_ANSWER = 20_000


class TextPart(BaseModel):
    """A part of a message; parts of other types have no text and are left out."""

    model_config = ConfigDict(extra="allow")

    type: str
    text: str | None = None


class ChatMessage(BaseModel):
    """A message: ``content`` as text or parts (OpenAI), or ``parts`` (AI SDK)."""

    model_config = ConfigDict(extra="allow")

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[TextPart] | None = None
    parts: list[TextPart] | None = None

    @property
    def text(self) -> str:
        """The text of all its parts."""
        content = self.content if self.content is not None else self.parts
        if isinstance(content, str):
            return content.strip()
        return "\n".join(part.text for part in content or () if part.text).strip()

    @property
    def kinds(self) -> set[str]:
        """Types of its parts."""
        content = self.content if self.content is not None else self.parts
        return set() if isinstance(content, str) else {part.type for part in content or ()}


Messages = Annotated[list[ChatMessage], Field(min_length=1, max_length=MAX_MESSAGES)]


def question_of(messages: Sequence[ChatMessage], **fields: Any) -> Question:
    """The last message as the question, the turns before it as its history.

    System messages are left out: what the assistant does is not for clients to say.

    Raises:
        FixQuestion: the last message is not the user's, has no text, or is too long.
    """
    last = messages[-1]
    if last.role != "user":
        raise FixQuestion("The last message must be the user's question.")
    if not last.text:
        raise FixQuestion("The last message has no text; only text can be asked.")
    if len(last.text) > MAX_QUESTION:
        raise FixQuestion(f"The question is longer than {MAX_QUESTION} characters.")
    try:
        return Question(question=last.text, history=_turns(messages[:-1]), **fields)
    except ValidationError as error:
        field = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise FixQuestion(f"{field}: {error.errors()[0]['msg']}") from None


def _turns(messages: Iterable[ChatMessage]) -> list[PastTurn]:
    turns: list[PastTurn] = []
    asked = ""
    for message in messages:
        if message.role == "user":
            asked = message.text
        elif message.role == "assistant" and asked and message.text:
            answer = message.text[:_MAX_ANSWER]
            turns.append(PastTurn(question=asked[:MAX_QUESTION], answer=answer))
            asked = ""
    return turns[-MAX_HISTORY:]

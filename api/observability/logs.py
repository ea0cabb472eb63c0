"""The log: one line per record, with ids and without a reader's words."""

import json
import logging
import sys
import traceback
from contextvars import ContextVar
from typing import Any, Final, Literal

from errors import BookChatError

request_id: Final[ContextVar[str]] = ContextVar("book_chat_request_id", default="")
"""Of the request or socket that is served."""
_OURS: Final = ("book_chat", "api", "chains", "conversations", "loaders", "providers")
_STANDARD: Final = frozenset(logging.makeLogRecord({}).__dict__) | {
    "message",
    "asctime",
    "taskName",
    "color_message",
}


class _Discreet(logging.Formatter):
    """Tracebacks without the messages of their exceptions, which may quote a reader or a URL.

    Args:
        questions: ``LOG_QUESTIONS``: the messages may stand in the log.
    """

    def __init__(self, form: str | None = None, *, questions: bool = False) -> None:
        super().__init__(form)
        self._questions = questions

    def format(self, record: logging.LogRecord) -> str:
        """One line, and a traceback if there is one."""
        if record.name == "asyncio" and record.exc_info and not self._questions:
            # It shows the exception of a forgotten task in its message, too.
            record = logging.makeLogRecord(record.__dict__)
            record.msg, record.args = record.getMessage().split("\n")[0], None
        return self.line(record)

    def line(self, record: logging.LogRecord) -> str:
        """As text."""
        return super().format(record)

    def formatException(self, ei: Any) -> str:  # noqa: N802 - logging's name
        """Frames and types; what our own errors say is safe."""
        return super().formatException(ei) if self._questions else _frames(ei[1])


def _frames(error: BaseException) -> str:
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    said = f": {error.detail}" if isinstance(error, BookChatError) else ""
    frames = "".join(traceback.format_tb(error.__traceback__))
    told = f"Traceback (most recent call last):\n{frames}{type(error).__qualname__}{said}"
    inside = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    return "\n\n".join([*([_frames(before)] if before else []), told, *map(_frames, inside)])


class JsonFormatter(_Discreet):
    """One JSON object a line; extra fields of the record included."""

    def line(self, record: logging.LogRecord) -> str:
        """The record without question text, keys or URLs: callers never log those."""
        entry: dict[str, object] = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request_id.get():
            entry["request_id"] = request_id.get()
        entry.update({k: v for k, v in record.__dict__.items() if k not in _STANDARD})
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry, default=str, ensure_ascii=False)


def configure_logging(
    level: str, form: Literal["json", "text"] | None, *, questions: bool = False
) -> None:
    """Logs to standard error; text on a terminal, JSON elsewhere, unless ``form`` says."""
    handler = logging.StreamHandler()
    if (form or ("text" if sys.stderr.isatty() else "json")) == "json":
        handler.setFormatter(JsonFormatter(questions=questions))
    else:
        form_of_line = "%(levelname)-7s %(name)s: %(message)s"
        handler.setFormatter(_Discreet(form_of_line, questions=questions))
    # Below info the libraries log statements, requests and payloads: a reader's words, or keys.
    logging.basicConfig(level="INFO", handlers=[handler], force=True)
    logging.getLogger().setLevel(max(logging.INFO, getattr(logging, level.upper())))
    for ours in _OURS:
        logging.getLogger(ours).setLevel(level.upper())
    for noisy in ("httpx", "httpcore", "qdrant_client", "uvicorn.access"):
        logging.getLogger(noisy).setLevel("WARNING")

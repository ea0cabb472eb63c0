"""One log line per answer: which, how it ended, what it took; the question only if allowed."""

import logging

from api.observability.telemetry import fingerprint
from schema import Answer

_log = logging.getLogger("book_chat.answers")


class AnswerLog:
    """Told of every answer, however it ended.

    Args:
        questions: ``LOG_QUESTIONS``: whether the reader's words may stand in the log.
    """

    def __init__(self, *, questions: bool) -> None:
        self._questions = questions

    def __call__(self, answer: Answer, outcome: str) -> None:
        """Logs ``answer``."""
        status = answer.status if outcome == "complete" else outcome
        fields = {
            "answer_id": answer.answer_id,
            "session": fingerprint(answer.session_id) if answer.session_id else None,
            "status": status,
            "model": answer.model,
            "provider_calls": answer.usage.provider_calls,
            "timings_ms": answer.timings_ms,
        }
        if self._questions:
            fields["question"] = answer.standalone_question
        total = answer.timings_ms.get("total", 0.0)
        _log.info("answer %s after %.0f ms", status, total, extra=fields)

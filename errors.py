"""The few errors of Book Chat, named by what the caller must do about them.

Vendor exceptions are translated into these once, in ``providers``; doors turn them into
RFC 9457 problem documents. ``detail`` is always safe to show to a reader: no key, URL,
provider text or stack trace.
"""

from typing import Final, Literal

ErrorCode = Literal[
    "invalid_request",
    "rate_limited",
    "overloaded",
    "busy",
    "retrieval_unavailable",
    "model_unavailable",
    "model_rejected",
    "budget_exhausted",
    "not_found",
    "unauthorized",
    "internal",
]

STATUS: Final[dict[ErrorCode, int]] = {
    "invalid_request": 422,
    "rate_limited": 429,
    "overloaded": 503,
    "busy": 409,
    "retrieval_unavailable": 503,
    "model_unavailable": 503,
    "model_rejected": 502,
    "budget_exhausted": 429,
    "not_found": 404,
    "unauthorized": 401,
    "internal": 500,
}


class BookChatError(Exception):
    """Base of all named errors.

    Args:
        detail: one sentence that is safe to show to a reader.
        code: the stable machine-readable code; each subclass has a default.
        retry_after: seconds after which trying again makes sense, or None.
    """

    code: ErrorCode = "internal"

    def __init__(
        self, detail: str, *, code: ErrorCode | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code or self.code
        self.retry_after = retry_after

    @property
    def status(self) -> int:
        """HTTP status that belongs to ``code``."""
        return STATUS[self.code]


class RetryLater(BookChatError):
    """A part is down or busy; the same question may work later."""

    code: ErrorCode = "model_unavailable"


class FixQuestion(BookChatError):
    """The request itself is wrong; sending it again unchanged cannot work."""

    code: ErrorCode = "invalid_request"


class ForeignPage(BookChatError):
    """A page of an origin that is not allowed; no other login would change that."""

    code: ErrorCode = "unauthorized"

    @property
    def status(self) -> int:
        """Forbidden: there is nothing to authenticate with."""
        return 403


class FixConfiguration(BookChatError):
    """The operator must act: a key, model name, book folder or setting is wrong."""

    code: ErrorCode = "model_rejected"


class BudgetExhausted(BookChatError):
    """The provider quota or ``MONTHLY_CALL_BUDGET`` is spent."""

    code: ErrorCode = "budget_exhausted"

"""The one way in for whatever can cost a provider call or the machine's time.

A door that answers or searches asks the guard first. It releases what it was given when the work
is over, however it ends:

    with await services.guard.admit(connection) as admitted:           # a search
        found = await retriever.ainvoke(query, limits=limits)

    admitted = await services.guard.admit(connection, questions)       # answers that are streamed
    ...                                                                # admitted.release at the end

The chain asks the budget itself; a door that searches without the chain passes ``budget`` on.
``tests/api/doors.py`` lists the doors for all test suites: add a new one there in one line.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final, Self

from starlette.requests import HTTPConnection

from api.observability.telemetry import fingerprint
from api.protection.addresses import client_key, networks
from api.protection.origins import REFUSAL, page_allowed
from api.protection.rate import RateLimiter
from api.protection.slots import Slots
from chains.budget import Budget, BudgetMode
from errors import ForeignPage
from schema import Question

_SEARCH: Final = 1
_KEYS_A_QUESTION: Final = 20


class Admitted:
    """A request that may go on: what it may cost, and the slots it holds."""

    def __init__(self, budget: BudgetMode, release: Callable[[], None]) -> None:
        self.budget = budget
        """How much a search may still cost: ``EXHAUSTED`` allows no provider call at all."""
        self.release = release
        """Gives the slots back; calling it again changes nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.release()


class Guard:
    """Origin rule, rate limit, slots and call budget, in this order."""

    def __init__(
        self,
        rate: RateLimiter,
        slots: Slots,
        budget: Budget,
        *,
        allowed_origins: Sequence[str] = ("*",),
        trusted_proxies: Sequence[str] = (),
    ) -> None:
        self._rate = rate
        self._slots = slots
        self._budget = budget
        self._origins = tuple(allowed_origins)
        self._proxies = networks(trusted_proxies)

    def client(self, connection: HTTPConnection) -> str:
        """The key under which this client is counted."""
        return client_key(connection, self._proxies)

    async def admit(
        self, connection: HTTPConnection, questions: Sequence[Question] = ()
    ) -> Admitted:
        """Lets in ``questions``, or one search where there are none.

        Raises:
            ForeignPage: a page of an origin that is not allowed sent it, reading included.
            RetryLater: code ``rate_limited`` or ``overloaded``, with the seconds to wait.
        """
        if not page_allowed(connection, self._origins):
            raise ForeignPage(REFUSAL)
        cost = len(questions) or _SEARCH
        await self._rate.check(f"address:{self.client(connection)}", cost)
        for session_id, count in Counter(q.session_id for q in questions if q.session_id).items():
            await self._rate.check(f"session:{fingerprint(session_id)}", count)
        release = await self._slots.acquire(cost)
        return Admitted(self._budget.mode(), release)

    async def admit_typing(self, connection: HTTPConnection) -> Admitted:
        """Lets in a search that costs no provider call, as a search box sends one for each key.

        Raises:
            ForeignPage, RetryLater: as ``admit``; more of them are allowed.
        """
        if not page_allowed(connection, self._origins):
            raise ForeignPage(REFUSAL)
        client = client_key(connection, self._proxies)
        await self._rate.check(f"typing:{client}", times=_KEYS_A_QUESTION)
        return Admitted(BudgetMode.EXHAUSTED, await self._slots.acquire(_SEARCH))

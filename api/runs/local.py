"""The runs of this process, and the registry that finds those of all replicas.

A run belongs to the process, not to the connection that asked. An event is encoded once; a slow
reader only lags behind in a list that is as long as the answer.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Any, Final, Protocol

from api import problems
from api.observability.telemetry import current_request
from api.runs.run import Kind, Run, RunEvent, error_fields, events_of
from chains.answer.builder import AnswerBuilder
from chains.answer.feed import Feed
from chains.runnable import AnswerRunnable
from chains.state import AnswerState
from schema import Question

KEEP_SECONDS: Final = 75.0
"""A kept run can be found so long after its end."""
MAX_KEPT = 5000
_LAST_EVENTS_SECONDS: Final = 2.0
_LAST_LOOKS: Final = 100


def _nothing() -> None:
    """There is nothing to give back."""


class SharedRuns(Protocol):
    """The kept runs of all replicas; ``RedisRuns`` provides it."""

    def listen(self, cancel: Callable[[str], None]) -> None:
        """From now on ``cancel`` is called with the ids of answers that others want stopped."""

    def publish(self, run: "LocalRun") -> None:
        """Copies the events of ``run`` to where the others find them, in the background."""

    async def find(self, answer_id: str) -> Run | None:
        """An answer of another replica."""


class LocalRun(Run):
    """A run whose answer this process makes."""

    def __init__(self, answer_id: str, ask_id: str, *, keep: bool) -> None:
        super().__init__(answer_id, ask_id, keep=keep)
        self.log: Feed[RunEvent] = Feed()
        self.task: asyncio.Task[None] | None = None

    @property
    def finished(self) -> bool:
        """No event comes any more."""
        return self.log.ended

    async def cancel(self) -> None:
        """Stops the answer and the provider's stream."""
        if self.task is not None:
            self.task.cancel()

    def reaches(self, seq: int) -> bool:
        """False when no event with this number can have been sent to anybody."""
        return seq < len(self.log.items)

    def events(self, after: int = -1) -> AsyncGenerator[RunEvent]:
        """Events whose ``seq`` is greater than ``after``, then live ones until the end."""
        return self.log.follow(after)

    def batches(self, after: int = -1) -> AsyncGenerator[list[RunEvent]]:
        """As ``events``, with all that are there at once."""
        return self.log.batches(after)

    def add(self, kind: Kind, **fields: Any) -> None:
        """Appends an event with the next ``seq``."""
        seq = len(self.log.items)
        self.log.add(RunEvent({"type": kind, "id": self.ask_id, "seq": seq, **fields}))


class Runs:
    """The running and recent answers: those of this process, and through ``shared`` all."""

    def __init__(
        self, chain: AnswerRunnable, new_id: Callable[[], str], shared: SharedRuns | None = None
    ) -> None:
        self._chain = chain
        self._new_id = new_id
        self._runs: dict[str, LocalRun] = {}
        self._shared = shared
        if shared:
            shared.listen(self._stop)

    @property
    def running(self) -> int:
        """Answers that are being made now, for whichever door."""
        return sum(not run.finished for run in self._runs.values())

    def start(
        self,
        question: Question,
        *,
        ask_id: str = "",
        keep: bool = False,
        release: Callable[[], None] = _nothing,
    ) -> LocalRun:
        """Begins an answer in a task of its own.

        Args:
            ask_id: the id that the reader gave the question; default: the answer's.
            keep: it continues when its reader leaves and can be found after its end.
            release: called when it has ended.
        """
        answer_id = self._new_id()
        run = LocalRun(answer_id, ask_id or answer_id, keep=keep)
        self._runs[answer_id] = run
        while len(self._runs) > MAX_KEPT and next(iter(self._runs.values())).finished:
            del self._runs[next(iter(self._runs))]
        run.add("start", answer_id=answer_id)
        run.task = asyncio.create_task(self._generate(run, question))
        run.task.add_done_callback(lambda _: self._ended(run))
        run.task.add_done_callback(lambda _: release())
        if self._shared and keep:
            self._shared.publish(run)
        return run

    async def find(self, answer_id: str) -> Run | None:
        """A running or recent answer.

        Raises:
            RetryLater: it may be another replica's, and Redis is away.
        """
        run = self._runs.get(answer_id)
        if run is None and self._shared:
            return await self._shared.find(answer_id)
        return run

    def _stop(self, answer_id: str) -> None:
        run = self._runs.get(answer_id)
        if run is not None and run.task is not None:
            run.task.cancel()

    async def drain(self, seconds: float) -> None:
        """Waits until the running answers have ended, at most so long; then stops them."""
        tasks = [run.task for run in self._runs.values() if run.task and not run.finished]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        # What was said last must be sent before the sockets are closed.
        for _ in range(_LAST_LOOKS):
            if not any(run.log.followers for run in self._runs.values()):
                break
            await asyncio.sleep(_LAST_EVENTS_SECONDS / _LAST_LOOKS)

    async def _generate(self, run: LocalRun, question: Question) -> None:
        state = AnswerState(question, run.answer_id)
        answer = AnswerBuilder()
        try:
            async for part in self._chain.astream(state):
                answer.add(part)
                for kind, fields in events_of(part):
                    run.add(kind, **fields)
            run.add("done", answer=answer.sum())
        except asyncio.CancelledError:
            rest = state.rest() if answer.begun else {"answer_id": run.answer_id}
            run.add("cancelled", answer={**rest, **answer.sum()})
        except Exception as error:  # noqa: BLE001 - a task's boundary: whatever it is, say so
            problem = problems.of_error(error, current_request())
            run.add("error", **error_fields(problem["code"], problem["detail"], error))
        finally:
            run.log.end()

    def _ended(self, run: LocalRun) -> None:
        if not run.finished:  # cancelled before its task had begun: nothing of it ever ran
            run.add("cancelled", answer={"answer_id": run.answer_id})
            run.log.end()
        run.task = None  # it holds much more than the events that are kept
        if run.keep:
            self._forget_later(run.answer_id)
        else:
            self._runs.pop(run.answer_id, None)

    def _forget_later(self, answer_id: str) -> None:
        # By its id: the timer of an answer that had to go early must not hold it.
        asyncio.get_running_loop().call_later(KEEP_SECONDS, self._forget, answer_id)

    def _forget(self, answer_id: str) -> None:
        run = self._runs.get(answer_id)
        if run is not None and run.log.followers:
            self._forget_later(answer_id)  # who still reads may yet lose the connection
        else:
            self._runs.pop(answer_id, None)

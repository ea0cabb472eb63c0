"""Running answers: numbered frames that any connection may follow, resume or cancel.

A run belongs to the process, not to the connection that asked: generation goes on when a
reader drops, and the frames are kept for a while. A frame is encoded once; a slow reader only
lags behind in a list that is as long as the answer.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Any, Protocol

import orjson

from api import problems
from chains.answer_builder import AnswerBuilder
from chains.feed import Feed
from chains.runnable import AnswerRunnable
from chains.state import AnswerState
from errors import BookChatError, RetryLater
from schema import Question

KEEP_SECONDS = 75.0
MAX_KEPT = 5000
_LAST_FRAMES_SECONDS = 2.0
_LAST_LOOKS = 100


class Followed(Protocol):
    """An answer that a connection may follow, whichever process makes it."""

    @property
    def ask_id(self) -> str:
        """The id that its reader gave the question."""

    @property
    def finished(self) -> bool:
        """No frame comes any more."""

    async def cancel(self) -> None:
        """Stops the answer and the provider's stream."""

    def reaches(self, seq: int) -> bool:
        """False when no frame with this number can have been sent to anybody."""

    def follow(self, after: int = -1) -> AsyncGenerator[bytes]:
        """Frames whose ``seq`` is greater than ``after``, then live ones until the end."""


class SharedRuns(Protocol):
    """Answers of all replicas; ``runs_redis`` provides it."""

    def listen(self, cancel: Callable[[str], None]) -> None:
        """From now on ``cancel`` is called with the ids of answers that others want stopped."""

    def publish(self, run: "Run") -> None:
        """Copies the frames of ``run`` to where the others find them, in the background."""

    async def find(self, answer_id: str) -> Followed | None:
        """An answer of another replica."""


class Run:
    """One answer being made, or just made, in this process; its frames are numbered by ``seq``."""

    def __init__(self, ask_id: str, answer_id: str) -> None:
        self.ask_id = ask_id
        self.answer_id = answer_id
        self.frames: Feed[bytes] = Feed()
        self.task: asyncio.Task[None] | None = None

    @property
    def finished(self) -> bool:
        """No frame comes any more."""
        return self.frames.ended

    def add(self, kind: str, **fields: Any) -> None:
        """Appends a frame with the next ``seq``."""
        frame = {"type": kind, "id": self.ask_id, "seq": len(self.frames.items), **fields}
        self.frames.add(orjson.dumps(frame))

    def finish(self) -> None:
        """No frame comes after this."""
        self.frames.end()

    async def cancel(self) -> None:
        """Stops the answer and the provider's stream."""
        if self.task is not None:
            self.task.cancel()

    def reaches(self, seq: int) -> bool:
        """False when no frame with this number can have been sent to anybody."""
        return seq < len(self.frames.items)

    def follow(self, after: int = -1) -> AsyncGenerator[bytes]:
        """Frames whose ``seq`` is greater than ``after``, then live ones until the end."""
        return self.frames.follow(after)


class Runs:
    """The running and recent answers: those of this process, and through ``shared`` all."""

    def __init__(
        self, chain: AnswerRunnable, new_id: Callable[[], str], shared: SharedRuns | None = None
    ) -> None:
        self._chain = chain
        self._new_id = new_id
        self._runs: dict[str, Run] = {}
        self._shared = shared
        if shared:
            shared.listen(self._stop)

    @property
    def running(self) -> int:
        """Answers that are being made now."""
        return sum(not run.finished for run in self._runs.values())

    def start(self, ask_id: str, question: Question, release: Callable[[], None]) -> Run:
        """Begins an answer in a task of its own; ``release`` is called when it has ended."""
        run = Run(ask_id, self._new_id())
        self._runs[run.answer_id] = run
        while len(self._runs) > MAX_KEPT and next(iter(self._runs.values())).finished:
            del self._runs[next(iter(self._runs))]
        run.add("start", answer_id=run.answer_id)
        run.task = asyncio.create_task(self._generate(run, question))
        run.task.add_done_callback(lambda _: self._ended(run))
        run.task.add_done_callback(lambda _: release())
        if self._shared:
            self._shared.publish(run)
        return run

    async def find(self, answer_id: str) -> Followed | None:
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
            if not any(run.frames.followers for run in self._runs.values()):
                break
            await asyncio.sleep(_LAST_FRAMES_SECONDS / _LAST_LOOKS)

    async def _generate(self, run: Run, question: Question) -> None:
        state = AnswerState(question, run.answer_id)
        answer = AnswerBuilder()
        try:
            async for part in self._chain.astream(state):
                _add_frames(run, part)
                answer.add(part)
            run.add("done", answer=answer.sum())
        except asyncio.CancelledError:
            rest = state.rest() if answer.begun else {"answer_id": run.answer_id}
            run.add("cancelled", answer={**rest, **answer.sum()})
        except Exception as error:  # noqa: BLE001 - a task's boundary: whatever it is, say so
            run.add("error", **error_fields(error))
        finally:
            run.finish()

    def _ended(self, run: Run) -> None:
        if not run.finished:  # cancelled before its task had begun: nothing of it ever ran
            run.add("cancelled", answer={"answer_id": run.answer_id})
            run.finish()
        run.task = None  # it holds much more than the frames that are kept
        self._forget_later(run.answer_id)

    def _forget_later(self, answer_id: str) -> None:
        # By its id: the timer of an answer that had to go early must not hold it.
        asyncio.get_running_loop().call_later(KEEP_SECONDS, self._forget, answer_id)

    def _forget(self, answer_id: str) -> None:
        run = self._runs.get(answer_id)
        if run is not None and run.frames.followers:
            self._forget_later(answer_id)  # who still reads may yet lose the connection
        else:
            self._runs.pop(answer_id, None)


def error_fields(error: BaseException) -> dict[str, Any]:
    """``code``, ``message`` and ``retry_after`` of an error frame."""
    problem = problems.of_error(error, "")
    fields = {"code": problem["code"], "message": problem["detail"]}
    if isinstance(error, BookChatError) and error.retry_after is not None:
        fields["retry_after"] = error.retry_after
    elif isinstance(error, RetryLater):
        fields["retry_after"] = 5
    return fields


def _add_frames(run: Run, part: Mapping[str, Any]) -> None:
    if part.get("sources") is not None:
        run.add("sources", sources=part["sources"])
    if part.get("answer"):
        run.add("token", text=part["answer"])
    for citation in part.get("citations") or ():
        run.add("citation", citation=citation)

"""Running answers: numbered frames that any connection may follow, resume or cancel.

A run belongs to the process, not to the connection that asked: generation goes on when a
reader drops, and the frames are kept for a while. A frame is encoded once; a slow reader only
lags behind in a list that is as long as the answer.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Any

import orjson

from api import problems
from chains.book import BookChain
from chains.runnable import accumulate, joined
from errors import BookChatError, RetryLater
from schema import AnswerChunk, Question

KEEP_SECONDS = 120.0
MAX_KEPT = 2000


class Run:
    """One answer being made, or just made."""

    def __init__(self, ask_id: str, answer_id: str) -> None:
        self.ask_id = ask_id
        self.answer_id = answer_id
        self.frames: list[bytes] = []
        self.finished = False
        self.task: asyncio.Task[None] | None = None
        self._news = asyncio.Event()

    def add(self, kind: str, **fields: Any) -> None:
        """Appends a frame with the next ``seq``."""
        frame = {"type": kind, "id": self.ask_id, "seq": len(self.frames), **fields}
        self.frames.append(orjson.dumps(frame))
        self._wake()

    def finish(self) -> None:
        """No frame comes after this."""
        self.finished = True
        self._wake()

    def cancel(self) -> None:
        """Stops the answer and the provider's stream."""
        if self.task is not None:
            self.task.cancel()

    async def follow(self, after: int = -1) -> AsyncGenerator[bytes]:
        """Frames whose ``seq`` is greater than ``after``, then live ones until the end."""
        position = max(0, after + 1)
        while True:
            while position < len(self.frames):
                yield self.frames[position]
                position += 1
            if self.finished:
                return
            await self._news.wait()

    def _wake(self) -> None:
        # Setting and replacing the event wakes everybody who waits and nobody who comes later.
        news, self._news = self._news, asyncio.Event()
        news.set()


class Runs:
    """The running and recent answers of this process."""

    def __init__(self, chain: BookChain, new_id: Callable[[], str]) -> None:
        self._chain = chain
        self._new_id = new_id
        self._runs: dict[str, Run] = {}

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
        run.task.add_done_callback(lambda _: release())
        return run

    def find(self, answer_id: str) -> Run | None:
        """A running or recent answer."""
        return self._runs.get(answer_id)

    async def drain(self, seconds: float) -> None:
        """Waits until the running answers have ended, at most so long; then stops them."""
        tasks = [run.task for run in self._runs.values() if run.task and not run.finished]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _generate(self, run: Run, question: Question) -> None:
        said: AnswerChunk = {}

        def on_end(whole: AnswerChunk, outcome: str) -> None:
            said.update(whole)

        total: dict[str, Any] = {}
        stream = self._chain.astream(question, answer_id=run.answer_id, on_end=on_end)
        try:
            async for part in stream:
                _add_frames(run, part)
                accumulate(total, dict(part))
            run.add("done", answer=joined(total))
        except asyncio.CancelledError:
            run.add("cancelled", answer=said or {"answer_id": run.answer_id})
        except Exception as error:  # noqa: BLE001 - a task's boundary: whatever it is, say so
            run.add("error", **error_fields(error))
        finally:
            run.finish()
            asyncio.get_running_loop().call_later(KEEP_SECONDS, self._runs.pop, run.answer_id, None)


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

"""The web's part of the composition: an open book, its readers' runs and their limits."""

import asyncio
import contextlib
import uuid
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from api.observability.answer_log import AnswerLog
from api.observability.telemetry import Metrics
from api.observability.tracing import open_tracing
from api.protection.rate import RateLimiter
from api.protection.slots import Slots
from api.runs.local import Runs
from api.services import Services
from bootstrap import Indexer, OpenBook, open_book, secret
from chains.wrappers.remembered import Observer, Outcome
from errors import BookChatError, RetryLater
from metering import Counter
from schema import Answer
from settings import Settings

if TYPE_CHECKING:
    from api.runs.redis import RedisRuns
    from api.runs.redis_answers import RedisAnswers


@runtime_checkable
class LoadedAtFirstUse(Protocol):
    """A model that runs in this process."""

    def load(self) -> None:
        """Loads it now."""


_WATCH_SECONDS = 15.0
Check = Callable[[], Awaitable[object]]


async def open_services(
    settings: Settings, metrics: Metrics, *, index: bool = True, indexer: Indexer | None = None
) -> Services:
    """Opens everything that ``settings`` names; ``resources`` of the result closes it.

    With ``index`` the book is brought up to date in the background, by ``indexer``.

    Raises:
        FixConfiguration: something is wrong that only the operator can mend.
    """
    resources = AsyncExitStack()
    try:
        return await _open(settings, metrics, resources, index=index, indexer=indexer)
    except BaseException:
        await resources.aclose()
        raise


async def _open(
    settings: Settings,
    metrics: Metrics,
    resources: AsyncExitStack,
    *,
    index: bool,
    indexer: Indexer | None,
) -> Services:
    redis_url = secret(settings.redis_url)
    answers, shared = _shared(redis_url, metrics.counter)
    if answers:
        resources.push_async_callback(answers.aclose)
    book = await resources.enter_async_context(
        open_book(
            settings,
            observe=_observers(settings, metrics, resources),
            answers=answers,
            index_now=False,
            indexer=indexer,
            counter=metrics.counter,
        )
    )
    if index:
        book.index.start(patient=True)
        _load_embedded_model(book, resources)
    if settings.monthly_call_budget:
        left = book.parts.budget.left
        metrics.gauge("book_chat_budget_left", "Provider calls left this month", left)
    rate = RateLimiter(settings.rate_limit, redis_url, counter=metrics.counter)
    resources.push_async_callback(rate.aclose)
    if shared:
        resources.push_async_callback(shared.aclose)
    checks = _checks(book, shared)
    if index:
        resources.push_async_callback(_watch(checks["book"]))
    return Services(
        settings=settings,
        chain=book.chain,
        retriever=book.retriever,
        conversations=book.conversations,
        runs=Runs(book.chain, lambda: uuid.uuid4().hex, shared),
        rate=rate,
        slots=Slots(_most_answers(settings, book)),
        indexing=book.index,
        checks=checks,
        providers=book.providers,
        rollback=book.collection.index_store.rollback,
        budget=book.parts.budget,
        resources=resources,
    )


def _shared(
    redis_url: str | None, counter: Counter
) -> "tuple[RedisAnswers | None, RedisRuns | None]":
    """What replicas share."""
    if not redis_url:
        return None, None
    # Loaded where Redis is used; see api.redis_client.
    from api.runs.redis import RedisRuns
    from api.runs.redis_answers import RedisAnswers

    return RedisAnswers(redis_url, counter=counter), RedisRuns(redis_url, counter=counter)


def _load_embedded_model(book: OpenBook, resources: AsyncExitStack) -> None:
    """Loads it beside the start: the first question has no seconds to spare for that."""
    embeddings = book.collection.models.embeddings
    if isinstance(embeddings, LoadedAtFirstUse):
        loading = asyncio.create_task(asyncio.to_thread(embeddings.load))
        resources.push_async_callback(asyncio.wait, [loading])


def _watch(check: Check) -> Callable[[], Awaitable[None]]:
    """Asks for the book now and then, so that one that is gone is made again; returns the end."""

    async def watch() -> None:
        while True:
            await asyncio.sleep(_WATCH_SECONDS)
            with contextlib.suppress(BookChatError):
                await check()

    task = asyncio.create_task(watch())

    async def stop() -> None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    return stop


def _most_answers(settings: Settings, book: OpenBook) -> int:
    """Waiting for a provider costs little; the embedded models share the cores."""
    return settings.max_concurrent_answers or (64 if book.answers_here else 512)


def _checks(book: OpenBook, shared: "RedisRuns | None") -> dict[str, Check]:
    async def served() -> dict[str, object]:
        info = await book.store.info()
        job = book.index.state()
        if info is None:
            # What was there may be gone, such as a collection that somebody dropped.
            if job["state"] == "done":
                book.index.start(patient=True)
            raise RetryLater(
                f"The book is not indexed yet ({_why(job)}).", code="retrieval_unavailable"
            )
        found: dict[str, object] = {"version": info.book_version, "chunks": info.chunks}
        found["embedded"] = round(info.embedded, 3)
        return {**found, "indexing": _why(job)} if job["state"] in ("running", "failed") else found

    checks: dict[str, Check] = {"book": served, "database": book.conversations.ping}
    if shared:
        checks["redis"] = shared.ping
    return checks


def _why(job: Mapping[str, object]) -> str:
    return str(job.get("detail") or job["state"])


def _observers(settings: Settings, metrics: Metrics, resources: AsyncExitStack) -> Observer:
    """Everything that is told of every answer."""
    observers: list[Observer] = [metrics.answered, AnswerLog(questions=settings.log_questions)]
    tracing = open_tracing()
    if tracing:
        resources.push_async_callback(tracing.aclose)
        observers.append(tracing)

    def observe(answer: Answer, outcome: Outcome) -> None:
        for observer in observers:
            observer(answer, outcome)

    return observe

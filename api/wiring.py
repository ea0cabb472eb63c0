"""Composition root of the service: from settings to the parts of one process."""

import asyncio
import logging
import time
import uuid
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import asdict
from typing import Any

from pydantic import SecretStr

import metering
from api.indexing import IndexBook, IndexJob, Progress
from api.observability.answer_log import AnswerLog
from api.observability.telemetry import Metrics
from api.observability.tracing import open_tracing
from api.protection.rate import RateLimiter
from api.protection.slots import Slots
from api.runs.local import Runs
from api.runs.redis import RedisRuns
from api.runs.redis_answers import RedisAnswers
from api.services import Services
from chains.budget import Budget
from chains.condense import Condenser, LexicalCondenser, ModelCondenser
from chains.generation import Models
from chains.pipeline import ChainParts, build_chain
from chains.prompt import PROMPTS
from chains.retriever import BookRetriever
from chains.wrappers.cached import AnswerCache
from chains.wrappers.remembered import Observer, Outcome
from conversations.store import ConversationStore, open_conversations
from errors import FixConfiguration, RetryLater
from loaders.index.run import IndexOptions, IndexSummary, index_book
from loaders.index.store import IndexStore
from loaders.sources import is_address, load_all
from providers.calibration import calibrator
from providers.factory import open_stores
from providers.models import BookModels, build_models
from providers.qdrant.vector_store import BookVectorStore
from schema import Answer
from settings import Settings

Check = Callable[[], Awaitable[Any]]
_log = logging.getLogger("book_chat")


async def open_services(settings: Settings, metrics: Metrics) -> Services:
    """Opens everything that ``settings`` names; ``resources`` of the result closes it.

    Raises:
        FixConfiguration: something is wrong that only the operator can mend.
    """
    resources = AsyncExitStack()
    try:
        return await _open(settings, metrics, resources)
    except BaseException:
        await resources.aclose()
        raise


async def _open(settings: Settings, metrics: Metrics, resources: AsyncExitStack) -> Services:
    if not is_address(settings.book_dir) and not settings.book_dir.exists():
        raise FixConfiguration(f"BOOK_DIR: there is no file or folder {settings.book_dir}")
    models = build_models(settings)
    resources.push_async_callback(models.aclose)
    store, index_store = await resources.enter_async_context(
        open_stores(settings, models.embeddings)
    )
    conversations = await _open_conversations(settings, resources)
    budget = _budget(settings, metrics, conversations)
    retriever = BookRetriever(
        store=store,
        reranker=models.reranker,
        multilingual=getattr(models.embeddings, "multilingual", True),
    )
    chain = build_chain(
        ChainParts(
            retriever,
            _answering(settings, models),
            condenser=_condenser(models),
            memory=conversations,
            cache=_cache(settings, resources),
            budget=budget,
            observe=_observers(settings, metrics, resources),
        )
    )
    indexing = IndexJob(_index_job(settings, index_store, store, models.embeddings))
    resources.push_async_callback(indexing.close)
    await _prepare_book(store, indexing)
    checks: dict[str, Check] = {
        "book": _book_check(store, indexing),
        "database": conversations.ping,
    }
    redis_url = _secret(settings.redis_url)
    rate = RateLimiter(settings.rate_limit, redis_url)
    resources.push_async_callback(rate.aclose)
    shared = RedisRuns(redis_url) if redis_url else None
    if shared:
        resources.push_async_callback(shared.aclose)
        checks["redis"] = shared.ping
    return Services(
        settings=settings,
        chain=chain,
        retriever=retriever,
        conversations=conversations,
        runs=Runs(chain, lambda: uuid.uuid4().hex, shared),
        rate=rate,
        slots=Slots(_most_answers(settings)),
        indexing=indexing,
        checks=checks,
        providers=models.names,
        budget=budget,
        resources=resources,
    )


async def _open_conversations(settings: Settings, resources: AsyncExitStack) -> ConversationStore:
    conversations = await resources.enter_async_context(
        open_conversations(
            url=_secret(settings.database_url),
            data_dir=settings.data_dir,
            secret=_secret(settings.session_secret),
            retention_days=settings.retention_days,
        )
    )
    resources.callback(metering.on_call(lambda *call: conversations.record_calls(*call)))
    return conversations


def _cache(settings: Settings, resources: AsyncExitStack) -> AnswerCache:
    redis_url = _secret(settings.redis_url)
    shared = RedisAnswers(redis_url) if redis_url else None
    if shared:
        resources.push_async_callback(shared.aclose)
    return AnswerCache(1000, 24 * 3600, time.monotonic, shared)


def _answering(settings: Settings, models: BookModels) -> Models:
    return Models(
        models.chat,
        models.chat_name,
        fallback=models.fallback,
        fallback_name=models.fallback_name,
        first_token_seconds=settings.first_token_seconds,
    )


def _most_answers(settings: Settings) -> int:
    """Waiting for a provider costs little; the embedded models share the cores."""
    return settings.max_concurrent_answers or (512 if settings.cohere_api_key else 64)


def _condenser(models: BookModels) -> Condenser:
    if models.condense is None:
        return LexicalCondenser()
    return ModelCondenser(models.condense, (PROMPTS / "condense.md").read_text(encoding="utf-8"))


def _budget(settings: Settings, metrics: Metrics, conversations: ConversationStore) -> Budget:
    budget = Budget(settings.monthly_call_budget, conversations.calls_this_month)
    if settings.monthly_call_budget:
        metrics.gauge("book_chat_budget_left", "Provider calls left this month", budget.left)
    return budget


def _book_check(store: BookVectorStore, indexing: IndexJob) -> Check:
    async def check() -> dict[str, Any]:
        info = await store.info()
        if info is None:
            state = indexing.state()
            raise RetryLater(f"The book is not indexed yet ({state['state']}).")
        return {"version": info.book_version, "chunks": info.chunks}

    return check


def _observers(settings: Settings, metrics: Metrics, resources: AsyncExitStack) -> Observer:
    """All that is told of every answer."""
    told: list[Observer] = [
        metrics.answered,
        AnswerLog(questions=settings.log_questions),
    ]
    tracing = open_tracing()
    if tracing:
        resources.push_async_callback(tracing.aclose)
        told.append(tracing)

    def observe(answer: Answer, outcome: Outcome) -> None:
        for observer in told:
            observer(answer, outcome)

    return observe


def _secret(value: SecretStr | None) -> str | None:
    return value.get_secret_value() if value else None


def _index_job(
    settings: Settings, index_store: IndexStore, store: BookVectorStore, embeddings: Any
) -> IndexBook:
    async def run(rebuild: bool, progress: Progress) -> dict[str, Any]:
        summary = await index_book(
            # A live site's sitemap is fetched here, and folders are walked.
            await asyncio.to_thread(
                load_all,
                [settings.book_dir],
                book_url=settings.book_url,
                cache=settings.data_dir / "pages",
            ),
            store=index_store,
            embeddings=embeddings,
            options=IndexOptions(rebuild=rebuild, calibrate=calibrator(store.nearest, embeddings)),
            progress=lambda so_far: progress(so_far.documents, so_far.pages),
        )
        return _plain(summary)

    return run


def _plain(summary: IndexSummary) -> dict[str, Any]:
    return {**asdict(summary), "problems": [str(problem) for problem in summary.problems]}


async def _prepare_book(store: BookVectorStore, indexing: IndexJob) -> None:
    """A book that was never indexed is indexed before the first reader; else in the background."""
    try:
        if await store.info() is None:
            _log.info("indexing the book for the first time")
            await indexing.now()
            return
    except RetryLater as error:
        _log.warning("not ready yet: %s", error.detail)
    indexing.start(patient=True)

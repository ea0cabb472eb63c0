"""The composition root: from settings to a book that answers questions.

It knows nothing of the web. The service, notebooks, evaluations and the index command start here:

    async with open_book(load_settings()) as book:
        answer = await book.chain.ainvoke("What is a topic in ROS 2?")
"""

import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass, field

from pydantic import SecretStr

from chains.answer.generation import Models
from chains.answer.limits import AnswerLimits
from chains.answer.prompt import PROMPTS
from chains.budget import Budget
from chains.evidence.abstention import Gate
from chains.evidence.retriever import BookRetriever
from chains.pipeline import ChainParts, build_chain
from chains.question.condense import Condenser, LexicalCondenser, ModelCondenser
from chains.question.understanding import QuestionReader
from chains.wrappers.cached import AnswerCache, AnswerStore
from chains.wrappers.remembered import Observer, Outcome, RememberedAnswers
from conversations.store import ConversationStore, open_conversations
from errors import FixConfiguration, RetryLater
from loaders.document import site_address
from loaders.index.job import IndexBook, IndexJob
from loaders.index.options import IndexOptions, IndexSummary, Progress
from loaders.index.process import index_apart
from loaders.index.remote import STORE_METHODS
from loaders.index.store import IndexStore
from metering import Counter, Meter, metered
from providers.calibration import calibrator
from providers.embedded.word_ranks import english
from providers.factory import open_stores
from providers.models import BookModels, build_models
from providers.qdrant.vector_store import BookVectorStore
from schema import Answer
from settings import Settings

_CACHED_ANSWERS = 1000
_CACHE_SECONDS = 24 * 3600
_log = logging.getLogger("book_chat")


@dataclass
class Collection:
    """The models, and the stores that they fill and search."""

    settings: Settings
    models: BookModels
    store: BookVectorStore
    """Answers searches."""
    index_store: IndexStore
    """Takes what is indexed."""
    counter: Counter = field(default_factory=Counter)
    """Told of every provider call and fallback."""


@dataclass
class OpenBook:
    """A book that answers questions; take it apart or put it together anew as you like."""

    collection: Collection
    parts: ChainParts
    """What the chain is made of: ``build_flow(replace(book.parts, scorer=…))`` makes another."""
    chain: RememberedAnswers
    conversations: ConversationStore
    index: IndexJob
    """Brings the served collection up to date with the book."""

    @property
    def retriever(self) -> BookRetriever:
        """Passages for a question."""
        return self.parts.retriever

    @property
    def store(self) -> BookVectorStore:
        """Chunks for a query."""
        return self.collection.store

    @property
    def answers_here(self) -> bool:
        """The answering model runs in this process, so answers share its cores."""
        return self.collection.models.answers_here

    @property
    def providers(self) -> dict[str, str]:
        """Role to model, for people."""
        return self.collection.models.names


Indexer = Callable[[Collection], IndexBook]


@asynccontextmanager
async def open_collection(
    settings: Settings, counter: Counter | None = None
) -> AsyncIterator[Collection]:
    """Opens the models and the stores; makes no request.

    Raises:
        FixConfiguration: something is wrong that only the operator can mend.
    """
    models = build_models(settings)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(models.aclose)
        stores = open_stores(settings, models.embeddings)
        store, index_store = await stack.enter_async_context(stores)
        yield Collection(settings, models, store, index_store, counter or Counter())


@asynccontextmanager
async def open_book(
    settings: Settings,
    *,
    observe: Observer | None = None,
    answers: AnswerStore | None = None,
    index_now: bool = True,
    indexer: Indexer | None = None,
    counter: Counter | None = None,
) -> AsyncIterator[OpenBook]:
    """Opens everything that ``settings`` name, and indexes the book if it is not whole.

    Args:
        observe: called with every answer, however it ended.
        answers: keeps answers to repeated questions for all replicas.
        index_now: False: the caller starts ``index`` itself.
        indexer: how a book is indexed; by default in a process of its own.
        counter: told of every provider call and fallback.

    Raises:
        FixConfiguration: something is wrong that only the operator can mend.
    """
    if not site_address(settings.book_dir) and not settings.book_dir.exists():
        raise FixConfiguration(f"BOOK_DIR: there is no file or folder {settings.book_dir}")
    async with AsyncExitStack() as stack:
        collection = await stack.enter_async_context(open_collection(settings, counter))
        conversations = await _open_conversations(settings, collection.counter, stack)
        parts = _parts(collection, conversations, observe or _unobserved, answers)
        index = IndexJob((indexer or in_own_process)(collection))
        stack.push_async_callback(index.close)
        if index_now:
            await _prepare(collection.store, index)
        yield OpenBook(collection, parts, build_chain(parts), conversations, index)


def _unobserved(answer: Answer, outcome: Outcome) -> None:
    """Nobody counts."""


async def _open_conversations(
    settings: Settings, counter: Counter, stack: AsyncExitStack
) -> ConversationStore:
    conversations = await stack.enter_async_context(
        open_conversations(
            url=secret(settings.database_url),
            data_dir=settings.data_dir,
            secret=secret(settings.session_secret),
            retention_days=settings.retention_days,
        )
    )
    stack.callback(counter.on_call(lambda *call: conversations.record_calls(*call)))
    return conversations


def _parts(
    collection: Collection,
    conversations: ConversationStore,
    observe: Observer,
    answers: AnswerStore | None,
) -> ChainParts:
    settings, models = collection.settings, collection.models
    return ChainParts(
        BookRetriever(
            store=collection.store,
            reranker=models.reranker,
            multilingual=models.embeddings.multilingual,
        ),
        Models(
            models.chat,
            models.chat_name,
            fallback=models.fallback,
            fallback_name=models.fallback_name,
            first_token_seconds=settings.first_token_seconds,
            local=models.answers_here,
            limits=AnswerLimits(settings.answer_max_characters, settings.answer_max_seconds),
            meaning=models.local,
        ),
        condenser=_condenser(models),
        scorer=Gate(english(), judged=not models.answers_here),
        reader=QuestionReader(collection.store, english()),
        memory=conversations,
        cache=AnswerCache(_CACHED_ANSWERS, _CACHE_SECONDS, time.monotonic, answers),
        budget=Budget(settings.monthly_call_budget, conversations.calls_this_month),
        observe=observe,
        counter=collection.counter,
    )


def _condenser(models: BookModels) -> Condenser:
    if models.condense is None:
        return LexicalCondenser()
    return ModelCondenser(models.condense, (PROMPTS / "condense.md").read_text(encoding="utf-8"))


def in_own_process(collection: Collection) -> IndexBook:
    """Indexes beside the service: a crash of the indexer, or its appetite, is not the service's."""
    settings, store = collection.settings, collection.index_store
    methods = {name: getattr(store, name) for name in STORE_METHODS}
    methods["nearest"] = collection.store.nearest
    # With a server, the indexer writes by itself and takes the lease that all share.
    lock = nullcontext if settings.qdrant_url else store.exclusive

    async def run(rebuild: bool, progress: Progress) -> IndexSummary:
        async with lock():
            return await index_apart(
                (settings, rebuild),
                methods,
                progress=progress,
                record_call=collection.counter.call,
            )

    return run


def in_this_process(collection: Collection) -> IndexBook:
    """Indexes here, which starts at once: for books of a few pages."""
    # What reads books is of no use to a service, whose indexer is another process.
    from loaders.index.sources import index_sources

    settings, embeddings = collection.settings, collection.models.embeddings
    calibrate = calibrator(collection.store.nearest, embeddings)

    async def run(rebuild: bool, progress: Progress) -> IndexSummary:
        with metered(Meter(collection.counter)):
            return await index_sources(
                [settings.book_dir],
                book_url=settings.book_url,
                store=collection.index_store,
                embeddings=embeddings,
                options=IndexOptions(
                    rebuild=rebuild, cache=settings.page_cache, calibrate=calibrate
                ),
                progress=progress,
            )

    return run


async def _prepare(store: BookVectorStore, index: IndexJob) -> None:
    """A book that is not whole is waited for; another is compared in the background."""
    try:
        info = await store.info()
    except RetryLater as error:
        _log.warning("not ready yet: %s", error.detail)
        index.start(patient=True)
        return
    index.start(patient=info is not None)
    if info is None or info.pending:
        await index.finished()


def secret(value: SecretStr | None) -> str | None:
    """The text of a secret setting."""
    return value.get_secret_value() if value else None

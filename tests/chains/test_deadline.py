"""Parts that hang: the question as a whole has one deadline."""

import asyncio
from collections.abc import Sequence
from typing import Any

from chains.answer.generation import Models
from chains.evidence.retriever import BookRetriever
from chains.pipeline import ChainParts, build_chain
from errors import RetryLater
from schema import Answer, PastTurn, Turn
from tests.chains.test_pipeline import CHUNKS, QUESTION
from tests.fakes import DictMemory, MemoryStore, ScriptedChat


class SlowStore(MemoryStore):
    """Each search takes ``seconds`` by the clock that the chain reads."""

    def __init__(self, seconds: float) -> None:
        super().__init__(CHUNKS)
        self.now = 0.0
        self._seconds = seconds

    async def asimilarity_search_with_score(self, *args: Any, **kwargs: Any) -> Any:
        self.now += self._seconds
        return await super().asimilarity_search_with_score(*args, **kwargs)


class HangingMemory(DictMemory):
    """A database that takes connections and says nothing."""

    async def history(self, session_id: str) -> Sequence[PastTurn]:
        await asyncio.Event().wait()
        return []

    async def remember(self, turn: Turn) -> None:
        await asyncio.Event().wait()


async def test_what_the_search_took_is_taken_from_the_time_to_the_first_token() -> None:
    store = SlowStore(3600)
    hanging = ScriptedChat(pieces=["x"], gate=asyncio.Event(), gate_before=0)
    fallback = ScriptedChat(pieces=[("ROS 2 is middleware", 0)])
    models = Models(hanging, "slow", fallback, "embedded", first_token_seconds=3600)
    chain = build_chain(ChainParts(BookRetriever(store=store), models, clock=lambda: store.now))
    async with asyncio.timeout(30):
        answer = Answer.model_validate(await chain.ainvoke(QUESTION))
    assert (answer.status, answer.model) == ("degraded", "embedded")


async def test_a_busy_model_of_this_process_is_waited_for() -> None:
    store = SlowStore(3600)
    busy = ScriptedChat(pieces=[("ROS 2 is middleware", 0)], gate=asyncio.Event(), gate_before=0)
    asyncio.get_running_loop().call_later(0.05, busy.gate.set)
    for local, status in ((False, "error"), (True, "answered")):
        models = Models(busy, "embedded", first_token_seconds=3600, local=local)
        chain = build_chain(ChainParts(BookRetriever(store=store), models, clock=lambda: store.now))
        found: str
        try:
            found = (await chain.ainvoke(QUESTION))["status"]
        except RetryLater:
            found = "error"
        assert found == status


async def test_a_database_that_hangs_costs_the_memory_and_not_the_answer(
    monkeypatch: Any,
) -> None:
    monkeypatch.setattr("chains.wrappers.remembered._SAVE_SECONDS", 0.01)
    models = Models(ScriptedChat(pieces=["Fine."]), "quick", first_token_seconds=0.04)
    chain = build_chain(
        ChainParts(
            BookRetriever(store=MemoryStore(CHUNKS)),
            models,
            memory=HangingMemory(),
            clock=lambda: 0.0,
        )
    )
    async with asyncio.timeout(30):
        given = {"question": QUESTION, "session_id": "s"}
        answer = Answer.model_validate(await chain.ainvoke(given))
    assert (answer.status, answer.answer) == ("answered", "Fine.")

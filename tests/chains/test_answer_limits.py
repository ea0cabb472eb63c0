"""An answer that does not end by itself is cut, says so, and is not kept for others."""

from typing import Any

import pytest
from langchain_core.messages import AIMessageChunk
from langchain_core.outputs import ChatGenerationChunk

from chains.answer.generation import Models
from chains.answer.limits import AnswerLimits
from chains.evidence.retriever import BookRetriever
from chains.pipeline import ChainParts, build_chain
from chains.wrappers.cached import AnswerCache
from metering import Counter
from tests.counted import counting
from tests.fakes import MemoryStore, ScriptedChat, chunk

QUESTION = "Which middleware connects the programs of a robot?"
STORE = [chunk("ROS 2 is middleware that connects the programs of a robot.", "What ROS 2 is")]


class EndlessChat(ScriptedChat):
    """Says its first piece for ever, and notes when it is left."""

    ends_with: str = ""

    async def _astream(self, *args: Any, **kwargs: Any) -> Any:
        try:
            while not self.ends_with:
                yield ChatGenerationChunk(message=AIMessageChunk(content=self.pieces[0]))
            told = {"finish_reason": self.ends_with}
            yield ChatGenerationChunk(message=AIMessageChunk(content=self.pieces[0]))
            yield ChatGenerationChunk(message=AIMessageChunk(content="", response_metadata=told))
        finally:
            self.closed.append(True)


def chain_of(chat: ScriptedChat, limits: AnswerLimits, counter: Counter | None = None) -> Any:
    parts = ChainParts(
        BookRetriever(store=MemoryStore(STORE)),
        Models(chat, "scripted", limits=limits),
        cache=AnswerCache(10, 60, lambda: 0.0, None),
        counter=counter or Counter(),
    )
    return build_chain(parts)


@pytest.mark.parametrize(
    ("limits", "ends_with", "cut"),
    [
        (AnswerLimits(characters=300), "", "characters"),
        (AnswerLimits(characters=10**9, seconds=0.05), "", "seconds"),
        (AnswerLimits(), "length", "tokens"),
        (AnswerLimits(), "MAX_TOKENS", "tokens"),
        (AnswerLimits(), "MAX_BYTES", "bytes"),
    ],
)
async def test_an_answer_without_an_end_is_cut_and_says_so(
    limits: AnswerLimits, ends_with: str, cut: str
) -> None:
    chat = EndlessChat(pieces=["ROS 2 is middleware. "], ends_with=ends_with)
    with counting() as counted:
        chain = chain_of(chat, limits, counted.counter)
    answer = await chain.ainvoke({"question": QUESTION})
    again = await chain.ainvoke({"question": QUESTION})
    assert answer["answer"].startswith("ROS 2 is middleware.")
    assert "cut off" in answer["answer"]
    assert answer["status"] == "degraded"
    assert f"answer_cut:{cut}" in counted.events
    assert chat.closed == [True, True]
    assert again["answer_id"] != answer["answer_id"]


async def test_one_huge_piece_is_cut_at_the_limit_too() -> None:
    chain = chain_of(ScriptedChat(pieces=["robot " * 10_000]), AnswerLimits(characters=1000))
    answer = await chain.ainvoke({"question": QUESTION})
    assert 1000 <= len(answer["answer"]) < 1200


async def test_an_answer_that_ends_by_itself_is_left_alone() -> None:
    chat = EndlessChat(pieces=["ROS 2 is middleware."], ends_with="COMPLETE")
    answer = await chain_of(chat, AnswerLimits()).ainvoke({"question": QUESTION})
    assert answer["answer"] == "ROS 2 is middleware."
    assert answer["status"] == "answered"

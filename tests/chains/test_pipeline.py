"""The answer flow, on working fakes of the store, the model and the memory."""

import asyncio
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

import pytest

from chains.answer.builder import AnswerBuilder
from chains.answer.generation import Models
from chains.budget import Budget
from chains.evidence.retriever import BookRetriever
from chains.pipeline import ChainParts, build_chain
from chains.wrappers.cached import AnswerCache
from chains.wrappers.remembered import RememberedAnswers
from chains.wrappers.shared import SharedAnswers
from chains.wrappers.small_talk import SmallTalkAnswers
from errors import BudgetExhausted, FixConfiguration, FixQuestion, RetryLater
from providers.embedded.minilm import MiniLMEmbeddings
from schema import Answer, PastTurn
from tests.fakes import DictMemory, MemoryStore, ScriptedChat, chunk

WHAT = "ROS 2 is middleware that connects the programs of a robot."
BALANCE = "The balance controller of the humanoid runs at 1000 Hz on its own computer."
CHUNKS = [
    chunk(WHAT, "What ROS 2 is"),
    chunk("It passes messages over DDS.", "What ROS 2 is", index=1),
    chunk(BALANCE, "Balance", path="module-3/balance.md"),
]
QUESTION = "Which middleware connects the programs of a robot?"


def make(
    pieces: list[Any], *, store: MemoryStore | None = None, fallback: Any = None, **parts: Any
) -> tuple[RememberedAnswers, ScriptedChat]:
    chat = ScriptedChat(pieces=pieces)
    models = Models(chat, "scripted", fallback=fallback, fallback_name="embedded")
    retriever = BookRetriever(store=store or MemoryStore(CHUNKS))
    return build_chain(ChainParts(retriever, models, **parts)), chat


async def test_an_answer_carries_checked_citations_and_its_sources() -> None:
    chain, _ = make([("ROS 2 is middleware", 0), " for robots."])
    answer = Answer.model_validate(await chain.ainvoke({"question": QUESTION}))
    assert answer.status == "answered"
    assert answer.answer == "ROS 2 is middleware for robots."
    [citation] = answer.citations
    assert answer.answer[citation.start : citation.end] == citation.text
    assert citation.source_ids == [answer.sources[0].id]
    assert answer.sources[0].heading == "What ROS 2 is"
    assert answer.usage.provider_calls == 1
    assert answer.usage.output_tokens == 7
    assert answer.model == "scripted"


async def test_a_stream_adds_up_to_what_invoke_returns() -> None:
    pieces = [("ROS 2 is middleware", 0), " for ", "robots."]
    whole = await make(pieces, new_id=lambda: "a1")[0].ainvoke({"question": QUESTION})
    total = AnswerBuilder()
    keys = []
    async for part in make(pieces, new_id=lambda: "a1")[0].astream({"question": QUESTION}):
        keys.append(sorted(part))
        total.add(part)
    added = total.sum()
    for one in (added, whole):
        one.pop("timings_ms")
    assert added == whole
    assert keys[0] == ["sources"]
    assert keys[1] == ["answer"]
    assert "answer_id" in keys[-1]


async def test_the_passage_is_the_whole_section_in_book_order() -> None:
    chain, chat = make([("ROS 2 is middleware", 0)])
    answer = Answer.model_validate(await chain.ainvoke(QUESTION))
    assert answer.sources[0].text == f"{WHAT}\n\nIt passes messages over DDS."
    assert chat.seen[0][1][0].page_content == answer.sources[0].text


async def test_the_row_of_a_plan_is_shown_wherever_it_stands_in_its_table() -> None:
    head, long = "| Week | Topic |\n| --- | --- |\n", "walking " * 300
    plan = [
        chunk(f"{head}| 5 | Worlds {long}|", "Weeks", path="plan.md"),
        chunk(f"{head}| 8 | Perception {long}|", "Weeks", path="plan.md", index=1),
    ]
    chain, chat = make(["Perception."], store=MemoryStore([*CHUNKS, *plan]))
    await chain.ainvoke("What happens in week 8?")
    assert "| 8 | Perception" in chat.seen[0][1][0].page_content


async def test_a_question_the_book_does_not_answer_costs_no_model_call() -> None:
    chain, chat = make(["never said"])
    answer = Answer.model_validate(await chain.ainvoke("Who painted the robot of Mona Lisa?"))
    assert answer.status == "not_in_book"
    assert answer.citations == []
    assert answer.sources
    assert chat.seen == []
    assert answer.model == "none"


async def test_a_refusal_promises_no_sections_where_none_were_found() -> None:
    chain, _ = make(["never said"])
    refused = Answer.model_validate(await chain.ainvoke("Who painted the robot of Mona Lisa?"))
    assert "nearest sections" in refused.answer
    question = {"question": QUESTION, "section": "no-such-part"}
    answer = Answer.model_validate(await chain.ainvoke(question))
    assert (answer.status, answer.sources) == ("not_in_book", [])
    assert answer.answer == "I could not find an answer to this in the book."


@pytest.mark.parametrize("pieces", [["NOT_IN_BOOK"], ["NOT", "_IN_", "BOOK"], ["NOT_IN_BOOK", "."]])
async def test_a_model_that_finds_no_answer_is_taken_at_its_word(pieces: list[str]) -> None:
    chain, _ = make(pieces)
    answer = Answer.model_validate(await chain.ainvoke(QUESTION))
    assert answer.status == "not_in_book"
    assert "NOT_IN" not in answer.answer


async def test_a_citation_of_what_the_passage_says_nothing_about_is_dropped() -> None:
    chat = ScriptedChat(pieces=[("The painting hangs in Paris.", 0), (" It is software.", 0)])
    models = Models(chat, "scripted", meaning=MiniLMEmbeddings())
    chain = build_chain(ChainParts(BookRetriever(store=MemoryStore(CHUNKS)), models))
    answer = Answer.model_validate(await chain.ainvoke(QUESTION))
    assert [citation.text for citation in answer.citations] == [" It is software."]


async def test_a_model_down_before_its_first_token_is_replaced_and_said_so() -> None:
    fallback = ScriptedChat(pieces=[("ROS 2 is middleware", 0)])
    chain, _ = make([RetryLater("down")], fallback=fallback)
    answer = Answer.model_validate(await chain.ainvoke(QUESTION))
    assert answer.status == "degraded"
    assert answer.model == "embedded"
    assert answer.citations


async def test_a_refused_key_is_said_and_not_hidden_by_the_fallback() -> None:
    fallback = ScriptedChat(pieces=[("ROS 2 is middleware", 0)])
    chain, _ = make([FixConfiguration("refused")], fallback=fallback)
    with pytest.raises(FixConfiguration) as refused:
        await chain.ainvoke(QUESTION)
    assert refused.value.code == "model_rejected"
    assert fallback.seen == []


async def test_a_refused_key_for_embeddings_is_said_too() -> None:
    store = MemoryStore(CHUNKS)
    store.fails["embedding"] = FixConfiguration("refused")
    chain, _ = make(["never"], store=store)
    with pytest.raises(FixConfiguration):
        await chain.ainvoke(QUESTION)


async def test_a_model_that_hangs_is_replaced_within_the_deadline() -> None:
    fallback = ScriptedChat(pieces=[("ROS 2 is middleware", 0)])
    hanging = ScriptedChat(pieces=["x"], gate=asyncio.Event(), gate_before=0)
    models = Models(hanging, "slow", fallback, "embedded", first_token_seconds=0.01)
    chain = build_chain(ChainParts(BookRetriever(store=MemoryStore(CHUNKS)), models))
    answer = Answer.model_validate(await chain.ainvoke(QUESTION))
    assert (answer.status, answer.model) == ("degraded", "embedded")
    assert hanging.closed == [True]


async def test_a_model_that_fails_midway_ends_in_its_error_and_the_turn_is_kept() -> None:
    memory = DictMemory()
    memory.stored["s"] = []
    chain, _ = make(["ROS 2 is ", RetryLater("gone")], memory=memory)
    seen = []
    with pytest.raises(RetryLater):
        async for part in chain.astream({"question": QUESTION, "session_id": "s"}):
            seen.append(part)
    assert seen[1] == {"answer": "ROS 2 is "}
    [turn] = memory.stored["s"]
    assert (turn.outcome, turn.answer.answer) == ("failed", "ROS 2 is ")


async def test_closing_the_stream_stops_the_model_and_marks_the_turn() -> None:
    memory = DictMemory()
    memory.stored["s"] = []
    chain, chat = make(["ROS 2 ", "is ", "middleware"], memory=memory)
    chat.gate = asyncio.Event()
    stream = chain.astream({"question": QUESTION, "session_id": "s"})
    async for part in stream:
        if "answer" in part:
            break
    await stream.aclose()
    assert chat.closed == [True]
    assert [t.outcome for t in memory.stored["s"]] == ["cancelled"]


async def test_an_embedding_that_fails_leaves_sparse_search_and_says_so() -> None:
    store = MemoryStore(CHUNKS)
    store.fails["embedding"] = RetryLater("down")
    chain, _ = make([("ROS 2 is middleware", 0)], store=store)
    answer = Answer.model_validate(await chain.ainvoke(QUESTION))
    assert answer.status == "degraded"
    assert answer.citations


async def test_a_store_that_is_away_is_named() -> None:
    store = MemoryStore(CHUNKS)
    store.fails["store"] = RetryLater("away", code="retrieval_unavailable")
    with pytest.raises(RetryLater) as caught:
        await make(["x"], store=store)[0].ainvoke(QUESTION)
    assert caught.value.code == "retrieval_unavailable"


async def test_a_follow_up_is_searched_with_its_topic() -> None:
    store = MemoryStore(CHUNKS)
    chain, _ = make([("1000 Hz", 0)], store=store)
    history = [{"question": "How does the humanoid keep its balance?", "answer": "A controller."}]
    answer = Answer.model_validate(
        await chain.ainvoke({"question": "How fast does it run?", "history": history})
    )
    assert "balance" in answer.standalone_question
    assert answer.sources[0].heading == "Balance"


async def test_the_turns_of_the_session_win_over_the_given_history() -> None:
    memory = DictMemory()
    memory.stored["s"] = []
    chain, _ = make([("1000 Hz", 0)], memory=memory)
    await chain.ainvoke({"question": "How does the humanoid balance?", "session_id": "s"})
    given = [{"question": "What is DDS?", "answer": "A protocol."}]
    answer = await chain.ainvoke(
        {"question": "How fast does it run?", "session_id": "s", "history": given}
    )
    assert "balance" in answer["standalone_question"]
    assert [t.outcome for t in memory.stored["s"]] == ["complete", "complete"]


async def test_a_question_asked_again_is_answered_anew_and_not_as_a_follow_up_of_itself() -> None:
    memory = DictMemory()
    memory.stored["s"] = []
    cache = AnswerCache(10, 60, lambda: 0.0)
    chain, chat = make([("1000 Hz", 0)], memory=memory, cache=cache)
    await chain.ainvoke({"question": "How does the humanoid balance?", "session_id": "s"})
    second = {"question": "How fast does it run?", "session_id": "s"}
    first = await chain.ainvoke(second)
    again = await chain.ainvoke({**second, "replaces": first["answer_id"]})
    assert again["standalone_question"] == first["standalone_question"]
    assert again["usage"]["provider_calls"] == first["usage"]["provider_calls"] > 0
    assert len(chat.seen) == 3
    answers = [turn["answer"]["answer_id"] for turn in await memory.turns("s")]
    assert first["answer_id"] not in answers
    assert answers[-1] == again["answer_id"]


async def test_an_unknown_session_is_refused_and_a_missing_database_is_not_noticed() -> None:
    memory = DictMemory()
    chain, _ = make([("ROS 2 is middleware", 0)], memory=memory)
    with pytest.raises(FixQuestion) as caught:
        await chain.ainvoke({"question": QUESTION, "session_id": "forged"})
    assert caught.value.code == "not_found"
    memory.away = True
    answer = await chain.ainvoke({"question": QUESTION, "session_id": "s"})
    assert answer["status"] == "answered"


async def test_a_repeated_question_costs_nothing_until_the_book_changes() -> None:
    store = MemoryStore(CHUNKS)
    cache = AnswerCache(10, 60, lambda: 0.0)
    clock = count(step=2.0)  # what the store serves is looked at again after a second
    chain, chat = make(
        [("ROS 2 is middleware", 0)], store=store, cache=cache, clock=lambda: next(clock)
    )
    first = Answer.model_validate(await chain.ainvoke(QUESTION))
    again = Answer.model_validate(await chain.ainvoke(f"  {QUESTION.upper()} "))
    assert (again.answer, again.citations) == (first.answer, first.citations)
    assert again.answer_id != first.answer_id
    assert again.usage.provider_calls == 0
    store.version = "v2"
    await chain.ainvoke(QUESTION)
    assert len(chat.seen) == 2


async def _until(happened: Callable[[], object]) -> None:
    for _ in range(10_000):
        if happened():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never happened")


async def test_readers_who_ask_the_same_meanwhile_are_told_the_same_answer() -> None:
    chain, chat = make([("ROS 2 is middleware", 0), " for robots."])
    chat.gate = asyncio.Event()
    first = asyncio.create_task(chain.ainvoke(QUESTION))
    await _until(lambda: chat.seen)
    others = [asyncio.create_task(chain.ainvoke(f"{QUESTION} ")) for _ in range(3)]
    other_question = asyncio.create_task(chain.ainvoke({"question": QUESTION, "language": "ur"}))
    await asyncio.sleep(0)
    chat.gate.set()
    answers = [Answer.model_validate(a) for a in await asyncio.gather(first, *others)]
    await other_question
    assert len(chat.seen) == 2
    assert {a.answer for a in answers} == {"ROS 2 is middleware for robots."}
    assert all(a.citations and a.sources for a in answers)
    assert len({a.answer_id for a in answers}) == 4
    assert [a.usage.output_tokens for a in answers] == [7, 0, 0, 0]


async def test_an_answer_goes_on_for_others_when_the_one_who_asked_first_leaves() -> None:
    memory = DictMemory()
    memory.stored |= {"a": [], "b": []}
    chain, chat = make([("ROS 2 is middleware", 0), " for robots."], memory=memory)
    chat.gate = asyncio.Event()
    first = chain.astream({"question": QUESTION, "session_id": "a"})
    async for part in first:
        if "answer" in part:
            break
    second = asyncio.create_task(chain.ainvoke({"question": QUESTION, "session_id": "b"}))
    small_talk = chain.inner
    assert isinstance(small_talk, SmallTalkAnswers)
    shared = small_talk.inner
    assert isinstance(shared, SharedAnswers)
    await _until(lambda: chat.seen and shared.followers == 2)
    await first.aclose()
    chat.gate.set()
    assert (await second)["answer"] == "ROS 2 is middleware for robots."
    assert chat.closed == []
    told = {s: [(t.outcome, t.answer.answer) for t in memory.stored[s]] for s in ("a", "b")}
    assert told == {
        "a": [("cancelled", "ROS 2 is middleware")],
        "b": [("complete", "ROS 2 is middleware for robots.")],
    }


async def test_a_failure_reaches_all_who_wait_and_the_next_one_asks_anew() -> None:
    chain, chat = make(["ROS 2 ", RetryLater("broken"), "again"])
    chat.gate = asyncio.Event()
    waiting = [asyncio.create_task(chain.ainvoke(QUESTION)) for _ in range(2)]
    await _until(lambda: chat.seen)
    chat.gate.set()
    failed = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(f) for f in failed] == [RetryLater, RetryLater]
    chat.pieces = ["ROS 2 is middleware"]
    assert (await chain.ainvoke(QUESTION))["answer"] == "ROS 2 is middleware"
    assert len(chat.seen) == 2


async def test_a_selection_is_the_context_and_the_search_stays_there() -> None:
    chain, chat = make([("The balance controller runs", 0)])
    answer = Answer.model_validate(
        await chain.ainvoke({"question": "explain this", "selected_text": f"**{BALANCE}**"})
    )
    assert [s.heading for s in answer.sources] == ["Balance"]
    assert BALANCE in str(chat.seen[0][0][-1].content)


async def test_a_selection_that_is_not_in_the_book_is_used_and_the_answer_says_so() -> None:
    foreign = "Bread dough wants a rest of twelve hours in the fridge."
    chain, _ = make([("Bread dough wants a rest", 0)])
    answer = Answer.model_validate(
        await chain.ainvoke({"question": "explain this", "selected_text": foreign})
    )
    assert "does not stand in this book" in answer.answer
    [citation] = answer.citations
    assert answer.answer[citation.start : citation.end] == "Bread dough wants a rest"
    assert answer.sources[0].text == foreign


async def test_a_section_limits_the_search() -> None:
    chain, _ = make([("x", None)])
    answer = await chain.ainvoke({"question": QUESTION, "section": "module-3"})
    assert {s["path"] for s in answer["sources"]} <= {"module-3/balance.md"}


@pytest.mark.parametrize(
    "bad",
    [
        {},
        {"question": "  "},
        {"question": "x" * 2001},
        {"question": 5},
        {"question": "a", "history": [{}]},
    ],
)
async def test_a_bad_question_is_refused_with_its_field(bad: dict[str, Any]) -> None:
    with pytest.raises(FixQuestion):
        await make(["x"])[0].ainvoke(bad)


async def test_a_spent_budget_is_named_when_nothing_can_step_in() -> None:
    with pytest.raises(BudgetExhausted):
        await make([BudgetExhausted("spent")])[0].ainvoke(QUESTION)


def test_the_synchronous_forms_work_where_no_loop_runs() -> None:
    chain, _ = make([("ROS 2 is middleware", 0), " for robots."])
    assert chain.invoke(QUESTION)["answer"] == "ROS 2 is middleware for robots."
    assert "".join(p.get("answer", "") for p in chain.stream(QUESTION)).endswith("robots.")
    assert len(chain.batch([QUESTION, QUESTION])) == 2


async def test_the_synchronous_forms_work_inside_a_running_loop_as_in_a_notebook() -> None:
    chain, _ = make([("ROS 2 is middleware", 0)])
    assert chain.invoke(QUESTION)["status"] == "answered"


async def test_a_hundred_questions_at_once_do_not_mix() -> None:
    memory = DictMemory()
    memory.stored = {f"s{i}": [] for i in range(100)}
    chain, _ = make([("ROS 2 is middleware", 0), " for robots."], memory=memory)
    asked = [{"question": f"{QUESTION} {i}", "session_id": f"s{i}"} for i in range(100)]
    answers = await asyncio.gather(*(chain.ainvoke(q) for q in asked))
    assert [a["session_id"] for a in answers] == [f"s{i}" for i in range(100)]
    assert all(
        turns[0].question == f"{QUESTION} {s[1:]}" and len(turns) == 1
        for s, turns in memory.stored.items()
    )
    assert len({a["answer_id"] for a in answers}) == 100
    assert all(a["usage"]["provider_calls"] == 1 for a in answers)


@pytest.mark.parametrize(("spent", "model"), [(5, "scripted"), (10, "embedded")])
async def test_a_spent_budget_leaves_the_provider_alone(spent: int, model: str) -> None:
    fallback = ScriptedChat(pieces=[("ROS 2 is middleware", 0)])
    budget = Budget(10, lambda: spent)
    chain, _ = make([("ROS 2 is middleware", 0)], fallback=fallback, budget=budget)
    answer = Answer.model_validate(await chain.ainvoke(QUESTION))
    assert answer.model == model
    assert answer.status == ("answered" if model == "scripted" else "degraded")


async def test_a_nearly_spent_budget_sheds_condensing() -> None:
    class Dear:
        async def __call__(self, question: str, history: Sequence[PastTurn]) -> str:
            raise AssertionError("condensed by a provider")

    chain, _ = make([("1000 Hz", 0)], condenser=Dear(), budget=Budget(10, lambda: 9))
    history = [{"question": "How does the humanoid keep its balance?", "answer": "A controller."}]
    answer = await chain.ainvoke({"question": "How fast does it run?", "history": history})
    assert "balance" in answer["standalone_question"]

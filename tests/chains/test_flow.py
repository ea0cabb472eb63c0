"""The flow is LangChain: it can be drawn, watched, taken apart and put together again."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from langchain_core.callbacks import AsyncCallbackHandler
from langchain_core.documents import Document
from langchain_core.runnables import RunnableLambda

from chains.answer.generation import Models
from chains.evidence.abstention import Verdict
from chains.evidence.retriever import BookRetriever
from chains.pipeline import ChainParts, build_chain, build_flow
from chains.question.condense import ModelCondenser
from chains.runnable import AnswerRunnable
from chains.state import AnswerState
from chains.steps.step import AnswerFlow
from chains.wrappers.cached import AnswerCache
from extractive.chat import ExtractiveChat
from providers.embedded.minilm import MiniLMEmbeddings
from schema import Answer, PastTurn, Question
from tests.chains.test_pipeline import CHUNKS, QUESTION
from tests.fakes import MemoryStore, ScriptedChat, chunk

TOPIC = "How does the humanoid keep its balance?"
FOLLOW_UP = "How fast does it run?"
TOLD = PastTurn(question=TOPIC, answer="A controller.", status="answered")
REFUSED = PastTurn(question="Who won?", answer="Not in the book.", status="not_in_book")


class Watcher(AsyncCallbackHandler):
    """Notes the name of every run, under the name of the run that it is inside."""

    def __init__(self) -> None:
        self.names: dict[UUID, str] = {}
        self.inside: list[tuple[str, str]] = []

    def _note(self, name: str, run_id: UUID, parent_run_id: UUID | None) -> None:
        self.names[run_id] = name
        self.inside.append((self.names[parent_run_id] if parent_run_id else "", name))

    async def on_chain_start(self, *args: Any, **run: Any) -> None:
        self._note(run["name"], run["run_id"], run["parent_run_id"])

    async def on_retriever_start(self, *args: Any, **run: Any) -> None:
        self._note("retriever", run["run_id"], run["parent_run_id"])

    async def on_chat_model_start(self, *args: Any, **run: Any) -> None:
        self._note("chat model", run["run_id"], run["parent_run_id"])


class BackwardReranker:
    """Ranks the last hit first."""

    async def acompress_documents(self, documents: list[Document], query: str) -> list[Document]:
        for place, one in enumerate(documents):
            one.metadata["relevance_score"] = float(place)
        return documents[::-1]


def parts(*pieces: Any, **others: Any) -> ChainParts:
    models = Models(ScriptedChat(pieces=list(pieces) or ["Fine."]), "scripted")
    return ChainParts(BookRetriever(store=MemoryStore(CHUNKS)), models, **others)


def nodes(runnable: AnswerRunnable) -> list[str]:
    return [node.name for node in runnable.get_graph().nodes.values()]


def test_the_drawn_chain_shows_the_wrappers_and_the_steps() -> None:
    cache = AnswerCache(10, 60, lambda: 0.0)
    assert nodes(build_chain(parts(cache=cache))) == [
        *("Question", "remembered", "small_talk", "shared", "cached"),
        *("condense", "retrieve", "judge", "generate", "Answer"),
    ]
    assert nodes(build_flow(parts()))[1:-1] == ["condense", "retrieve", "judge", "generate"]


async def test_a_callback_sees_every_step_and_what_it_calls() -> None:
    condenser = ModelCondenser(
        ScriptedChat(pieces=["How fast does the balance controller of a robot run?"]), "x"
    )
    watched = parts("1000 Hz", condenser=condenser)
    watched.retriever = watched.retriever.model_copy(update={"reranker": BackwardReranker()})
    watcher = Watcher()
    await build_chain(watched).ainvoke(
        {"question": "How fast?", "history": [{"question": TOPIC, "answer": "A controller."}]},
        {"callbacks": [watcher]},
    )
    assert watcher.inside == [
        ("", "book_chat"),
        ("book_chat", "history"),
        ("book_chat", "answer"),
        ("answer", "condense"),
        ("condense", "chat model"),
        ("answer", "retrieve"),
        ("retrieve", "retriever"),
        ("retriever", "search"),
        ("retriever", "rerank"),
        ("answer", "judge"),
        ("answer", "generate"),
        ("generate", "chat model"),
    ]


async def test_the_bare_flow_answers_as_the_chain_does() -> None:
    chain, flow = build_chain(parts()), build_flow(parts())
    one = Answer.model_validate(await chain.ainvoke(QUESTION))
    other = Answer.model_validate(await flow.ainvoke(QUESTION))
    changing = {"answer_id", "timings_ms"}
    assert one.model_dump(exclude=changing) == other.model_dump(exclude=changing)


def test_the_bare_flow_works_without_await() -> None:
    assert build_flow(parts("Fine.")).invoke(QUESTION)["answer"] == "Fine."


async def test_a_flow_can_be_put_together_with_another_step() -> None:
    seen: list[AnswerState] = []

    async def only_the_first(state: AnswerState) -> AnswerState:
        seen.append(state)
        state.passages = state.passages[:1]
        return state

    condense, retrieve, _, generate = build_flow(parts()).steps
    flow = condense | retrieve | RunnableLambda(only_the_first) | generate
    assert isinstance(flow, AnswerFlow)
    streamed = [part async for part in flow.astream(QUESTION)]
    assert len(streamed[0]["sources"]) == 1
    assert "".join(part.get("answer", "") for part in streamed) == "Fine."
    assert seen[0].readings == [QUESTION]


async def test_a_flow_without_its_last_step_gives_the_state() -> None:
    condense, retrieve, judge, _ = build_flow(parts()).steps
    state = await (condense | retrieve | judge).ainvoke(QUESTION)
    assert isinstance(state, AnswerState)
    assert (state.standalone, state.answerable) == (QUESTION, True)
    assert list(state.timings) == ["condense", "retrieve", "judge"]


async def test_of_several_readings_the_one_with_the_best_evidence_is_answered() -> None:
    condense, retrieve, judge, generate = build_flow(parts()).steps

    async def two_readings(state: AnswerState) -> AnswerState:
        state.readings = ["Who painted the Mona Lisa?", QUESTION]
        return state

    flow = condense | RunnableLambda(two_readings) | retrieve | judge | generate
    answer = Answer.model_validate(await flow.ainvoke("paint middleware?"))
    assert answer.standalone_question == QUESTION
    assert answer.sources[0].heading == "What ROS 2 is"
    assert answer.status == "answered"


def certain(*given: Any, **named: Any) -> Verdict:
    """Whatever is found answers the question."""
    return Verdict(1.0, answerable=True)


def follow_up(answer: str) -> dict[str, Any]:
    return {"question": FOLLOW_UP, "history": [{"question": TOPIC, "answer": answer}]}


@pytest.mark.parametrize("at_once", [True, False])
async def test_a_follow_up_is_shared_by_those_who_heard_the_same_and_by_nobody_else(
    at_once: bool,
) -> None:
    cache = AnswerCache(10, 60, lambda: 0.0)
    chain = build_chain(parts("1000 Hz", cache=cache, scorer=certain))
    asked = [follow_up("A controller."), follow_up("A controller."), follow_up("An engineer.")]
    if at_once:
        answers = await asyncio.gather(*(chain.ainvoke(one) for one in asked))
    else:
        answers = [await chain.ainvoke(one) for one in asked]
    calls = [answer["usage"]["provider_calls"] for answer in answers]
    assert calls == [1, 0, 1]
    assert {answer["answer"] for answer in answers} == {"1000 Hz"}


async def test_a_question_that_stands_alone_is_shared_whatever_was_said_before() -> None:
    chain = build_chain(parts(cache=AnswerCache(10, 60, lambda: 0.0)))
    question = "Which middleware do humanoid robots use to pass messages between sensors?"
    await chain.ainvoke(question)
    again = await chain.ainvoke({**follow_up("A controller."), "question": question})
    assert again["usage"]["provider_calls"] == 0


async def test_a_cached_answer_streams_its_sources_first_and_adds_up() -> None:
    chain = build_chain(parts(("ROS 2", 0), cache=AnswerCache(10, 60, lambda: 0.0)))
    first = await chain.ainvoke(QUESTION)
    streamed = [part async for part in chain.astream(QUESTION)]
    assert list(streamed[0]) == ["sources"]
    again = Answer.model_validate({**streamed[0], **streamed[1]})
    changing = {"answer_id", "timings_ms", "usage"}
    assert again.model_dump(exclude=changing) == Answer.model_validate(first).model_dump(
        exclude=changing
    )


async def test_a_thing_with_a_section_of_its_own_is_answered_from_there() -> None:
    chunks = [
        chunk("The zero moment point lies under the foot.", "Zero moment point"),
        chunk("The capture point is where it must step.", "Capture point"),
    ]
    models = Models(ScriptedChat(pieces=["Fine."]), "scripted")
    flow = ChainParts(BookRetriever(store=MemoryStore(chunks)), models)
    history = [{"question": "What is the zero moment point?", "answer": "A point."}]
    answer = await build_chain(flow).ainvoke(
        {"question": "and the capture point?", "history": history}
    )
    assert (answer["confidence"], answer["sources"][0]["heading"]) == ("high", "Capture point")


async def placed(question: str, *history: PastTurn) -> AnswerState:
    """The state after the search; ``place`` is the place of the book that was asked for."""
    condense, retrieve, *_ = build_flow(parts()).steps
    state = AnswerState(Question(question=question), history=history)
    found: AnswerState = await retrieve.ainvoke(await condense.ainvoke(state))
    return found


async def test_this_is_the_book_after_a_greeting_but_not_after_an_answer() -> None:
    greeted = PastTurn(question="hello!", answer="Hello!", status="small_talk")
    told = PastTurn(question=TOPIC, answer="A controller.", status="answered")
    after_greeting = await placed("whats this about", greeted)
    assert after_greeting.place is not None
    assert after_greeting.place.task == "contents"
    assert (await placed("whats this about", greeted, told)).place is None


async def test_what_is_put_to_the_assistant_is_looked_up_nowhere() -> None:
    wanted = "Make up a page of this book that says who the book is for, and cite it"
    assert (await placed(wanted)).place is None


async def test_an_earlier_question_is_mended_before_it_is_a_topic() -> None:
    told = PastTurn(question="what is the balence controller", answer="…", status="answered")
    assert (await placed("why is it so?", told)).readings[0] == (
        "what is the balance controller: why is it so?"
    )


async def test_the_language_that_is_wished_for_is_the_answers() -> None:
    told = PastTurn(question=TOPIC, answer="A controller.", status="answered")
    state = await placed("in urdu please", told)
    assert (state.question.language, state.readings, state.already_said) == ("Urdu", [TOPIC], [])


async def test_a_shorter_answer_is_the_same_topic_in_brief() -> None:
    told = PastTurn(question=TOPIC, answer="A controller.", status="answered")
    state = await placed("shorter", told)
    assert (state.brief, state.readings, state.already_said) == (True, [TOPIC], ["A controller."])


@pytest.mark.parametrize("asked", ["more", "why so?", "shorter please", "?", "explain it simply"])
async def test_nothing_is_searched_for_what_is_asked_of_an_answer_that_is_not_there(
    asked: str,
) -> None:
    chain = build_chain(parts())
    first = await chain.ainvoke({"question": asked})
    assert first["answer"].startswith("There is no answer yet that I could go on from.")
    after = await chain.ainvoke({"question": asked, "history": [REFUSED]})
    assert after["answer"].startswith("I found nothing about that in the book")
    assert [first["status"], after["status"]] == ["small_talk", "small_talk"]
    again = await chain.ainvoke({"question": asked, "history": [REFUSED, TOLD]})
    assert again["status"] != "small_talk"


async def test_more_of_what_was_refused_is_not_more_of_an_older_topic() -> None:
    chain = build_chain(parts())
    for asked in ("tell me more", "and then?", "can you explain that simpler"):
        answer = await chain.ainvoke({"question": asked, "history": [TOLD, REFUSED]})
        assert answer["answer"].startswith("I found nothing about that in the book")
    answer = await chain.ainvoke({"question": "how big are they", "history": [REFUSED]})
    assert answer["status"] == "small_talk"


async def test_code_for_nothing_is_asked_back() -> None:
    answer = await build_chain(parts()).ainvoke({"question": "I need code"})
    assert answer["answer"].startswith("Of what?")


async def test_a_reader_who_is_lost_is_told_another_part_of_the_answer_or_asked_what_is_hard() -> (
    None
):
    chain = build_chain(parts())
    for asked in ("i don't get it", "this is too hard", "mujhe kuch samajh nahi aaya"):
        alone = await chain.ainvoke({"question": asked})
        assert (alone["status"], alone["sources"]) == ("small_talk", [])
        going_on = await chain.ainvoke({"question": asked, "history": [TOLD]})
        assert going_on["standalone_question"] == TOPIC


async def test_a_follow_up_of_a_word_that_no_passage_holds_is_not_surely_answered() -> None:
    chain = build_chain(parts(scorer=certain))
    sure = {"is it a computer?": "high", "is it hard?": "low", "explain that simpler": "high"}
    for asked, confidence in sure.items():
        answer = await chain.ainvoke({"question": asked, "history": [TOLD]})
        assert answer["confidence"] == confidence


async def test_a_name_that_no_passage_says_is_no_part_of_the_topic_before() -> None:
    chain = build_chain(parts(scorer=certain))
    for asked, joined in {"VSLAM": False, "the computer?": True}.items():
        answer = await chain.ainvoke({"question": asked, "history": [TOLD]})
        assert (answer["standalone_question"] != asked) == joined


@pytest.mark.parametrize(("evidence", "joined"), [(4.0, False), (5.0, True)])
async def test_a_topic_is_joined_to_a_question_of_its_own_by_more_evidence(
    evidence: float, joined: bool
) -> None:
    asked = {"question": "which computer runs the controller", "history": [TOLD]}

    def weigh(question: str, *others: Any) -> Verdict:
        together = question != asked["question"]
        return Verdict(evidence if together else 4.5, answerable=True, sure=together)

    answer = await build_chain(parts(scorer=weigh)).ainvoke(asked)
    assert (answer["standalone_question"] != asked["question"]) is joined


async def test_a_name_of_one_letter_is_looked_up() -> None:
    answer = await build_chain(parts()).ainvoke({"question": "what is R?"})
    assert answer["status"] != "small_talk"


async def test_roman_urdu_is_searched_in_english_and_answered_in_roman_urdu() -> None:
    state = await placed("balance controller kya hai?")
    assert state.readings == ["what is balance controller"]
    assert state.question.language == "Roman Urdu"


def unsure(*given: Any, **named: Any) -> Verdict:
    """Whatever is found may not answer the question."""
    return Verdict(1.0, answerable=True, sure=False, confidence="low")


async def test_that_all_was_quoted_is_said_without_a_notice_before_it() -> None:
    models = Models(ExtractiveChat(embeddings=MiniLMEmbeddings()), "embedded")
    store = MemoryStore([chunk("The controller runs at 1000 Hz.", "Balance")])
    chain = build_chain(ChainParts(BookRetriever(store=store), models, scorer=unsure))
    asked = {"question": "How fast is the controller?"}
    first = await chain.ainvoke(asked)
    assert first["answer"].startswith("The book may not answer exactly this.")
    told = PastTurn(question=asked["question"], answer=first["answer"], status="answered")
    more = await chain.ainvoke({"question": "tell me more", "history": [told]})
    assert more["answer"].startswith("I have quoted all that the book says about this.")


async def test_a_thing_in_a_place_is_told_by_the_section_that_is_called_so() -> None:
    chunks = [
        chunk("A keel in a boat list of boat parts: keel, boat, keel in boat.", "Boat parts"),
        chunk("A keel is the lowest beam. It runs along a boat.", "Keel"),
    ]
    models = Models(ScriptedChat(pieces=["Fine."]), "scripted")
    flow = ChainParts(BookRetriever(store=MemoryStore(chunks)), models)
    answer = await build_chain(flow).ainvoke({"question": "What is a keel in a boat?"})
    assert answer["standalone_question"] == "What is a keel"
    other = await build_chain(flow).ainvoke({"question": "What is a keel in a plane?"})
    assert other["standalone_question"] == "What is a keel in a plane?"


async def test_a_question_in_urdu_is_searched_in_english_where_no_page_is_in_urdu() -> None:
    retriever = BookRetriever(store=MemoryStore(CHUNKS), multilingual=False)
    condense, retrieve, *_ = build_flow(ChainParts(retriever, parts().models)).steps
    state = AnswerState(Question(question="روبوٹ کیا ہے؟"))
    found = await retrieve.ainvoke(await condense.ainvoke(state))
    assert (found.readings, found.question.language) == (["what is robot"], "Urdu")


async def test_a_name_alone_is_answered_by_its_definition_or_by_the_parts_that_bear_it() -> None:
    listed = [
        chunk(f"Keels of {part} hold.", f"Boat {part}", path=f"{part}.md")
        for part in ("keels", "sails")
    ]
    for one in listed:
        one.metadata.update(title=one.metadata["heading"], breadcrumb=[one.metadata["heading"]])
    defined = chunk("A boat is a vessel that swims. What is a boat?", "Vessels", path="c.md")
    for chunks, shown in ((listed, "boat"), ([*listed, defined], "What is boat?")):
        store = MemoryStore(chunks)
        models = Models(ScriptedChat(pieces=["Fine."]), "scripted")
        chain = build_chain(ChainParts(BookRetriever(store=store), models, scorer=certain))
        answer = await chain.ainvoke({"question": "boat"})
        assert answer["standalone_question"] == shown
        in_parts = answer["answer"].startswith("These parts of the book are about this.")
        assert in_parts is (shown == "boat")
        assert store.searches == ["What is boat?"]

"""Bytes of Cohere's event stream become text, citations and usage, however they are cut."""

from itertools import pairwise
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessageChunk

from providers.cohere.stream import AnswerStream
from providers.failures import BrokenStreamError
from tests.counted import counting

TEXT = "ROS 2 روبوٹ کا وسط افزار 🤖 ہے — it moves messages."
SOURCE = {"type": "document", "id": "ros", "document": {"id": "ros", "text": "…"}}


def delta(text: str, index: int = 0) -> dict[str, Any]:
    return {
        "type": "content-delta",
        "index": index,
        "delta": {"message": {"content": {"text": text}}},
    }


def start(kind: str = "text", index: int = 0) -> dict[str, Any]:
    content = {"type": kind, kind: ""}
    return {"type": "content-start", "index": index, "delta": {"message": {"content": content}}}


def cite(text: str, begin: int, **more: Any) -> dict[str, Any]:
    citation = {
        "start": begin,
        "end": begin + len(text),
        "text": text,
        "sources": [SOURCE],
        "type": "TEXT_CONTENT",
        **more,
    }
    return {"type": "citation-start", "index": 0, "delta": {"message": {"citations": citation}}}


def end(finish: str = "COMPLETE", **more: Any) -> dict[str, Any]:
    usage = {
        "billed_units": {"input_tokens": 1.0, "output_tokens": 2.0},
        "tokens": {"input_tokens": 30.0, "output_tokens": 12.0},
    }
    return {
        "type": "message-end",
        "id": "x",
        "delta": {"finish_reason": finish, "usage": usage, **more},
    }


def sse(*events: dict[str, Any], newline: bytes = b"\n") -> bytes:
    lines = (b"event: %s\ndata: %s\n\n" % (e["type"].encode(), orjson.dumps(e)) for e in events)
    return b"".join(lines).replace(b"\n", newline)


def read(*pieces: bytes, sources: tuple[str, ...] = ("ros",)) -> list[AIMessageChunk]:
    answer = AnswerStream("command-a", sources)
    return [chunk for piece in pieces if piece for chunk in answer.feed(piece)]


def text_of(chunks: list[AIMessageChunk]) -> str:
    return "".join(str(c.text) for c in chunks)


def notes_of(chunks: list[AIMessageChunk]) -> list[dict[str, Any]]:
    blocks = [b for c in chunks if isinstance(c.content, list) for b in c.content]
    return [note for b in blocks if isinstance(b, dict) for note in b["annotations"]]


ANSWER = sse(start(), delta(TEXT[:9]), delta(TEXT[9:]), cite("🤖", TEXT.index("🤖")), end())


@given(st.lists(st.integers(0, len(ANSWER)), max_size=12), st.sampled_from([b"\n", b"\r\n"]))
def test_an_answer_is_the_same_wherever_its_bytes_are_cut(cuts: list[int], newline: bytes) -> None:
    raw = ANSWER.replace(b"\n", newline)
    edges = [0, *sorted(cuts), len(raw)]
    chunks = read(*(raw[a:b] for a, b in pairwise(edges)))
    assert text_of(chunks) == TEXT
    (note,) = notes_of(chunks)
    assert TEXT[note["start_index"] : note["end_index"]] == note["cited_text"] == "🤖"
    assert chunks[-1].chunk_position == "last"


def test_one_read_makes_one_chunk_and_the_end_another() -> None:
    chunks = read(ANSWER)
    assert [c.chunk_position for c in chunks] == [None, "last"]
    assert chunks[0].text == TEXT


def test_the_last_chunk_tells_the_tokens_and_why_it_ended() -> None:
    last = read(sse(delta("Yes."), end("MAX_TOKENS")))[-1]
    assert last.usage_metadata == {"input_tokens": 30, "output_tokens": 12, "total_tokens": 42}
    assert last.response_metadata["finish_reason"] == "MAX_TOKENS"
    assert last.response_metadata["model_name"] == "command-a"


def test_every_event_type_of_the_api_passes_and_unknown_ones_too() -> None:
    call = {"id": "1", "type": "function", "function": {"name": "f", "arguments": ""}}
    said = {
        "message-start": {"message": {"role": "assistant", "content": [], "citations": []}},
        "tool-plan-delta": {"message": {"tool_plan": "I will look it up."}},
        "tool-call-start": {"message": {"tool_calls": call}},
        "tool-call-delta": {"message": {"tool_calls": {"function": {"arguments": "{}"}}}},
        "tool-call-end": None,
        "citation-end": None,
        "content-end": None,
        "debug": None,
        "invented-tomorrow": {"message": {"content": {"text": "no"}}},
    }
    around = [{"type": kind, "index": 0, "delta": inside} for kind, inside in said.items()]
    bare = [{"type": kind} for kind in (*said, "content-start", "content-delta", "citation-start")]
    chunks = read(sse(*around, *bare, start(), delta("Yes."), *around, end()))
    assert text_of(chunks) == "Yes."


def test_an_end_without_the_last_event_is_no_answer() -> None:
    answer = AnswerStream("m")
    answer.feed(sse(delta("It is")))
    with pytest.raises(BrokenStreamError):
        answer.feed(b"")


def test_comments_and_the_terminator_are_no_events() -> None:
    raw = b": ping\n\nretry: 5\n\n" + sse(delta("Yes."), end()) + b"data: [DONE]\n\n"
    assert text_of(read(raw)) == "Yes."


def test_an_event_may_take_several_data_lines() -> None:
    raw = orjson.dumps(delta("Yes."), option=orjson.OPT_INDENT_2)
    lines = b"".join(b"data: %s\n" % line for line in raw.split(b"\n"))
    assert text_of(read(lines + b"\n" + sse(end()))) == "Yes."


def test_thoughts_are_not_shown_and_offsets_count_from_the_answer() -> None:
    thought = {
        "type": "content-delta",
        "index": 0,
        "delta": {"message": {"content": {"thinking": "Hmm."}}},
    }
    chunks = read(
        sse(
            start("thinking"),
            thought,
            cite("Hmm.", 0, type="THINKING_CONTENT"),
            start("text", 1),
            delta("It is DDS.", 1),
            cite("DDS", 6, content_index=1),
            end(),
        )
    )
    assert text_of(chunks) == "It is DDS."
    assert [n["cited_text"] for n in notes_of(chunks)] == ["DDS"]
    assert [n["start_index"] for n in notes_of(chunks)] == [6]


def test_offsets_of_a_second_text_block_count_within_it() -> None:
    chunks = read(
        sse(
            start(), delta("Yes. "), start(index=1), delta("DDS and DDS.", 1),
            cite("DDS", 8, content_index=1), end(),
        )
    )  # fmt: skip
    assert [n["start_index"] for n in notes_of(chunks)] == [13]


def test_a_citation_waits_for_the_text_that_it_cites() -> None:
    answer = AnswerStream("m", ["ros"])
    assert notes_of(answer.feed(sse(delta("It is "), cite("DDS", 6)))) == []
    assert [n["start_index"] for n in notes_of(answer.feed(sse(delta("DDS."))))] == [6]


def test_offsets_in_bytes_are_brought_back_to_characters() -> None:
    begin = len(TEXT[: TEXT.index("moves")].encode())
    (note,) = notes_of(read(sse(delta(TEXT), cite("moves", begin), end())))
    assert TEXT[note["start_index"] : note["end_index"]] == "moves"


def test_a_citation_of_words_that_were_never_said_is_dropped_and_counted() -> None:
    with counting() as counted:
        chunks = read(sse(delta("It is DDS."), cite("MQTT", 6), cite("", 99), end()))
    assert notes_of(chunks) == []
    assert counted.events == ["citations_dropped"] * 2


def test_only_documents_that_were_sent_can_be_cited() -> None:
    chunks = read(sse(delta("It is DDS."), cite("DDS", 6), end()), sources=("other",))
    assert notes_of(chunks) == []
    inside = {"type": "document", "id": "doc:0", "document": {"id": "ros"}}
    chunks = read(sse(delta("It is DDS."), cite("DDS", 6, sources=[inside, SOURCE]), end()))
    assert notes_of(chunks)[0]["extras"] == {"source_ids": ["ros"]}


@pytest.mark.parametrize(
    "raw",
    [
        b"data: {not json\n\n",
        b"data: [1, 2]\n\n",
        b"data: \xff\xfe\n\n",
        b"x" * (1 << 20) + b"y",
        b"data: x\n" * 2000,
        sse(end("ERROR")),
        sse(end("ERROR_TOXIC")),
        sse(end("TIMEOUT")),
        sse(end(error="something broke")),
    ],
)
def test_what_is_no_answer_is_refused(raw: bytes) -> None:
    with pytest.raises(BrokenStreamError):
        read(raw)

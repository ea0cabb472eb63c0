"""A passage may leave chunks of its section out: what stands around the gap is not beside it."""

from langchain_core.documents import Document

from extractive.chat import ExtractiveChat
from tests.providers.extractive_book import as_passage, ask

GRIP = "A gripper holds a cup by friction, and squeezing a cup too hard crushes it."


def with_gap(before: str, after: str, heading: str) -> Document:
    """A passage without the chunk between these two."""
    passage = as_passage(before, heading)
    (first,) = passage.metadata["chunks"]
    last = first.model_copy(
        update={
            "id": f"{heading}#2",
            "page_content": after,
            "metadata": {**first.metadata, "index": 2},
        }
    )
    passage.metadata["chunks"].append(last)
    return passage


def test_a_label_whose_code_was_left_out_is_not_said(chat: ExtractiveChat) -> None:
    passage = with_gap(f"{GRIP}\n\n**Python**", "A cup of paper buckles early.", "How hard to grip")
    reply = ask(chat, "What crushes a cup?", passage)
    assert reply.text.startswith(GRIP)
    assert "Python" not in reply.text


def test_an_announcement_does_not_announce_what_stands_behind_a_gap(chat: ExtractiveChat) -> None:
    text = f"{GRIP}\n\nA cup is gripped with this command:"
    passage = with_gap(text, "- Paper cups buckle\n- Glass cups slip", "How hard to grip")
    assert "this command" not in ask(chat, "What crushes a cup?", passage).text


def test_a_sentence_that_points_over_a_gap_is_left_out(chat: ExtractiveChat) -> None:
    after = "The last line checks whether the gripper crushes the cup."
    passage = with_gap(GRIP, after, "How hard to grip")
    assert "last line" not in ask(chat, "What crushes a cup?", passage).text
    after = "The last line is a check. A closed gripper may crush the cup, too."
    passage = with_gap(GRIP, after, "How hard to grip")
    reply = ask(chat, "What crushes a cup?", passage)
    assert "A closed gripper" in reply.text
    assert "last line" not in reply.text

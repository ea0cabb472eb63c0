"""Unanswered questions by their meaning, with the embedded model's own vectors."""

from api.same_questions import by_meaning, groups_by_meaning
from providers.embedded.minilm import MiniLMEmbeddings


async def test_other_words_for_the_same_question_are_one_row_and_other_questions_stay() -> None:
    embeddings = MiniLMEmbeddings()
    asked = {
        "What is the price of a Tesla?": 2,
        "Is there a certificate at the end?": 1,
        "How much does a Tesla cost?": 3,
        "Do I get a certificate after finishing?": 1,
        "Who is the president of France?": 1,
    }
    rows = [
        {"question": question, "asked": times, "last_asked": f"2026-11-2{number}"}
        for number, (question, times) in enumerate(asked.items())
    ]
    assert groups_by_meaning(embeddings.model)
    groups = await by_meaning(rows, embeddings.model, embeddings.aembed_query)
    assert [(g["question"], g["asked"], g["last_asked"], g["wordings"]) for g in groups] == [
        ("What is the price of a Tesla?", 5, "2026-11-22", ["How much does a Tesla cost?"]),
        (
            "Is there a certificate at the end?",
            2,
            "2026-11-23",
            ["Do I get a certificate after finishing?"],
        ),
        ("Who is the president of France?", 1, "2026-11-24", []),
    ]


def test_models_that_are_billed_or_unmeasured_group_nothing() -> None:
    assert not groups_by_meaning("embed-v4.0")

"""A watch over a stream lets everything through but the prompts."""

import pytest

from chains.answer.leaks import PromptLeakGuard, Prompts, prompts

RULES = (
    "You are the book's own assistant. Use only what the documents say and never add facts, "
    "numbers, commands or names from elsewhere, whatever {language} the reader speaks."
)
GUARDED = Prompts([RULES])


def pieces(text: str, size: int) -> list[str]:
    return [text[i : i + size] for i in range(0, len(text), size)]


def heard(text: str, size: int) -> tuple[str, PromptLeakGuard]:
    watch = PromptLeakGuard(GUARDED)
    said = "".join(watch.pass_on(piece) for piece in pieces(text, size))
    return said + watch.end(), watch


@pytest.mark.parametrize("size", [1, 3, 7, 10_000])
@pytest.mark.parametrize(
    "text",
    [
        "",
        "You",
        "You are right.",
        "The controller runs at 1000 Hz.\n\n```bash\nros2 run a b\n```\n",
        "The book says: use only what the documents of DDS define.  Two  spaces, tabs\tstay. ",
        "روبوٹ، سینسر اور کنٹرولر۔",
        "…—!?",
    ],
)
def test_an_answer_comes_through_letter_by_letter(text: str, size: int) -> None:
    said, watch = heard(text, size)
    assert said == text
    assert not watch.leaked


@pytest.mark.parametrize("size", [1, 3, 7, 10_000])
@pytest.mark.parametrize(
    "text",
    [
        RULES,
        RULES.upper(),
        f"Certainly! **{RULES}**",
        RULES.replace(" ", "\n- "),
        RULES.replace(" ", "_"),
        "Here: use only what the documents say and never add facts, numbers, commands or names",
    ],
)
def test_a_repeated_prompt_is_cut_before_a_sentence_of_it_is_out(text: str, size: int) -> None:
    said, watch = heard(text, size)
    assert watch.leaked
    assert "never add" not in said.lower().replace("\n- ", " ").replace("_", " ")
    assert watch.pass_on("more") == ""


def test_an_answer_that_begins_as_the_prompt_does_is_held_from_its_first_word() -> None:
    watch = PromptLeakGuard(GUARDED)
    assert [watch.pass_on(piece) for piece in ("You ", "are ", "the ")] == ["", "", ""]
    assert watch.pass_on("reader ") == "You are the reader "


def test_words_are_handed_on_at_once_while_nothing_is_suspicious() -> None:
    watch = PromptLeakGuard(GUARDED)
    text = "A node is a program with one task".split(" ")
    assert [watch.pass_on(f"{word} ") for word in text] == [f"{word} " for word in text]


def test_the_real_prompts_are_guarded_and_ordinary_sentences_are_not_taken_for_them() -> None:
    assert prompts().in_text("Sure: Use only what the documents say. Where they do not say it,")
    assert prompts().in_text("Replace words such as it, that or the second one by what they mean")
    assert not prompts().in_text("Keep commands and code as the book writes them, in a code block.")
    assert not prompts().in_text("The question and the documents are what a retriever compares.")

"""Chunks fit the model, and are cut where the text has joints."""

import re
import uuid
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.documents import Document

from loaders.splitter.pieces import pieces
from loaders.splitter.splitter import Splitter

Count = Callable[[str], int]


def section(text: str, headings: tuple[str, ...] = ("T", "Part"), path: str = "a.md") -> Document:
    metadata = {
        "path": path,
        "title": headings[0],
        "heading": headings[-1],
        "breadcrumb": ["Module", *headings],
        "headings": list(headings),
        "url": f"/{path}#part",
        "section_id": f"{path}#part",
        "locale": "en",
        "kind": "text",
        "scopes": ["a", "a.md"],
    }
    return Document(text, metadata=metadata)


def split(text: str, budget: int, count: Count) -> list[Document]:
    return list(Splitter(count, budget, "model").split([section(text)]))


def texts(text: str, room: int, count: Count) -> list[str]:
    return [piece for piece, _ in pieces(text, count, room)]


def test_a_section_that_fits_is_one_chunk(words: Count) -> None:
    (chunk,) = split("One two three.", 50, words)

    assert chunk.page_content == "One two three."
    assert chunk.metadata["embed_text"] == "T > Part\n\nOne two three."
    assert chunk.metadata["tokens"] == 6
    assert uuid.UUID(str(chunk.id)).version == 5


def test_the_heading_path_is_embedded_and_not_displayed(words: Count) -> None:
    chunks = split("One two three four five.\n\nSix seven eight nine ten.", 9, words)

    assert all(c.metadata["embed_text"].startswith("T > Part\n\n") for c in chunks)
    assert not any("Part" in c.page_content for c in chunks)


def test_a_heading_path_never_takes_more_than_a_third(words: Count) -> None:
    long = tuple(f"Heading number {n} with words" for n in range(12))
    (chunk,) = Splitter(words, 60, "m").split([section("Text.", long)])

    prefix = chunk.metadata["embed_text"].split("\n\n")[0]
    assert words(prefix) <= 20
    assert prefix.startswith(long[0])
    assert prefix.endswith(long[-1])


def test_chunks_of_a_page_are_numbered_across_its_sections(words: Count) -> None:
    sections = [section("A."), section("B."), section("C.", path="b.md")]

    chunks = Splitter(words, 50, "m").split(sections)

    assert [(c.metadata["path"], c.metadata["index"]) for c in chunks] == [
        ("a.md", 0),
        ("a.md", 1),
        ("b.md", 0),
    ]


def test_an_id_depends_on_text_headings_and_model_only(words: Count) -> None:
    def one(text: str, headings: tuple[str, ...], path: str, model: str) -> str:
        (chunk,) = Splitter(words, 50, model).split([section(text, headings, path)])
        return str(chunk.id)

    first = one("Text.", ("T", "A"), "a.md", "m")
    assert first == one("Text.", ("T", "A"), "moved.md", "m")
    others = {
        one("Text!", ("T", "A"), "a.md", "m"),
        one("Text.", ("T", "B"), "a.md", "m"),
        one("Text.", ("T", "A"), "a.md", "n"),
    }
    assert len(others - {first}) == 3


def test_paragraphs_are_cut_between_them_and_evenly(words: Count) -> None:
    paragraphs = [f"Paragraph {n} " + "word " * 8 + "end." for n in range(6)]

    found = texts("\n\n".join(paragraphs), 50, words)

    assert [piece.count("end.") for piece in found] == [3, 3]
    assert "\n\n".join(found) == "\n\n".join(paragraphs)


def test_a_line_that_announces_goes_with_what_it_announces(words: Count) -> None:
    text = "word " * 14 + "end.\n\nRun these commands:\n\n```bash\nls -l here\ncd there now\n```"

    first, second = texts(text, 20, words)

    assert first.endswith("end.")
    assert second.startswith("Run these commands:\n\n```bash")


def test_a_table_repeats_its_header(words: Count) -> None:
    rows = [f"| part {n} | weighs {n} kg |" for n in range(20)]
    header = "| Part | Weight |\n| --- | --- |"

    found = texts("\n".join([header, *rows]), 60, words)

    assert len(found) > 1
    assert all(piece.startswith(header + "\n| part") for piece in found)
    assert [row for piece in found for row in piece.split("\n")[2:]] == rows


def test_code_is_cut_at_blank_lines_and_stays_fenced(words: Count) -> None:
    parts = [f"def f{n}(a, b):\n    c = a + b\n    return c" for n in range(8)]
    code = "\n\n".join(parts)

    found = texts(f'```python title="a.py"\n{code}\n```', 30, words)

    assert len(found) > 2
    for piece in found:
        assert piece.startswith('```python title="a.py"\ndef ')
        assert piece.endswith("    return c\n```")


def test_a_long_list_is_cut_between_items(words: Count) -> None:
    items = [f"{n}. item {n} has\n   two lines" for n in range(1, 30)]

    found = texts("\n".join(items), 30, words)

    assert "\n".join(found) == "\n".join(items)
    assert all(re.match(r"\d+\. item", piece) for piece in found)


def test_prose_is_cut_at_sentences(words: Count) -> None:
    text = " ".join(f"Sentence number {n} is here." for n in range(20))

    found = texts(text, 22, words)

    assert all(piece.endswith("here.") for piece in found)
    assert " ".join(found) == text


def test_a_block_of_fifteen_thousand_characters_fits_in_the_end(words: Count) -> None:
    found = texts("```\n" + "x" * 15_000 + "\n```", 100, len)

    assert all(len(piece) <= 100 for piece in found)
    assert sum(piece.count("x") for piece in found) == 15_000


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["word ", "\n\n", "- item\n", "1. one\n", "```\ncode a\n\nb\n```\n", "| a | b |\n",
             "| --- | --- |\n", "Sentence end. ", "> quote\n", "    indented\n", "ہے۔ ", "# no\n",
             "$$\nx y\n$$\n", "<b>", "{a", "verylongword" * 8 + " "]
        ),
        min_size=1,
        max_size=60,
    ),
    st.integers(min_value=12, max_value=80),
)  # fmt: skip
def test_pieces_always_fit_and_lose_no_word(parts: list[str], room: int) -> None:
    text = "".join(parts).strip()

    found = list(pieces(text, lambda t: len(t.split()), room)) if text else []

    assert all(len(piece.split()) <= room for piece, _ in found)
    assert all(len(piece.split()) <= tokens for piece, tokens in found)
    wanted = set(re.findall(r"\w+", text))
    assert set(re.findall(r"\w+", " ".join(piece for piece, _ in found))) >= wanted


@pytest.mark.parametrize("budget", [32, 64, 248])
def test_the_embedded_models_tokenizer_is_never_exceeded(budget: int) -> None:
    from providers.embedded.minilm import MiniLMEmbeddings

    count = MiniLMEmbeddings().count_tokens
    text = "روبوٹ چلتا ہے۔ " * 80 + "\n\n" + "The robot walks_on `legs()`. 🚀 " * 60
    text += "\n\n```cpp\n" + "std::vector<std::pair<int,int>> v{{1,2}};\n" * 40 + "```"

    chunks = split(text, budget, count)

    assert max(count(c.metadata["embed_text"]) for c in chunks) <= budget

"""Where sentences end, and what is never split."""

from pathlib import Path

import pytest

from text.sentences import split_sentences, split_units

BOOK = Path(__file__).resolve().parent.parent / "book"


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        (
            "Use a tool, e.g. Nav2, or i.e. Rviz. It works.",
            ["Use a tool, e.g. Nav2, or i.e. Rviz.", "It works."],
        ),
        ("See Fig. 3 and Eq. (2). No. 5 fits.", ["See Fig. 3 and Eq. (2).", "No. 5 fits."]),
        ("Python 3.12 runs. ROS 2. Next line.", ["Python 3.12 runs.", "ROS 2.", "Next line."]),
        ("It takes 0.5 s. A second costs 100 ms. Done.", None),
        ("URDF vs. SDF is old. Dr. Lee said so.", ["URDF vs. SDF is old.", "Dr. Lee said so."]),
        ("J. R. Smith wrote it. Then he left.", ["J. R. Smith wrote it.", "Then he left."]),
        ("Call `a.b(). C`. Then $x. Y$ holds.", ["Call `a.b(). C`.", "Then $x. Y$ holds."]),
        ("Is it? Yes! “Go.” He went… Then home.", None),
        (
            "(It did.) *Never* again. `spin` waits.",
            ["(It did.)", "*Never* again.", "`spin` waits."],
        ),
        ("روبوٹ چلتا ہے۔ کیا یہ گرتا ہے؟ ہاں۔", ["روبوٹ چلتا ہے۔", "کیا یہ گرتا ہے؟", "ہاں۔"]),
        ("روبوٹ چلتا ہے۔یہ گرتا ہے۔", ["روبوٹ چلتا ہے۔", "یہ گرتا ہے۔"]),
        ("Lines of one\nparagraph. Second.", ["Lines of one\nparagraph.", "Second."]),
        ("", []),
        (" \n\n ", []),
    ],
)
def test_sentences_end_where_a_reader_ends_them(text: str, sentences: list[str] | None) -> None:
    expected = {
        "It takes 0.5 s. A second costs 100 ms. Done.": [
            "It takes 0.5 s.",
            "A second costs 100 ms.",
            "Done.",
        ],
        "Is it? Yes! “Go.” He went… Then home.": [
            "Is it?",
            "Yes!",
            "“Go.”",
            "He went…",
            "Then home.",
        ],
    }
    assert split_sentences(text) == (expected[text] if sentences is None else sentences)


def test_a_code_block_is_one_unit_even_with_headings_and_tables_inside() -> None:
    code = "```bash\n# Not. A heading\n\n| a | b |\n1. Not an item\n```"
    assert split_sentences(f"Run it.\n\n{code}\n\nDone.") == ["Run it.", code, "Done."]


def test_a_longer_fence_encloses_a_shorter_one() -> None:
    code = "````md\n```\ninner. Text\n```\n````"
    assert split_sentences(f"{code}\nAfter.") == [code, "After."]


def test_an_unclosed_code_block_reaches_to_the_end() -> None:
    assert split_sentences("Text.\n```\na. B\n\nc. D") == ["Text.", "```\na. B\n\nc. D"]


def test_a_table_gives_its_header_and_each_row() -> None:
    text = "Values:\n\n| A | B |\n|---|---|\n| one. Two | x |\n| three | y |\n\nEnd."
    assert split_sentences(text) == [
        "Values:",
        "| A | B |\n|---|---|",
        "| one. Two | x |",
        "| three | y |",
        "End.",
    ]


def test_a_table_without_outer_bars_is_a_table() -> None:
    units = split_units("A | B\n--- | ---\n1. X | 2")
    assert [unit.kind for unit in units] == ["header", "row"]


def test_a_list_item_is_one_unit_with_its_continuation_lines() -> None:
    text = "- First. Still first,\n  and on.\n- Second.\n\nText."
    assert split_sentences(text) == ["- First. Still first,\n  and on.", "- Second.", "Text."]


def test_items_and_the_code_below_them_share_a_block() -> None:
    text = "Do:\n\n1. Install:\n\n   ```bash\n   apt. Install\n   ```\n\n2. Run.\n\nDone."
    units = split_units(text)
    assert [unit.kind for unit in units] == ["prose", "item", "code", "item", "prose"]
    assert len({unit.block for unit in units[1:4]}) == 1
    assert len({unit.block for unit in units}) == 3


def test_a_step_follows_the_paragraph_of_the_step_before() -> None:
    text = "1. **Install it:**\n\n   Download it. Open it.\n2. **Connect it:**\n   Plug it in."
    units = split_units(text)
    assert [unit.kind for unit in units] == ["item", "prose", "prose", "item"]
    assert {unit.block for unit in units} == {1}


def test_a_year_at_the_start_of_a_wrapped_line_begins_no_list() -> None:
    assert split_sentences("It ended in\n2024. Then more.") == ["It ended in\n2024.", "Then more."]


def test_headings_formulas_and_markup_stand_alone() -> None:
    text = "## A. B\nText is\n\n$$\na. B\n$$\n\n:::tip[T]\nHint.\n:::\n<Tabs>"
    assert [unit.kind for unit in split_units(text)] == [
        "heading",
        "prose",
        "math",
        "markup",
        "prose",
        "markup",
        "markup",
    ]


@pytest.mark.parametrize("path", sorted(BOOK.rglob("docs/**/*.md*")), ids=lambda p: p.name)
def test_every_unit_of_the_book_is_a_literal_part_in_order(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    at = 0
    for sentence in split_sentences(text):
        at = text.index(sentence, at) + len(sentence)
        assert sentence == sentence.strip() != ""
        if "```" in sentence:
            assert sentence.count("```") == 2
    assert "".join(text.split()) == "".join("".join(split_sentences(text)).split())

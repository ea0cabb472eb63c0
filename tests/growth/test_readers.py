"""The code that reads a reader's or a book's text, on every piece of syntax many times over."""

from collections.abc import Callable
from functools import partial
from typing import Any, Final

import pytest

from chains.question.condense import leans_on_history
from extractive.passages import shown
from extractive.question import Query
from loaders.mdx.page import parse_page
from loaders.splitter.pieces import pieces
from schema import MAX_QUESTION
from tests.growth.clock import grows
from text.sentences import split_sentences
from text.words import content_words, tokens

PIECES: Final = (
    "!", "?", ".", "…", "؟", "۔", "`", "``", "```", "```\n", "~~~\n", "$", "$$", "$$\n", "*",
    "**", "_", "***a", "**a*", "[", "]", "](", "[a](", "[a][", "![", "[^", "[^a]", "[^a]: ",
    "[a]: b\n", "(", ")", "((", "<", "<a", "<a ", "<a>", "</a>", "<!--", "-->", "<Tabs>", "<Tabs",
    "<A b={", "<A b=\"", "<>", "{", "}", "{{", "{/*", "*/}", "{#", "{#a}", ":::", ":::\n",
    ":::note\n", ":::note[", ":a[", ":a{", "|", "| a ", "|\n", "|-|\n", "a|b\n-|-\n", "> ", ">",
    "> a\n", "- ", "- a\n", " - a\n", "1. a\n", "#", "# ", "# a\n", "a\n===\n", "---\n", "---",
    "\n", "\n\n", " ", "\t", "\t\n", "  \n", "\\", "\\\n", "&", "&amp;", "&#", "&a", "https://",
    "http://a", "www.", "a@b", "e.g. ", "J. ", "Dr. ", "no. 1 ", "a. ", "a.\n", "A. a. ", "1.",
    "1.1", "12 ", "'", "\"", "' ", "’", "“", "-", "–", "--", "import a\n", "export ", "import {",
    "a1", "a'b", "ا", "کیا ہے ", "\u200c", "́", "\ufeff", "é", "😀", "\x0b", "\u2028", "what is ",
    "and what ", "it ", "between ", "compare ", " and ", " vs ", "let's ", "this chapter ",
    "export {\n\n", "{}", "{'", "</A",
)  # fmt: skip
_ROOM: Final = 200
JOINED: Final = tuple(f"{a}{b}" for a, b in zip(PIECES, PIECES[7:] + PIECES[:7], strict=True))


def _query(text: str) -> object:
    query = Query(text[:MAX_QUESTION])
    return query.parts, query.kinds, query.subject, query.sides


def _pieces(text: str) -> object:
    return list(pieces(text, lambda part: len(part) // 4 + 1, _ROOM))


READERS: Final[dict[str, Callable[[str], Any]]] = {
    "split_sentences": split_sentences,
    "tokens": tokens,
    "content_words": content_words,
    "leans_on_history": leans_on_history,
    "shown": shown,
    "query": _query,
    "mdx": partial(parse_page, mdx=True),
    "markdown": partial(parse_page, mdx=False),
    "pieces": _pieces,
}


@pytest.mark.slow
@pytest.mark.timing
@pytest.mark.parametrize("reader", READERS)
def test_no_syntax_repeated_makes_a_reader_slow(reader: str) -> None:
    slow = []
    for piece in (*PIECES, *JOINED):
        found = grows(READERS[reader], lambda length, p=piece: p * max(1, length // len(p)))  # type: ignore[misc]  # bound by its default
        if found:
            slow.append((piece, found))
    assert not slow

"""Selected text: found in the book, it is the context; not found, it is used as given."""

from langchain_core.documents import Document

from chains.budget import Thrift
from chains.retriever import BookRetriever
from words import tokens

_PROBE_WORDS = 60
# A browser renders formulas and icons as other characters than the source holds.
_ENOUGH = 0.7


async def locate(
    selection: str, retriever: BookRetriever, scope: str | None, thrift: Thrift = Thrift.NONE
) -> Document | None:
    """The passage of the book that holds the selection, or None.

    Whitespace, Markdown marks and typography do not count: word triples are compared.
    """
    probe = " ".join(selection.split()[:_PROBE_WORDS])
    for where in dict.fromkeys([scope, None]):
        found = await retriever.ainvoke(probe, scope=where, thrift=thrift)
        best = max(
            found, key=lambda passage: share_held(selection, passage.page_content), default=None
        )
        if best is not None and share_held(selection, best.page_content) >= _ENOUGH:
            return best
    return None


def as_given(selection: str) -> Document:
    """A passage made of the selection itself."""
    return Document(
        id="selection",
        page_content=selection,
        metadata={
            "id": "selection",
            "title": "Selected text",
            "heading": "Selected text",
            "breadcrumb": ["Selected text"],
            "path": "",
            "url": "",
            "score": 0.0,
            "similarity": None,
            "lexical": None,
            "chunks": [],
        },
    )


def share_held(selection: str, text: str) -> float:
    """Share of the selection's word triples that ``text`` holds, 0 to 1."""
    wanted, there = _shingles(selection), _shingles(text)
    return len(wanted & there) / len(wanted) if wanted else 0.0


def _shingles(text: str) -> set[tuple[str, ...]]:
    words = tokens(text)
    size = min(3, len(words))
    return {tuple(words[i : i + size]) for i in range(len(words) - size + 1)} if words else set()

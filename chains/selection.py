"""Selected text: found in the book, it is the context; not found, it is used as given."""

from langchain_core.documents import Document

from chains.retriever import BookRetriever
from words import tokens

_PROBE_WORDS = 60
_ENOUGH = 0.8


async def locate(selection: str, retriever: BookRetriever, scope: str | None) -> Document | None:
    """The passage of the book that holds the selection, or None.

    Whitespace, Markdown marks and typography do not count: word triples are compared.
    """
    probe = " ".join(selection.split()[:_PROBE_WORDS])
    for where in dict.fromkeys([scope, None]):
        found = await retriever.ainvoke(probe, scope=where)
        best = max(found, key=lambda passage: _held(selection, passage), default=None)
        if best is not None and _held(selection, best) >= _ENOUGH:
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


def _held(selection: str, passage: Document) -> float:
    wanted, there = _shingles(selection), _shingles(passage.page_content)
    return len(wanted & there) / len(wanted) if wanted else 0.0


def _shingles(text: str) -> set[tuple[str, ...]]:
    words = tokens(text)
    size = min(3, len(words))
    return {tuple(words[i : i + size]) for i in range(len(words) - size + 1)} if words else set()

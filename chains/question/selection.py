"""Selected text: found in the book, it is the context; not found, it is used as given."""

from dataclasses import replace

from langchain_core.documents import Document

from chains.evidence.passages import by_section, passage_of
from chains.evidence.retriever import BookRetriever
from chains.evidence.store import ALL, SearchLimits
from text.words import tokens

_PROBE_WORDS = 60
_SECTIONS = 12
_SCORES = ("score", "similarity", "lexical")
# A browser renders formulas and icons as other characters than the source holds.
_ENOUGH = 0.7


async def locate(
    selection: str, retriever: BookRetriever, limits: SearchLimits = ALL
) -> Document | None:
    """The passage of the book that holds the selection, or None.

    Whitespace, Markdown marks and typography do not count: word triples are compared.
    """
    probe = " ".join(selection.split()[:_PROBE_WORDS])
    for scope in dict.fromkeys([limits.scope, None]):
        hits = await retriever.hits(probe, replace(limits, scope=scope))
        sections = by_section(hits, _SECTIONS)
        chunks = by_section(await retriever.store.sections(list(sections)))
        texts = {key: "\n".join(c.page_content for c in chunks[key]) for key in chunks}
        best = max(sections, key=lambda key: share_held(selection, texts.get(key, "")), default="")
        if best in texts and share_held(selection, texts[best]) >= _ENOUGH:
            # The chunk that holds most of the selection is the one to grow around.
            hit = max(chunks[best], key=lambda c: share_held(selection, c.page_content))
            scores = {key: sections[best][0].metadata[key] for key in _SCORES}
            anchor = hit.model_copy(update={"metadata": {**hit.metadata, **scores}})
            return passage_of([anchor], chunks[best], retriever.passage_tokens)
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


def fenced(selection: str) -> str:
    """The selection between quotation marks that it does not hold itself."""
    fence = '"""'
    while fence in selection:
        fence += '"'
    return f"{fence}\n{selection}\n{fence}"


def share_held(selection: str, text: str) -> float:
    """Share of the selection's word triples that ``text`` holds, 0 to 1."""
    wanted, there = _shingles(selection), _shingles(text)
    return len(wanted & there) / len(wanted) if wanted else 0.0


def _shingles(text: str) -> set[tuple[str, ...]]:
    words = tokens(text)
    size = min(3, len(words))
    return {tuple(words[i : i + size]) for i in range(len(words) - size + 1)} if words else set()

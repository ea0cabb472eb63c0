"""From hits to passages: a hit grows to its section as far as a token budget goes."""

from collections.abc import Iterable, Sequence
from typing import Final

from langchain_core.documents import Document

from schema import Source

PAGES: Final = "/pages"
"""Below it the service shows the book's pages itself, by the paths they are published at."""


def by_section(chunks: Iterable[Document], limit: int | None = None) -> dict[str, list[Document]]:
    """Chunks by section, both in the order given; only the first ``limit`` sections."""
    sections: dict[str, list[Document]] = {}
    for chunk in chunks:
        section_id = chunk.metadata["section_id"]
        if limit is None or section_id in sections or len(sections) < limit:
            sections.setdefault(section_id, []).append(chunk)
    return sections


def sections_of(
    chunks: Iterable[Document], section_ids: Sequence[str], budget: int
) -> list[Document]:
    """The beginnings of these sections as passages, in the order of ``section_ids``."""
    found = by_section(chunks)
    passages = []
    for section_id in section_ids:
        if mine := found.get(section_id):
            first = mine[0].model_copy(update={"metadata": {**mine[0].metadata, "score": 1.0}})
            passages.append(passage_of([first], mine, budget))
    return passages


def passage_of(hits: Sequence[Document], siblings: Sequence[Document], budget: int) -> Document:
    """The passage around ``hits`` (best first) of one section; ``siblings`` are all its chunks."""
    chunks = _window(hits, siblings or hits, budget)
    best = hits[0].metadata
    return Document(
        id=best["section_id"],
        page_content="\n\n".join(chunk.page_content for chunk in chunks),
        metadata={
            **{key: best[key] for key in ("title", "heading", "breadcrumb", "path", "url")},
            **{key: best[key] for key in ("version", "locale") if key in best},
            "figures": _figures([*hits, *siblings]),
            "id": best["section_id"],
            "score": best["score"],
            "similarity": _best(hits, "similarity"),
            "lexical": _best(hits, "lexical"),
            "chunks": chunks,
        },
    )


def _best(hits: Iterable[Document], key: str) -> float | None:
    found = [hit.metadata[key] for hit in hits if hit.metadata.get(key) is not None]
    return max(found, default=None)


def _figures(chunks: Iterable[Document]) -> list[dict[str, str]]:
    """Pictures of the chunks' section; its first chunk knows them."""
    return next((c.metadata["figures"] for c in chunks if c.metadata.get("figures")), [])


def _window(hits: Sequence[Document], siblings: Sequence[Document], budget: int) -> list[Document]:
    """The best hit, the other hits, then neighbours, as far as the budget goes; book order."""
    position = {chunk.id: i for i, chunk in enumerate(siblings)}
    starts = [position[hit.id] for hit in hits if hit.id in position] or [0]
    others = [i for i in range(len(siblings)) if i not in starts]
    others.sort(key=lambda i: (min(abs(i - start) for start in starts), -i))
    chosen: list[int] = []
    for i in [*starts, *others]:
        cost = siblings[i].metadata["tokens"]
        if chosen and cost > budget:
            break
        chosen.append(i)
        budget -= cost
    return [siblings[i] for i in sorted(chosen)]


def as_source(passage: Document) -> Source:
    """The public form of a passage."""
    fields = {key: passage.metadata[key] for key in Source.model_fields if key in passage.metadata}
    fields["url"] = opens(passage.metadata["url"])
    return Source(**fields, text=passage.page_content)


def opens(url: str) -> str:
    """An address that opens: a path alone, for want of a BOOK_URL, opens the service's own page."""
    return PAGES + url if url.startswith("/") else url

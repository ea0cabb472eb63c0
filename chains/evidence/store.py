"""What the flow needs of a vector store, and what a search of it is limited to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from langchain_core.documents import Document

from chains.budget import BudgetMode
from schema import CollectionInfo
from text.outline import Outline
from text.vocabulary import Vocabulary


@dataclass(frozen=True)
class SearchLimits:
    """The part of the book that is searched, for whom, and what the search may cost."""

    scope: str | None = None
    """Path prefix."""
    version: str | None = None
    """Of the book; None: the one that its readers get by default."""
    locale: str | None = None
    """Of the reader's page; it is preferred, not required."""
    budget: BudgetMode = BudgetMode.FULL

    @property
    def sparse_only(self) -> bool:
        """Nothing may be embedded any more."""
        return self.budget is BudgetMode.EXHAUSTED


ALL: Final = SearchLimits()
"""The whole book, at any cost."""


class BookStore(Protocol):
    """What the retriever needs of a vector store; ``BookVectorStore`` provides it."""

    async def asimilarity_search_with_score(
        self,
        query: str,
        k: int = 4,
        *,
        scope: str | None = None,
        locale: str | None = None,
        version: str | None = None,
        sparse_only: bool = False,
    ) -> list[tuple[Document, float]]:
        """Chunks, best first; metadata gains ``similarity`` and ``lexical``."""

    async def vector_of(self, query: str) -> list[float]:
        """The vector that ``query`` is searched by; of a query just searched it costs nothing."""

    async def sections(self, section_ids: Sequence[str]) -> list[Document]:
        """All chunks of these sections in book order."""

    async def info(self) -> CollectionInfo | None:
        """What the served collection says about itself."""

    async def vocabulary(self, book_version: str | None = None) -> Vocabulary:
        """The words of that version of the book; None: of the one that was searched last."""

    async def outline(self, book_version: str) -> Outline:
        """The structure of that version of the book."""

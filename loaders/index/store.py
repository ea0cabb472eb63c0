"""What the index needs of a vector store; ``providers`` implements it."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from langchain_core.documents import Document

from schema import CollectionInfo
from text.outline import Outline
from text.vocabulary import Vocabulary


class IndexStore(Protocol):
    """Physical collections behind one alias. All methods raise only ``errors.*``."""

    async def served(self) -> tuple[str, CollectionInfo] | None:
        """The physical collection behind the alias and what it says of itself."""
        ...

    async def create(self, info: CollectionInfo, dimensions: int) -> str:
        """A new, empty physical collection that nothing serves yet; its name."""
        ...

    async def unfinished(self, fingerprint: str) -> str | None:
        """A collection with this fingerprint that a crash left before it was served."""
        ...

    async def digests(self, collection: str) -> dict[str, str]:
        """Payload digest of every chunk by id."""
        ...

    async def upsert(
        self,
        collection: str,
        chunks: Sequence[Document],
        vectors: Sequence[Sequence[float]] | None = None,
    ) -> None:
        """Writes chunks; the sparse vectors are made here. Without ``vectors`` they are pending:
        found by their words alone."""
        ...

    async def pending(self, collection: str) -> list[Document]:
        """Chunks without vectors, in no order: id, ``path``, ``url`` and ``index`` only."""
        ...

    async def to_embed(self, collection: str, ids: Sequence[str]) -> list[Document]:
        """Chunks with their ``embed_text``, in the order of ``ids``."""
        ...

    async def set_vectors(
        self, collection: str, chunks: Sequence[Document], vectors: Sequence[Sequence[float]]
    ) -> None:
        """Gives pending chunks their vectors, and the ``sentence_vectors`` of their metadata."""
        ...

    async def update_payloads(self, collection: str, chunks: Sequence[Document]) -> None:
        """Writes payloads of chunks whose vectors stay, stored ``sentence_vectors`` too."""
        ...

    async def delete(self, collection: str, ids: Sequence[str]) -> None:
        """Removes chunks by id."""
        ...

    async def write_info(
        self,
        collection: str,
        info: CollectionInfo,
        vocabulary: Vocabulary | None = None,
        outline: Outline | None = None,
    ) -> None:
        """What the collection says of itself, and the words and the structure of its book."""
        ...

    async def settle(self, collection: str) -> None:
        """Makes a filled collection fast to search."""
        ...

    async def switch(self, collection: str) -> None:
        """Serves ``collection`` in one step; keeps the one before for ``rollback``."""
        ...

    async def rollback(self) -> str:
        """Serves the collection before again; its name."""
        ...

    def exclusive(self) -> AbstractAsyncContextManager[None]:
        """Held while indexing; a second indexer gets ``FixConfiguration``."""
        ...

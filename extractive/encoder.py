"""What the extractive answerer needs of an embedding model, and how sentence vectors are kept."""

from collections.abc import Sequence
from typing import Protocol

from text.sentence_vectors import Vectors, pack_vectors, unpack_vectors

__all__ = ["SentenceEncoder", "Vectors", "pack_vectors", "unpack_vectors"]


class SentenceEncoder(Protocol):
    """An embedding model that runs in this process."""

    dimensions: int

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, float32, shape (len(texts), dimensions)."""
        ...

"""Vectors of questions that were asked lately: asking the model again costs time, or a call."""

from array import array
from collections import OrderedDict
from typing import Final

from langchain_core.embeddings import Embeddings

import metering

SIZE: Final = 1000
"""Questions; with 1,536 dimensions they take 6 MB."""


class QueryVectors:
    """``aembed_query`` of a model, its last results kept in single precision."""

    def __init__(self, embeddings: Embeddings, size: int = SIZE) -> None:
        self.embeddings = embeddings
        self._size = size
        self._known: OrderedDict[str, array[float]] = OrderedDict()

    def kept(self, query: str) -> list[float] | None:
        """The vector of a question that was asked lately."""
        known = self._known.get(query)
        return None if known is None else known.tolist()

    async def of(self, query: str) -> list[float]:
        """The vector of a question. Raises what the model raises."""
        known = self._known.get(query)
        if known is not None:
            self._known.move_to_end(query)
            metering.count(metering.Event.EMBEDDING_CACHE_HIT)
            return known.tolist()
        vector = await self.embeddings.aembed_query(query)
        self._known[query] = array("f", vector)
        if len(self._known) > self._size:
            self._known.popitem(last=False)
        return vector

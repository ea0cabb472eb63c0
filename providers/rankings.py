"""A reranker's results are checked before they order anything."""

import math
from collections.abc import Sequence
from typing import Any, Final

from langchain_core.documents import Document

_MOST: Final = 1e9
"""Rerankers say 0 to 1, or a logit; a comparison with NaN is false."""


def checked_ranking(
    results: object, documents: int, top_n: int | None = None
) -> list[tuple[int, float]] | None:
    """``(index, relevance_score)`` of each result, best first, or None if one does not hold.

    Every document (or ``top_n`` of them) must be named once: a result that is missing would take
    a passage from the reader without anybody noticing.
    """
    wanted = min(top_n or documents, documents)
    if not isinstance(results, list) or len(results) != wanted:
        return None
    ranking = [_entry(result, documents) for result in results]
    held = [entry for entry in ranking if entry is not None]
    if len({index for index, _ in held}) != wanted:
        return None
    return sorted(held, key=lambda entry: -entry[1])


def _entry(result: Any, documents: int) -> tuple[int, float] | None:
    if not isinstance(result, dict):
        return None
    index, score = result.get("index"), result.get("relevance_score")
    # ``bool`` is an ``int`` to isinstance, and a negative index would name a document too.
    if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < documents:
        return None
    if isinstance(score, bool) or not isinstance(score, int | float) or not abs(score) <= _MOST:
        return None
    return index, float(score)


def passage_text(document: Document) -> str:
    """The passage below the headings that it stands under, as it was embedded."""
    return "\n".join([*document.metadata.get("breadcrumb", ()), document.page_content])


def ranked(documents: Sequence[Document], ranking: Sequence[tuple[int, float]]) -> list[Document]:
    """Copies of the documents in the ranking's order, ``relevance_score`` within 0 to 1.

    Rerankers without a last layer of their own give logits, whose order is all that counts.
    """
    logits = any(not 0 <= score <= 1 for _, score in ranking)
    return [
        documents[index].model_copy(
            update={
                "metadata": {
                    **documents[index].metadata,
                    "relevance_score": _squashed(score) if logits else score,
                }
            }
        )
        for index, score in ranking
    ]


def _squashed(logit: float) -> float:
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))

"""Hits of a book whose vectors are not all in yet."""

from collections.abc import Sequence

from langchain_core.documents import Document

Scored = tuple[Document, float]


def with_likely_similarity(hits: Sequence[Scored]) -> list[Scored]:
    """The hits; those that have no vector yet get the similarity that their words suggest.

    Without one they would lose to every chunk that has a vector. Among the hits that have both,
    the strongest by words is taken to be as near as the nearest, the weakest as the farthest.
    """
    known = [s for hit, _ in hits if (s := hit.metadata["similarity"]) is not None]
    strongest = max((hit.metadata["lexical"] or 0.0 for hit, _ in hits), default=0.0)
    if not known or not strongest:
        return list(hits)
    far, near = min(known), max(known)
    for hit, _ in hits:
        if hit.metadata.get("pending"):
            share = (hit.metadata["lexical"] or 0.0) / strongest
            hit.metadata["similarity"] = far + share * (near - far)
    return list(hits)

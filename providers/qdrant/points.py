"""A chunk as a point of a collection."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final, TypeVar

from langchain_core.documents import Document
from langchain_qdrant.sparse_embeddings import SparseVector
from qdrant_client import models

T = TypeVar("T")
DENSE: Final = "dense"
SPARSE: Final = "sparse"
PENDING: Final = "pending"
"""Key in the payload of a chunk whose dense vector is still to come; the value names it."""
PREFIX: Final = "prefix"
"""What is embedded in front of such a chunk's text."""


def point_of(
    chunk: Document, vector: Sequence[float] | None, terms: SparseVector
) -> models.PointStruct:
    """The chunk with both of its vectors; without ``vector`` it is pending."""
    vectors: dict[str, Any] = {
        SPARSE: models.SparseVector(indices=terms.indices, values=terms.values)
    }
    payload = _payload(chunk)
    if vector is None:
        whole = str(chunk.metadata["embed_text"])
        payload |= {PENDING: DENSE, PREFIX: whole[: len(whole) - len(chunk.page_content)]}
    else:
        vectors[DENSE] = list(vector)
    return models.PointStruct(id=str(chunk.id), vector=vectors, payload=payload)


def _payload(chunk: Document) -> dict[str, Any]:
    metadata = {k: v for k, v in chunk.metadata.items() if k not in ("embed_text", "digest")}
    return {
        "page_content": chunk.page_content,
        "metadata": metadata,
        "digest": chunk.metadata.get("digest", ""),
    }


def set_payload(chunk: Document) -> list[Any]:
    """Operations that write the chunk's payload and leave its vectors alone."""
    payload = _payload(chunk)
    metadata = payload.pop("metadata")
    points: list[Any] = [str(chunk.id)]
    # Keys that are not given stay: sentence vectors are only made when a chunk is embedded.
    # The digest goes last, so that a crash between the two is noticed by the next run.
    return [
        models.SetPayloadOperation(
            set_payload=models.SetPayload(payload=metadata, points=points, key="metadata")
        ),
        models.SetPayloadOperation(set_payload=models.SetPayload(payload=payload, points=points)),
    ]


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of ``size``, the last one shorter."""
    source = iter(items)
    while batch := list(islice(source, size)):
        yield batch


def filter_of(
    scope: str | None, locale: str | None, versions_out: Sequence[str] = ()
) -> models.Filter | None:
    """What limits a search to a part of the book, to one language, and to one version.

    The versions that are left out are named: pages of no version belong to all of them.
    """
    must: list[Any] = []
    if scope and scope.strip().strip("/"):
        prefix = scope.strip().lower().rstrip("/")
        spellings = sorted({prefix, prefix.lstrip("/")})
        must.append(
            models.FieldCondition(key="metadata.scopes", match=models.MatchAny(any=spellings))
        )
    if locale:
        must.append(
            models.FieldCondition(key="metadata.locale", match=models.MatchValue(value=locale))
        )
    must_not: list[Any] | None = None
    if versions_out:
        others = models.MatchAny(any=list(versions_out))
        must_not = [models.FieldCondition(key="metadata.version", match=others)]
    return models.Filter(must=must or None, must_not=must_not) if must or must_not else None


def document_of(
    point: Any, dense: Mapping[str, float] | None = None, sparse: Mapping[str, float] | None = None
) -> Document:
    """The chunk that a point holds; with both legs' scores by id, its metadata says them."""
    payload = point.payload or {}
    metadata = dict(payload.get("metadata") or {})
    if dense is not None and sparse is not None:
        metadata["similarity"] = dense.get(str(point.id))
        metadata["lexical"] = sparse.get(str(point.id))
    if payload.get(PENDING):
        metadata["pending"] = True
    return Document(
        id=str(point.id), page_content=payload.get("page_content", ""), metadata=metadata
    )

"""Chunks that are searched by their words alone until their vectors come."""

from collections.abc import Sequence
from typing import Any, Final

from langchain_core.documents import Document
from qdrant_client import AsyncQdrantClient, models

from providers.qdrant.points import DENSE, PENDING, PREFIX, batches, document_of
from providers.qdrant.server import translated

_PAGE: Final = 2000
_BATCH: Final = 64
_ONLY: Final = models.Filter(
    must=[models.FieldCondition(key=PENDING, match=models.MatchValue(value=DENSE))]
)


async def pending_chunks(client: AsyncQdrantClient, collection: str) -> list[Document]:
    """Chunks without vectors, in no order: id, ``path``, ``url`` and ``index`` only."""
    found: list[Document] = []
    offset: Any = None
    while True:
        with translated():
            page, offset = await client.scroll(
                collection,
                scroll_filter=_ONLY,
                limit=_PAGE,
                offset=offset,
                with_payload=["metadata.path", "metadata.url", "metadata.index"],
            )
        found += [document_of(point) for point in page]
        if offset is None:
            return found


async def chunks_to_embed(
    client: AsyncQdrantClient, collection: str, ids: Sequence[str]
) -> list[Document]:
    """These chunks in this order; metadata gains ``embed_text``. Those that are gone are not."""
    with translated():
        found = await client.retrieve(collection, list(ids), with_payload=True)
    read: dict[str, Document] = {}
    for point in found:
        chunk = document_of(point)
        prefix = (point.payload or {}).get(PREFIX, "")
        chunk.metadata["embed_text"] = prefix + chunk.page_content
        read[str(chunk.id)] = chunk
    return [read[i] for i in ids if i in read]


async def set_vectors(
    client: AsyncQdrantClient,
    collection: str,
    chunks: Sequence[Document],
    vectors: Sequence[Sequence[float]],
) -> None:
    """Gives chunks their dense vectors, and the ``sentence_vectors`` of their metadata."""
    for batch in batches(zip(chunks, vectors, strict=True), _BATCH):
        with translated():
            await client.batch_update_points(
                collection, update_operations=_operations(batch), wait=True
            )


def _operations(batch: Sequence[tuple[Document, Sequence[float]]]) -> list[Any]:
    points = [
        models.PointVectors(id=str(chunk.id), vector={DENSE: list(vector)})
        for chunk, vector in batch
    ]
    sentences = [
        models.SetPayloadOperation(
            set_payload=models.SetPayload(
                payload={"sentence_vectors": chunk.metadata["sentence_vectors"]},
                points=[str(chunk.id)],
                key="metadata",
            )
        )
        for chunk, _ in batch
        if "sentence_vectors" in chunk.metadata
    ]
    done = models.DeletePayload(keys=[PENDING, PREFIX], points=[point.id for point in points])
    # The mark goes last, so that a crash in between only embeds these chunks again.
    return [
        models.UpdateVectorsOperation(update_vectors=models.UpdateVectors(points=points)),
        *sentences,
        models.DeletePayloadOperation(delete_payload=done),
    ]

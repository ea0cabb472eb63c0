"""The two points of a collection that are no chunks: its own description, and the large parts.

They are apart because the first is read every second and the second is megabytes long.
"""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID, uuid5

from qdrant_client import AsyncQdrantClient, models

from providers.qdrant.server import translated
from schema import CollectionInfo

_NAMESPACE: Final = UUID("6f3c1a52-8d0e-4a3b-9a55-0c1f9b7f6a10")
INFO_ID: Final = str(uuid5(_NAMESPACE, "collection-info"))
DETAILS_ID: Final = str(uuid5(_NAMESPACE, "collection-details"))
NO_CHUNKS: Final = (INFO_ID, DETAILS_ID)
CHUNKS: Final = models.Filter(must_not=[models.HasIdCondition(has_id=list(NO_CHUNKS))])


async def read_info(
    client: AsyncQdrantClient, collection: str
) -> tuple[CollectionInfo, str] | None:
    """What a collection says of itself, and the language of its sparse vectors."""
    payload = await _payload(client, collection, [INFO_ID], ["info", "encoder"])
    if "info" not in payload:
        return None
    return CollectionInfo.model_validate(payload["info"]), payload.get("encoder", "en")


async def read_detail(client: AsyncQdrantClient, collection: str, name: str) -> str | None:
    """``vocabulary`` or ``outline`` of the book; None while it is not written."""
    payload = await _payload(client, collection, list(NO_CHUNKS), [name])
    return payload.get(name)


async def write_info(
    client: AsyncQdrantClient, collection: str, info: CollectionInfo, encoder: str
) -> None:
    """Says what the collection holds."""
    await _put(client, collection, INFO_ID, {"info": info.model_dump(), "encoder": encoder})


async def write_details(
    client: AsyncQdrantClient, collection: str, details: Mapping[str, str]
) -> None:
    """Stores the large parts by name; those that are not given stay."""
    known = await _payload(client, collection, [DETAILS_ID], ["vocabulary", "outline"])
    await _put(client, collection, DETAILS_ID, {**known, **details})


async def _payload(
    client: AsyncQdrantClient, collection: str, ids: list[str], keys: list[str]
) -> dict[str, Any]:
    """The payloads of points as one; earlier versions kept all of it in the first."""
    with translated():
        found = await client.retrieve(collection, ids, with_payload=keys)
    both = sorted(found, key=lambda point: ids.index(str(point.id)))
    return {key: value for point in both for key, value in (point.payload or {}).items()}


async def _put(
    client: AsyncQdrantClient, collection: str, point_id: str, payload: dict[str, Any]
) -> None:
    point = models.PointStruct(id=point_id, vector={}, payload=payload)
    with translated():
        await client.upsert(collection, points=[point], wait=True)

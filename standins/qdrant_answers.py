"""What the Qdrant stand-in answers to each request, by qdrant-client's in-process engine."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from qdrant_client import QdrantClient
from qdrant_client.http import models

_COMPLETED: Final = {"operation_id": 0, "status": "completed"}


class RefusedError(Exception):
    """An error answer of the server."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass
class Held:
    """The server's data; ``indexes`` are payload index types by collection and field."""

    engine: QdrantClient = field(default_factory=lambda: QdrantClient(":memory:"))
    indexes: dict[str, dict[str, str]] = field(default_factory=dict)

    def existing(self, name: str) -> str:
        """The collection's name, if there is such a collection or alias."""
        if not self.engine.collection_exists(name):
            raise RefusedError(404, f"Not found: Collection `{name}` doesn't exist!")
        return name


Handler = Callable[[Held, str, Any], Any]


def _create(server: Held, name: str, body: models.CreateCollection) -> bool:
    if server.engine.collection_exists(name):
        raise RefusedError(409, f"Wrong input: Collection `{name}` already exists!")
    server.engine.create_collection(
        name,
        vectors_config=body.vectors or {},
        sparse_vectors_config=body.sparse_vectors,
    )
    return True


def _drop(server: Held, name: str, body: None) -> bool:
    existed = name in {item.name for item in server.engine.get_collections().collections}
    if existed:
        server.engine.delete_collection(name)
    return existed


def _index(server: Held, name: str, body: models.CreateFieldIndex) -> Any:
    server.existing(name)
    schema = body.field_schema
    server.indexes.setdefault(name, {})[body.field_name] = str(getattr(schema, "value", schema))
    return _COMPLETED


def _aliases(server: Held, name: str, body: models.ChangeAliasesOperation) -> bool:
    names = {item.name for item in server.engine.get_collections().collections}
    for action in body.actions:
        if isinstance(action, models.CreateAliasOperation):
            wanted = action.create_alias
            server.existing(wanted.collection_name)
            if wanted.alias_name in names:
                raise RefusedError(
                    409, f"Wrong input: Collection `{wanted.alias_name}` already exists!"
                )
    server.engine.update_collection_aliases(change_aliases_operations=body.actions)
    return True


def _checked(server: Held, name: str, vector: Any) -> None:
    """What the server refuses and the in-process engine only notices later."""
    params = server.engine.get_collection(name).config.params
    if not isinstance(vector, dict):
        raise RefusedError(400, "Wrong input: Not existing vector name error: ")
    for key, value in vector.items():
        dense = (params.vectors or {}).get(key) if isinstance(params.vectors, dict) else None
        if dense is None and key not in (params.sparse_vectors or {}):
            raise RefusedError(400, f"Wrong input: Not existing vector name error: {key}")
        if dense is not None and len(value) != dense.size:
            raise _dimension(dense.size, len(value))


def _dimension(expected: int, got: int) -> RefusedError:
    return RefusedError(
        400, f"Wrong input: Vector dimension error: expected dim: {expected}, got {got}"
    )


def _upsert(server: Held, name: str, body: Any) -> Any:
    server.existing(name)
    if not isinstance(body, models.PointsList):
        raise RefusedError(400, "the stand-in knows lists of points only")
    for point in body.points:
        _checked(server, name, point.vector)
    server.engine.upsert(name, points=body.points)
    return _COMPLETED


def _delete(server: Held, name: str, body: Any) -> Any:
    server.engine.delete(server.existing(name), points_selector=body)
    return _COMPLETED


def _batch(server: Held, name: str, body: models.UpdateOperations) -> Any:
    server.engine.batch_update_points(server.existing(name), update_operations=body.operations)
    return [_COMPLETED for _ in body.operations]


def _retrieve(server: Held, name: str, body: models.PointRequest) -> Any:
    return server.engine.retrieve(
        server.existing(name),
        ids=body.ids,
        with_payload=True if body.with_payload is None else body.with_payload,
        with_vectors=body.with_vector or False,
    )


def _scroll(server: Held, name: str, body: models.ScrollRequest) -> Any:
    points, after = server.engine.scroll(
        server.existing(name),
        scroll_filter=body.filter,
        limit=body.limit or 10,
        offset=body.offset,
        with_payload=True if body.with_payload is None else body.with_payload,
        with_vectors=body.with_vector or False,
    )
    return {"points": points, "next_page_offset": after}


def _count(server: Held, name: str, body: models.CountRequest) -> Any:
    return server.engine.count(server.existing(name), count_filter=body.filter)


def _query(server: Held, name: str, body: models.QueryRequest) -> Any:
    server.existing(name)
    legs: list[Any] = [body, *(body.prefetch if isinstance(body.prefetch, list) else [])]
    for leg in legs:
        if isinstance(leg.query, list):
            _checked(server, name, {leg.using or "": leg.query})
    return server.engine.query_points(
        name,
        query=body.query,
        using=body.using,
        prefetch=body.prefetch,
        query_filter=body.filter,
        limit=body.limit or 10,
        offset=body.offset,
        with_payload=body.with_payload or False,
        with_vectors=body.with_vector or False,
        score_threshold=body.score_threshold,
    )


def _queries(server: Held, name: str, body: models.QueryRequestBatch) -> Any:
    return [_query(server, name, search) for search in body.searches]


ROUTES: Final[dict[tuple[str, str], tuple[Any, Handler]]] = {
    ("GET", "/collections"): (None, lambda server, name, body: server.engine.get_collections()),
    ("GET", "/aliases"): (None, lambda server, name, body: server.engine.get_aliases()),
    ("POST", "/collections/aliases"): (models.ChangeAliasesOperation, _aliases),
    ("GET", "/collections/{name}/exists"): (
        None,
        lambda server, name, body: {"exists": server.engine.collection_exists(name)},
    ),
    ("GET", "/collections/{name}"): (
        None,
        lambda server, name, body: server.engine.get_collection(server.existing(name)),
    ),
    ("PUT", "/collections/{name}"): (models.CreateCollection, _create),
    ("DELETE", "/collections/{name}"): (None, _drop),
    ("PUT", "/collections/{name}/index"): (models.CreateFieldIndex, _index),
    ("PUT", "/collections/{name}/points"): (models.PointInsertOperations, _upsert),
    ("POST", "/collections/{name}/points"): (models.PointRequest, _retrieve),
    ("POST", "/collections/{name}/points/delete"): (models.PointsSelector, _delete),
    ("POST", "/collections/{name}/points/batch"): (models.UpdateOperations, _batch),
    ("POST", "/collections/{name}/points/scroll"): (models.ScrollRequest, _scroll),
    ("POST", "/collections/{name}/points/count"): (models.CountRequest, _count),
    ("POST", "/collections/{name}/points/query"): (models.QueryRequest, _query),
    ("POST", "/collections/{name}/points/query/batch"): (models.QueryRequestBatch, _queries),
}

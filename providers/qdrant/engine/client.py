"""Qdrant's engine in this process, behind the method names of qdrant-client.

Only what ``QdrantVectorStore`` and this product call is here, with the arguments they use.
"""

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import qdrant_edge as edge
from qdrant_client import models
from qdrant_client.http.models import QueryResponse

from providers.qdrant.engine import translation as to
from providers.qdrant.engine.search import KeptPayloads, search
from providers.qdrant.engine.shards import EdgeShards

WORTH_AN_INDEX: Final = 1000
_VECTORS: Final = 2


class EdgeClient:
    """The synchronous client; safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        self.shards = EdgeShards(folder)
        self._writes: dict[str, int] = {}
        self._changes = 0
        self._payloads = KeptPayloads()

    def close(self) -> None:
        """Flushes and gives the folder back."""
        self.shards.close()

    # Collections and aliases

    def get_collections(self) -> models.CollectionsResponse:
        """Names of the physical collections."""
        return models.CollectionsResponse(
            collections=[models.CollectionDescription(name=name) for name in self.shards.names]
        )

    def collection_exists(self, collection_name: str) -> bool:
        """True for a collection and for an alias."""
        return collection_name in self.shards.names or collection_name in self.shards.aliases

    def create_collection(
        self,
        collection_name: str,
        vectors_config: dict[str, models.VectorParams],
        sparse_vectors_config: dict[str, models.SparseVectorParams] | None = None,
        quantization_config: models.QuantizationConfig | None = None,
        **_server_only: Any,
    ) -> bool:
        """Makes an empty collection; shards and replicas are a server's business."""
        config = to.shard_config(vectors_config, sparse_vectors_config or {}, quantization_config)
        self.shards.create(collection_name, config)
        self._changes += 1
        return True

    def delete_collection(self, collection_name: str, **_: Any) -> bool:
        """Removes a collection with its files."""
        return self.shards.drop(collection_name)

    def create_payload_index(
        self, collection_name: str, field_name: str, field_schema: Any, **_: Any
    ) -> None:
        """Indexes a payload field, so that filters on it are fast."""
        operation = edge.UpdateOperation.create_field_index(
            field_name, to.payload_schema(field_schema)
        )
        self._update(collection_name, [operation])

    def get_aliases(self) -> models.CollectionsAliasesResponse:
        """Every alias with its collection."""
        return models.CollectionsAliasesResponse(
            aliases=[
                models.AliasDescription(alias_name=alias, collection_name=collection)
                for alias, collection in sorted(self.shards.aliases.items())
            ]
        )

    def update_collection_aliases(
        self, change_aliases_operations: Sequence[models.AliasOperations], **_: Any
    ) -> bool:
        """Applies all changes as one step."""
        self.shards.rename(partial(to.change_aliases, change_aliases_operations))
        return True

    # Writing

    def _update(self, collection: str, operations: Iterable[edge.UpdateOperation]) -> None:
        self.shards.require_room()
        with self.shards.using(collection) as shard:
            name = self.shards.physical(collection)
            self._writes[name] = self._writes.get(name, 0) + 1
            self._changes += 1
            for operation in operations:
                shard.update(operation)

    def upsert(self, collection_name: str, points: Sequence[models.PointStruct], **_: Any) -> None:
        """Writes points; durable when this returns (write-ahead log)."""
        operation = edge.UpdateOperation.upsert_points([to.point(point) for point in points])
        self._update(collection_name, [operation])

    def delete(self, collection_name: str, points_selector: Any, **_: Any) -> None:
        """Deletes by a list of ids or by a filter."""
        if isinstance(points_selector, models.FilterSelector):
            points_selector = points_selector.filter
        if isinstance(points_selector, models.PointIdsList):
            points_selector = points_selector.points
        if isinstance(points_selector, models.Filter):
            chosen = to.condition(points_selector)
            assert chosen is not None
            operation = edge.UpdateOperation.delete_points_by_filter(chosen)
        else:
            operation = edge.UpdateOperation.delete_points(list(points_selector))
        self._update(collection_name, [operation])

    def batch_update_points(
        self, collection_name: str, update_operations: Sequence[Any], **_: Any
    ) -> None:
        """Several updates in order: vectors, and keys of payloads."""
        self._update(collection_name, [to.update(operation) for operation in update_operations])

    # Reading

    def retrieve(
        self,
        collection_name: str,
        ids: Sequence[Any],
        with_payload: Any = True,
        with_vectors: Any = False,
        **_: Any,
    ) -> list[models.Record]:
        """Points by id; unknown ids are left out."""
        with self.shards.using(collection_name) as shard:
            found = shard.retrieve(list(ids), to.selector(with_payload), with_vectors)
        return [_record(point) for point in found]

    def scroll(
        self,
        collection_name: str,
        scroll_filter: models.Filter | None = None,
        limit: int = 10,
        offset: Any = None,
        with_payload: Any = True,
        with_vectors: Any = False,
        **_: Any,
    ) -> tuple[list[models.Record], Any]:
        """A page of points in id order, and where the next one begins."""
        request = edge.ScrollRequest(
            offset=offset,
            limit=limit,
            filter=to.condition(scroll_filter),
            with_payload=to.selector(with_payload),
            with_vector=with_vectors,
        )
        with self.shards.using(collection_name) as shard:
            found, after = shard.scroll(request)
        return [_record(point) for point in found], None if after is None else to.point_id(after)

    def count(
        self, collection_name: str, count_filter: models.Filter | None = None, **_: Any
    ) -> models.CountResult:
        """Exact number of points."""
        request = edge.CountRequest(exact=True, filter=to.condition(count_filter))
        with self.shards.using(collection_name) as shard:
            return models.CountResult(count=shard.count(request))

    def query_points(
        self,
        collection_name: str,
        query: Any = None,
        using: str | None = None,
        prefetch: Any = None,
        query_filter: models.Filter | None = None,
        limit: int = 10,
        offset: int | None = None,
        with_payload: Any = True,
        with_vectors: Any = False,
        score_threshold: float | None = None,
        **_: Any,
    ) -> QueryResponse:
        """One search: a vector, a fusion of prefetches, or a listing."""
        request = models.QueryRequest(
            query=query,
            using=using,
            prefetch=prefetch,
            filter=query_filter,
            limit=limit,
            offset=offset,
            with_payload=with_payload,
            with_vector=with_vectors,
            score_threshold=score_threshold,
        )
        return self.query_batch_points(collection_name, [request])[0]

    def query_batch_points(
        self, collection_name: str, requests: Sequence[models.QueryRequest], **_: Any
    ) -> list[QueryResponse]:
        """Several searches, answered in order."""
        with self.shards.using(collection_name) as shard:
            name = self.shards.physical(collection_name)
            answers: list[Any] = search(shard, requests, self._payloads.of(name, self._changes))
        return [QueryResponse.model_construct(points=points) for points in answers]

    # Building the vector index

    def stage(self, collection_name: str) -> tuple[str, int] | None:
        """Copies a collection that may gain from it: the copy's folder and its state."""
        self.shards.require_room()
        with self.shards.using(collection_name) as shard:
            shard.flush()
            name = self.shards.physical(collection_name)
            source, copy = self.shards.folder_of(name), self.shards.fresh_folder()
            state, info = self._writes.get(name, 0), shard.info()
        # Both vectors of a point are indexed. That many without an index cost microseconds; too
        # many in the index are those of points that are gone.
        apart = abs(_VECTORS * info.points_count - info.indexed_vectors_count)
        if state == 0 or apart < _VECTORS * WORTH_AN_INDEX:
            return None
        self.shards.require_room(name)
        self.shards.copy(source, copy)
        return copy, state

    def unstage(self, collection_name: str, copy: str, state: int, *, done: bool) -> bool:
        """Puts the worked-on copy in place, unless the original was written to meanwhile."""
        with self.shards.lock:
            name = self.shards.physical(collection_name)
            if done and self._writes.get(name, 0) == state:
                self.shards.adopt(name, copy)
                self._writes[name] = 0
                return True
        self.shards.discard(copy)
        return False


def _record(point: edge.Record) -> models.Record:
    return models.Record.model_construct(
        id=to.point_id(point.id), payload=point.payload, vector=to.vectors_out(point.vector)
    )

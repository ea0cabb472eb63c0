"""From qdrant-client's request models to those of the embedded engine, and back."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import qdrant_edge as edge
from qdrant_client import models

_DISTANCES = {
    models.Distance.COSINE: edge.Distance.Cosine,
    models.Distance.DOT: edge.Distance.Dot,
    models.Distance.EUCLID: edge.Distance.Euclid,
    models.Distance.MANHATTAN: edge.Distance.Manhattan,
}
# A search hands out hundreds of ids, mostly the same ones; spelling a UUID takes a microsecond.
_texts: dict[int, str] = {}
_MOST_TEXTS = 50_000
_SCHEMAS = {
    models.PayloadSchemaType.KEYWORD: edge.PayloadSchemaType.Keyword,
    models.PayloadSchemaType.INTEGER: edge.PayloadSchemaType.Integer,
    models.PayloadSchemaType.FLOAT: edge.PayloadSchemaType.Float,
    models.PayloadSchemaType.BOOL: edge.PayloadSchemaType.Bool,
    models.PayloadSchemaType.UUID: edge.PayloadSchemaType.Uuid,
}


def shard_config(
    vectors: dict[str, models.VectorParams],
    sparse: dict[str, models.SparseVectorParams],
    quantization: Any = None,
) -> edge.EdgeConfig:
    """The engine's configuration of a new collection."""
    return edge.EdgeConfig(
        vectors={
            name: edge.EdgeVectorParams(
                size=params.size,
                distance=_DISTANCES[params.distance],
                memory=edge.Memory.Cold if params.on_disk else None,
            )
            for name, params in vectors.items()
        },
        sparse_vectors={
            name: edge.EdgeSparseVectorParams(
                modifier=edge.Modifier.Idf if params.modifier == models.Modifier.IDF else None
            )
            for name, params in sparse.items()
        },
        quantization_config=_quantization(quantization),
    )


def _quantization(config: Any) -> "edge.QuantizationConfigType | None":
    if isinstance(config, models.ScalarQuantization):
        return edge.ScalarQuantizationConfig(
            type=edge.ScalarType.Int8,
            quantile=config.scalar.quantile,
            always_ram=config.scalar.always_ram,
        )
    if isinstance(config, models.BinaryQuantization):
        return edge.BinaryQuantizationConfig(always_ram=config.binary.always_ram)
    if config is None:
        return None
    raise NotImplementedError(type(config).__name__)


def payload_schema(schema: Any) -> edge.PayloadSchemaType:
    """The engine's name of a payload index type."""
    return _SCHEMAS[models.PayloadSchemaType(schema)]


def change_aliases(operations: Sequence[Any], aliases: dict[str, str]) -> None:
    """Applies alias operations to a map of alias to collection."""
    for operation in operations:
        if isinstance(operation, models.DeleteAliasOperation):
            aliases.pop(operation.delete_alias.alias_name, None)
        elif isinstance(operation, models.CreateAliasOperation):
            wanted = operation.create_alias
            aliases[wanted.alias_name] = wanted.collection_name
        else:
            raise NotImplementedError(type(operation).__name__)


def point_id(value: Any) -> Any:
    """An id as qdrant-client hands it out: a number, or a UUID as text."""
    if not isinstance(value, UUID):
        return value
    number = value.int  # its own hash and comparison are Python code
    text = _texts.get(number)
    if text is None:
        if len(_texts) >= _MOST_TEXTS:
            _texts.clear()
        text = _texts[number] = str(value)
    return text


def point(source: models.PointStruct) -> edge.Point:
    """A point with named vectors."""
    vectors = source.vector if isinstance(source.vector, dict) else {"": source.vector}
    named: Any = {name: _vector(value) for name, value in vectors.items()}
    return edge.Point(source.id, named, source.payload or {})


def update(source: Any) -> edge.UpdateOperation:
    """One operation of a batch; kinds that this product does not use are refused."""
    if isinstance(source, models.SetPayloadOperation):
        change = source.set_payload
        return edge.UpdateOperation.set_payload(
            list(change.points or []), change.payload, change.key
        )
    if isinstance(source, models.DeletePayloadOperation):
        removal = source.delete_payload
        return edge.UpdateOperation.delete_payload(list(removal.points or []), removal.keys)
    if isinstance(source, models.UpdateVectorsOperation):
        changes = source.update_vectors.points
        return edge.UpdateOperation.update_vectors(
            [edge.PointVectors(change.id, _named(change.vector)) for change in changes]
        )
    raise NotImplementedError(type(source).__name__)


def _named(source: Any) -> Any:
    return {name: _vector(value) for name, value in source.items()}


def _vector(value: Any) -> Any:
    if isinstance(value, models.SparseVector):
        return edge.SparseVector(value.indices, value.values)
    return value


def condition(source: models.Filter | None) -> edge.Filter | None:
    """A filter; conditions outside of what this product uses raise NotImplementedError."""
    if source is None:
        return None
    return edge.Filter(
        must=_conditions(source.must),
        should=_conditions(source.should),
        must_not=_conditions(source.must_not),
    )


def _conditions(source: Any) -> list[Any] | None:
    if source is None:
        return None
    return [_condition(item) for item in (source if isinstance(source, list) else [source])]


def _condition(source: Any) -> Any:
    if isinstance(source, models.Filter):
        return condition(source)
    if isinstance(source, models.HasIdCondition):
        return edge.HasIdCondition(set(source.has_id))
    if isinstance(source, models.FieldCondition):
        return edge.FieldCondition(source.key, match=_match(source.match))
    raise NotImplementedError(type(source).__name__)


def _match(source: Any) -> Any:
    if isinstance(source, models.MatchValue):
        return edge.MatchValue(source.value)
    if isinstance(source, models.MatchAny):
        values: Any = list(source.any)
        return edge.MatchAny(values)
    raise NotImplementedError(type(source).__name__)


def scoring(query: Any, using: str | None) -> Any:
    """A query vector, or None for a plain listing."""
    if query is None:
        return None
    if isinstance(query, models.NearestQuery):
        query = query.nearest
    return edge.Query.Nearest(_vector(query), using or "")


def selector(with_payload: Any) -> Any:
    """``with_payload`` as the engine takes it."""
    if isinstance(with_payload, models.PayloadSelectorInclude):
        return edge.PayloadSelector.Include(list(with_payload.include))
    if isinstance(with_payload, models.PayloadSelectorExclude):
        return edge.PayloadSelector.Exclude(list(with_payload.exclude))
    if isinstance(with_payload, Sequence):
        return edge.PayloadSelector.Include(list(with_payload))
    return bool(with_payload)


def vectors_out(source: Any) -> Any:
    """Stored vectors as qdrant-client hands them out."""
    if isinstance(source, dict):
        return {name: vectors_out(value) for name, value in source.items()}
    if isinstance(source, edge.SparseVector):
        return models.SparseVector(indices=list(source.indices), values=list(source.values))
    return source

"""Searches of the embedded engine: each distinct leg of a batch runs once.

A hybrid request and the plain requests for its legs' scores need the same two searches. The
engine would run them twice and read payloads for every candidate, which doubles the time that it
holds the interpreter lock; so legs are shared here, fused here, and payloads read for the result.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final
from uuid import UUID

import qdrant_edge as edge
from qdrant_client import models

from providers.qdrant.engine import translation as to

PointId = int | str
Payload = Mapping[str, object]
Scores = Mapping[PointId, float]
_MOST_KEPT: Final = 5000
"""15 MB of a textbook."""


@dataclass(slots=True)
class Hit:
    """A scored point, with the attributes of ``models.ScoredPoint`` that are read."""

    id: PointId
    score: float
    payload: Payload | None = None
    vector: object = None


@dataclass(frozen=True)
class _Leg:
    query: object
    using: str | None
    filter: models.Filter | None
    limit: int


Payloads = dict[PointId, Payload]


class KeptPayloads:
    """Payloads by id that were read lately; making them anew is most of a search."""

    def __init__(self) -> None:
        self._state: tuple[str, int] | None = None
        self._payloads: Payloads = {}

    def of(self, collection: str, changes: int) -> Payloads:
        """Those of a collection as it is now: ``changes`` counts what was written."""
        if self._state != (collection, changes) or len(self._payloads) > _MOST_KEPT:
            self._state, self._payloads = (collection, changes), {}
        return self._payloads


def search(
    shard: edge.EdgeShard, requests: Iterable[models.QueryRequest], payloads: Payloads
) -> list[list[Hit]]:
    """Hits of each request, best first.

    ``payloads`` are whole ones by id that were read before; what is read now is added.
    """
    done: list[tuple[_Leg, Scores]] = []
    return [_answer(shard, request, done, payloads) for request in requests]


def _answer(
    shard: edge.EdgeShard,
    request: models.QueryRequest,
    done: list[tuple[_Leg, Scores]],
    payloads: Payloads,
) -> list[Hit]:
    skip, limit = request.offset or 0, request.limit or 10
    if request.prefetch is None:
        leg = _Leg(request.query, request.using, request.filter, skip + limit)
        scores = _scores(shard, leg, done)
    else:
        prefetch = request.prefetch if isinstance(request.prefetch, list) else [request.prefetch]
        legs = [
            _Leg(item.query, item.using, _both(item.filter, request.filter), item.limit or 10)
            for item in prefetch
        ]
        scores = fuse(request.query, [_scores(shard, leg, done) for leg in legs])
    least = request.score_threshold
    hits = [
        Hit(i, score)
        for i, score in islice(scores.items(), skip, skip + limit)
        if least is None or score >= least
    ]
    if request.with_payload is True and not request.with_vector:
        return _told(shard, hits, payloads)
    return _filled(shard, hits, request)


def _told(shard: edge.EdgeShard, hits: list[Hit], payloads: Payloads) -> list[Hit]:
    missing: list[int | UUID | str] = [hit.id for hit in hits if hit.id not in payloads]
    for point in shard.retrieve(missing, True, False) if missing else ():
        payloads[to.point_id(point.id)] = point.payload or {}
    for hit in hits:
        hit.payload = payloads[hit.id]
    return hits


def _scores(shard: edge.EdgeShard, leg: _Leg, done: list[tuple[_Leg, Scores]]) -> Scores:
    for known, scores in done:
        if known == leg:
            return scores
    request = edge.QueryRequest(
        limit=leg.limit, query=to.scoring(leg.query, leg.using), filter=to.condition(leg.filter)
    )
    scores = {to.point_id(hit.id): hit.score for hit in shard.query(request)}
    done.append((leg, scores))
    return scores


def _filled(shard: edge.EdgeShard, hits: list[Hit], request: models.QueryRequest) -> list[Hit]:
    payload, vectors = to.selector(request.with_payload), request.with_vector or False
    if hits and (payload is not False or vectors is not False):
        chosen: Any = vectors
        found = shard.retrieve([hit.id for hit in hits], payload, chosen)
        stored = {to.point_id(point.id): point for point in found}
        for hit in hits:
            point = stored[hit.id]
            hit.payload, hit.vector = point.payload, to.vectors_out(point.vector)
    return hits


def _both(one: models.Filter | None, other: models.Filter | None) -> models.Filter | None:
    if one is None or other is None or one == other:
        return one or other
    return models.Filter(must=[one, other])


def fuse(query: object, legs: Sequence[Scores]) -> dict[PointId, float]:
    """Reciprocal rank fusion or distribution-based score fusion, as Qdrant defines them."""
    if isinstance(query, models.FusionQuery) and query.fusion == models.Fusion.DBSF:
        shares = [_normalised(leg) for leg in legs]
    elif isinstance(query, models.FusionQuery):
        shares = [_reciprocal(leg, 2, 1.0) for leg in legs]
    elif isinstance(query, models.RrfQuery):
        weights = query.rrf.weights or [1.0] * len(legs)
        k = query.rrf.k or 2
        shares = [_reciprocal(leg, k, weight) for leg, weight in zip(legs, weights, strict=True)]
    else:
        raise NotImplementedError(f"prefetch with {type(query).__name__}")
    total: dict[PointId, float] = {}
    for share in shares:
        for point, value in share.items():
            total[point] = total.get(point, 0.0) + value
    return dict(sorted(total.items(), key=lambda item: -item[1]))


def _reciprocal(leg: Scores, k: int, weight: float) -> Scores:
    # Cormack, Clarke and Buettcher 2009, with ranks from 0 and divided by the leg's weight.
    if weight <= 0:
        return dict.fromkeys(leg, 0.0)
    return {point: 1 / ((rank + 1) / weight + k - 1) for rank, point in enumerate(leg)}


def _normalised(leg: Scores) -> Scores:
    # Scores between three standard deviations around the mean become 0 to 1.
    if len(leg) < 2:
        return dict.fromkeys(leg, 0.5)
    mean = sum(leg.values()) / len(leg)
    deviation = (sum((score - mean) ** 2 for score in leg.values()) / (len(leg) - 1)) ** 0.5
    if deviation == 0:
        return dict.fromkeys(leg, 0.5)
    return {point: (score - mean) / (6 * deviation) + 0.5 for point, score in leg.items()}

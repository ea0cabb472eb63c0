"""Embeddings are checked before anybody stores, caches or searches with them."""

from collections.abc import Sequence
from typing import Final

import numpy as np

# Beyond these a vector has no direction in single precision.
_SHORTEST: Final = 1e-6
_LONGEST: Final = 1e9
_NUMBERS: Final = {int, float}


def checked_vectors(
    vectors: object, count: int, dimensions: int | None
) -> list[list[float]] | None:
    """``vectors`` if they are ``count`` finite directions of one length, else None.

    Args:
        dimensions: the length that they must have; None: any, but the same.
    """
    if not isinstance(vectors, list) or len(vectors) != count:
        return None
    wanted = dimensions or (len(vectors[0]) if vectors and isinstance(vectors[0], list) else 0)
    return vectors if all(_is_direction(vector, wanted) for vector in vectors) else None


def _is_direction(vector: object, dimensions: int) -> bool:
    if not isinstance(vector, list) or len(vector) != dimensions:
        return False
    # ``bool`` is an ``int`` to isinstance, and numpy would read numbers from strings.
    if not set(map(type, vector)) <= _NUMBERS:
        return False
    return _SHORTEST <= _length(vector) <= _LONGEST


def _length(vector: Sequence[float]) -> float:
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            return float(np.linalg.norm(np.asarray(vector, dtype=np.float64)))
    except (OverflowError, ValueError, TypeError):
        return float("inf")

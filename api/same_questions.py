"""Unanswered questions put together by their meaning, where embedding them costs nothing."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np

_ALIKE: Final[Mapping[str, float]] = {"all-MiniLM-L6-v2": 0.7}
"""Cosine from which two questions ask the same, by embedding model that runs in this process.

Two questions about different pages reach 0.55 once in a thousand pairs, two about one page 0.71
once in a hundred; of 20 pairs that ask the same in other words, 12 lie above 0.7.
"""
_MOST: Final = 100


def groups_by_meaning(model: str) -> bool:
    """Whether it is known of this embedding model which vectors ask the same."""
    return model in _ALIKE


async def by_meaning(
    rows: Sequence[Mapping[str, Any]],
    model: str,
    vector_of: Callable[[str], Awaitable[Sequence[float]]],
) -> list[dict[str, Any]]:
    """Joins rows (``question``, ``asked``, ``last_asked``) that ask the same, most asked first.

    ``wordings`` of a row are the other ways in which its question was put. ``vector_of`` gives
    vectors of unit length.
    """
    groups: list[dict[str, Any]] = []
    vectors: list[np.ndarray[Any, np.dtype[np.float32]]] = []
    for row in rows[:_MOST]:
        vector = np.asarray(await vector_of(row["question"]), dtype=np.float32)
        near = [float(other @ vector) for other in vectors]
        if near and max(near) >= _ALIKE[model]:
            group = groups[near.index(max(near))]
            group["asked"] += row["asked"]
            group["last_asked"] = max(group["last_asked"], row["last_asked"])
            group["wordings"].append(row["question"])
        else:
            groups.append({**row, "wordings": []})
            vectors.append(vector)
    return sorted(groups, key=lambda group: -int(group["asked"]))

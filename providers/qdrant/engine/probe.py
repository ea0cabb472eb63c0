"""``python probe.py FOLDER``: opens a collection and reads all of it, so that nobody else crashes.

Damaged files make the engine panic, abort or allocate without end; this process may. It prints
``sound`` or one line of why not.
"""

import re
import sys

import numpy as np
import qdrant_edge as edge

_PAGE = 500
_PENDING = "pending"
_NOT_DAMAGE = {12: "out of memory", 13: "permission denied", 23: "too many open files"}
_NOT_DAMAGE |= {24: "too many open files", 28: "the disk is full", 30: "the disk is read-only"}


def _scan(shard: edge.EdgeShard) -> str:
    """Every point by every field."""
    seen, chunks, promised, offset = 0, 0, 0, None
    while True:
        request = edge.ScrollRequest(
            offset=offset, limit=_PAGE, with_payload=True, with_vector=True
        )
        points, offset = shard.scroll(request)
        for point in points:
            seen += 1
            payload = point.payload or {}
            promised = max(promised, int(payload.get("info", {}).get("chunks", 0)))
            if "metadata" not in payload:
                continue
            chunks += 1
            if payload.get(_PENDING):
                continue
            vectors = point.vector if isinstance(point.vector, dict) else {}
            dense = vectors.get("dense")
            length = 0.0 if dense is None else float(np.linalg.norm(np.asarray(dense, np.float32)))
            if not 0.5 < length < 2:  # the engine keeps them at length one
                return "vectors are missing"
        if offset is None:
            break
    counted = shard.count(edge.CountRequest(exact=True))
    # An index run that was stopped leaves a few chunks less than were promised.
    return "sound" if counted == seen and chunks * 2 >= promised else "chunks are missing"


def _why(error: BaseException) -> str:
    number = re.search(r"os error (\d{1,3})\)", str(error)[-2000:])
    reason = _NOT_DAMAGE.get(int(number[1])) if number else None
    return f"unsure: {reason}" if reason else "it cannot be read"


def main() -> None:
    """Prints the verdict."""
    try:
        shard = edge.EdgeShard.load(sys.argv[1])
        verdict = _scan(shard)
        shard.close()
    except BaseException as error:  # noqa: BLE001 - a panic is no Exception; all of it is told
        verdict = _why(error)
    sys.stdout.write(f"{verdict}\n")


if __name__ == "__main__":
    main()

"""``python -m providers.qdrant.engine.optimise FOLDER``: builds a shard's vector index.

It takes all cores for a while, so it runs as a process of its own at low priority.
"""

import os
import sys
from typing import Final

import qdrant_edge as edge

NOTHING_TO_DO: Final = 3
"""Exit status when there was no index to build."""
_NICENESS: Final = 10


def main(folder: str) -> int:
    """Exit status: 0 when an index was built."""
    os.nice(_NICENESS)
    shard = edge.EdgeShard.load(folder)
    changed = shard.optimize()
    shard.flush()
    shard.close()
    return 0 if changed else NOTHING_TO_DO


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

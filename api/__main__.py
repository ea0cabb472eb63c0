"""``python -m api``: serves the book."""

import gc
import sys


def main() -> int:
    """Exit status: 0 stopped by a signal, 1 could not start."""
    # A quarter of the start would go into looking for garbage among modules.
    gc.disable()
    from api.serving import serve

    gc.enable()
    return serve()


if __name__ == "__main__":
    sys.exit(main())

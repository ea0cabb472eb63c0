"""``python -m api``: serves the book."""

import gc
import sys

from errors import BookChatError
from settings import load_settings


def main() -> int:
    """Exit status: 0 stopped by a signal, 1 could not start."""
    # A wrong setting is named at once, not after the seconds that all modules take.
    try:
        settings = load_settings()
    except BookChatError as error:
        sys.stderr.write(f"error: {error.detail}\n")
        return 1
    # httpx reads its command line's packages when they are there, and nobody uses it here.
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # Python's way to forbid an import
    # A quarter of the start would go into looking for garbage among modules. The application
    # switches the collector on again when all parts are open.
    gc.disable()
    from api.process.serving import serve

    return serve(settings)


if __name__ == "__main__":
    sys.exit(main())

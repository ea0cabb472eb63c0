"""Runs the notebooks and stores what they print: ``python -m scripts.notebooks [NAME ...]``."""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import nbformat
from nbclient import NotebookClient

FOLDER: Final = Path(__file__).resolve().parent.parent / "notebooks"
_SECONDS: Final = 900


def run(path: Path) -> Any:
    """The notebook with the outputs of a run from top to bottom."""
    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]  # nbformat - has no types
    client = NotebookClient(
        notebook,
        timeout=_SECONDS,
        kernel_name="python3",
        resources={"metadata": {"path": path.parent}},
        record_timing=False,
    )
    asyncio.run(client.async_execute())
    return notebook


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 0; a cell that fails ends the run."""
    names = list(sys.argv[1:] if arguments is None else arguments)
    for path in sorted(FOLDER.glob("*.ipynb")):
        if not names or path.stem in names:
            nbformat.write(run(path), path)  # type: ignore[no-untyped-call]  # nbformat - has no types
            sys.stdout.write(f"{path.name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

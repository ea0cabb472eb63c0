"""What README and docs say is true: commands run, links lead somewhere, tables are complete."""

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from api.observability.telemetry import Metrics
from errors import STATUS
from scripts import configuration_table
from settings import Settings
from tests.deploy.embedded import environment, serve_embedded

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(r"^```(?P<info>[^\n]*)\n(?P<body>.*?)^```$", re.M | re.S)
LINK = re.compile(r"\]\((?!https?://|mailto:|#)([^)#\s]+)(?:#[^)\s]*)?\)")


@dataclass(frozen=True)
class Block:
    """A fenced piece of shell that is marked ``sh test``."""

    page: Path
    number: int
    script: str

    def __str__(self) -> str:
        return f"{self.page.name}-{self.number}"


def blocks() -> list[Block]:
    found = []
    for page in PAGES:
        fences = FENCE.finditer(page.read_text("utf-8"))
        scripts = [f["body"] for f in fences if f["info"].strip() == "sh test"]
        found += [Block(page, n, script) for n, script in enumerate(scripts, 1)]
    return found


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serve_embedded(tmp_path_factory.mktemp("service")) as url:
        yield url


@pytest.mark.slow
@pytest.mark.xdist_group("docs")
@pytest.mark.parametrize("block", blocks(), ids=str)
def test_a_command_in_the_documentation_runs(block: Block, service: str, tmp_path: Path) -> None:
    script = block.script.replace("http://localhost:7860", service)
    script = script.replace(".venv/bin/python", sys.executable)
    # A refused request is an error here, and what curl prints is looked at.
    script = script.replace("curl -s", "curl --fail-with-body -s")
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=ROOT,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.strip()
    assert '"type":"urn:book-chat:problem' not in done.stdout


def test_some_commands_are_marked() -> None:
    assert len({block.page for block in blocks()}) >= 4


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_lead_to_files_that_are_there(page: Path) -> None:
    text = FENCE.sub("", page.read_text("utf-8"))
    missing = [link for link in LINK.findall(text) if not (page.parent / link).exists()]
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_files_and_modules_that_are_named_are_there(page: Path) -> None:
    text = page.read_text("utf-8")
    named = re.findall(
        r"`((?:api|chains|loaders|providers|deploy|scripts|tests|evals|docs)/[\w./-]+)`", text
    )
    modules = re.findall(r"python -m ((?:deploy|scripts|loaders|evals|api)[\w.]*)", text)
    named += [
        module.replace(".", "/") + ("/__main__.py" if "." not in module else ".py")
        for module in modules
    ]
    assert not [name for name in named if not (ROOT / name).exists()]


def test_the_configuration_page_is_up_to_date() -> None:
    assert configuration_table.main(["--check"]) == 0, "run: python -m scripts.configuration_table"


def test_no_page_of_configuration_knows_this_machine() -> None:
    assert str(ROOT) not in configuration_table.page()


def test_the_api_page_explains_every_error_code() -> None:
    page = (ROOT / "docs/api.md").read_text("utf-8")
    assert not [code for code in STATUS if f"`{code}`" not in page]


def test_the_operating_page_explains_every_metric() -> None:
    page = (ROOT / "docs/operate.md").read_text("utf-8")
    families = {family.name for family in Metrics().registry.collect()}
    families |= set(re.findall(r'"(book_chat_\w+)"', (ROOT / "api/app.py").read_text("utf-8")))
    assert not [name for name in families if name not in page]


def test_settings_in_prose_exist() -> None:
    known = {str(f.validation_alias or n.upper()) for n, f in Settings.model_fields.items()}
    for page in PAGES:
        for name in re.findall(r"`([A-Z]+(?:_[A-Z]+)+)=?[^`]*`", page.read_text("utf-8")):
            assert name in known | {"GIT_COMMIT", "BASE_IMAGE", "SPACE_ID", "HF_TOKEN"}, page.name


def test_the_front_matter_makes_a_docker_space() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    front = yaml.safe_load(text.split("---")[1])
    assert front["sdk"] == "docker"
    assert front["app_port"] == Settings.model_fields["port"].default
    assert len(front["short_description"]) <= 60
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    assert f"PORT={front['app_port']}" in dockerfile


def locked(name: str = "requirements.lock") -> list[Requirement]:
    """Entries of a lock. One name may have several, for different versions of Python."""
    text = (ROOT / name).read_text("utf-8")
    return [
        Requirement(line.rstrip(" \\")) for line in text.splitlines() if re.match(r"[a-z0-9]", line)
    ]


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_the_lock_fits_the_requirements(name: str) -> None:
    entries = locked(f"{name}.lock")
    for line in (ROOT / f"{name}.txt").read_text("utf-8").splitlines():
        if line and not line.startswith(("#", "-r")):
            wanted = Requirement(line)
            found = [
                e for e in entries if canonicalize_name(e.name) == canonicalize_name(wanted.name)
            ]
            assert found, f"{wanted.name} is not locked; run make lock"
            for entry in found:
                (pin,) = entry.specifier
                assert wanted.specifier.contains(pin.version), f"{line}; run make lock"


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_the_lock_holds_a_hash_for_all_and_names_no_index(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    entries = re.split(r"^(?=[a-z0-9])", text, flags=re.M)[1:]
    assert len(entries) == len(locked(name))
    assert all("--hash=sha256:" in entry for entry in entries)
    assert "://" not in text
    assert "index" not in text

"""Manifests and workflows fit the published schemas of the tools that read them."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from settings import Settings

ROOT = Path(__file__).resolve().parents[2]
K8S = ROOT / "deploy" / "k8s"
MANIFESTS = sorted(K8S.glob("*.yaml"))


def run(module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def resources() -> list[dict[str, Any]]:
    return [r for path in MANIFESTS for r in yaml.safe_load_all(path.read_text("utf-8"))]


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda p: p.name)
def test_a_kubernetes_manifest_fits_the_schema_of_its_kinds(path: Path) -> None:
    done = run("kubernetes_validate", "--strict", str(path))

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("schema", "path"),
    [("vendor.compose-spec", ROOT / "deploy/compose.yml")]
    + [("vendor.github-workflows", path) for path in (ROOT / ".github/workflows").iterdir()],
    ids=lambda value: getattr(value, "name", value),
)
def test_a_file_fits_the_published_schema_of_its_tool(schema: str, path: Path) -> None:
    done = run("check_jsonschema", "--builtin-schema", schema, str(path))

    assert done.returncode == 0, done.stdout + done.stderr


def test_the_configuration_on_kubernetes_names_only_settings_that_exist() -> None:
    known = {str(f.validation_alias or n.upper()) for n, f in Settings.model_fields.items()}
    maps = [r for r in resources() if r["kind"] == "ConfigMap"]

    assert maps
    assert all(set(m["data"]) <= known for m in maps)


def test_selectors_meet_the_labels_that_they_look_for() -> None:
    by_kind = {r["kind"]: r for r in resources()}
    labels = by_kind["Deployment"]["spec"]["template"]["metadata"]["labels"]

    assert by_kind["Service"]["spec"]["selector"] == labels
    assert by_kind["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == labels
    target = by_kind["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]["name"]
    assert target == by_kind["Deployment"]["metadata"]["name"]

"""The compose file, proxies, dashboards and alerts hold together (Docker itself is not run)."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from api.observability.telemetry import Metrics
from settings import Settings

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    parsed: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yml").read_text("utf-8"))
    return parsed


def test_everything_that_is_named_is_there(compose: dict[str, Any]) -> None:
    services = compose["services"]
    for name, service in services.items():
        assert set(service.get("depends_on", ())) <= set(services), name
        assert set(service["networks"]) <= set(compose["networks"]), name
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            found = (DEPLOY / source).exists() if "/" in source else source in compose["volumes"]
            assert found, f"{name}: {volume}"
        if "build" in service:
            context = DEPLOY / service["build"]["context"]
            assert (context / "Dockerfile").is_file()


def test_addresses_are_distinct_and_the_proxy_knows_the_replicas(compose: dict[str, Any]) -> None:
    services = compose["services"]
    fixed = {
        name: service["networks"]["inside"]["ipv4_address"]
        for name, service in services.items()
        if isinstance(service["networks"], dict)
    }
    assert len(set(fixed.values())) == len(fixed) == 3
    told = services["proxy"]["environment"]
    assert {told["REPLICA_1"], told["REPLICA_2"]} == {
        f"{fixed['book-chat-1']}:7860",
        f"{fixed['book-chat-2']}:7860",
    }
    for replica in ("book-chat-1", "book-chat-2"):
        assert services[replica]["environment"]["TRUSTED_PROXIES"] == fixed["proxy"]


def test_the_replicas_are_told_only_settings_that_exist(compose: dict[str, Any]) -> None:
    known = {name.upper() for name in Settings.model_fields}
    for name in ("indexer", "book-chat-1", "book-chat-2"):
        assert set(compose["services"][name]["environment"]) <= known


def test_no_password_has_a_default_and_each_variable_is_explained(compose: dict[str, Any]) -> None:
    text = (DEPLOY / "compose.yml").read_text("utf-8")
    used = dict(re.findall(r"\$\{([A-Z_]+)(:?[-?])?", text))
    examples = (DEPLOY / "compose.env.example").read_text("utf-8")
    for name, how in used.items():
        if how == ":?":
            assert f"\n{name}=\n" in examples, name
        else:
            assert "PASSWORD" not in name, name


def test_only_the_proxy_and_the_local_dashboard_are_published(compose: dict[str, Any]) -> None:
    ports = {n: s["ports"] for n, s in compose["services"].items() if "ports" in s}
    assert set(ports) == {"proxy", "grafana"}
    assert all(port.startswith("127.0.0.1:") for port in ports["grafana"])


def test_a_replica_is_given_the_time_that_its_answers_need(compose: dict[str, Any]) -> None:
    from api.app import DRAIN_SECONDS

    given = compose["services"]["book-chat-1"]["stop_grace_period"]
    assert float(given.removesuffix("s")) > DRAIN_SECONDS + 5


def test_the_cluster_has_three_nodes_that_find_each_other(compose: dict[str, Any]) -> None:
    nodes = {n: s for n, s in compose["services"].items() if re.fullmatch(r"qdrant(-\d)?", n)}
    assert len(nodes) == 3
    for name, node in nodes.items():
        assert f"http://{name}:6335" in node["command"]
        assert node["environment"]["QDRANT__CLUSTER__ENABLED"] == "true"
        if name != "qdrant":
            assert node["profiles"] == ["cluster"]
            assert "--bootstrap" in node["command"]
    entry = (DEPLOY / "qdrant-entry.conf").read_text("utf-8")
    assert set(re.findall(r"server ([a-z0-9-]+):6333", entry)) == set(nodes)
    told = dict(
        line.split("=", 1)
        for line in (DEPLOY / "cluster.env").read_text("utf-8").splitlines()
        if "=" in line and not line.startswith("#")
    )
    assert told.pop("COMPOSE_PROFILES") == "cluster"
    values: dict[str, Any] = {name.lower(): value for name, value in told.items()}
    settings = Settings(**values)
    assert 1 < settings.qdrant_replicas < 3 <= settings.qdrant_shards


def expressions() -> list[str]:
    rules = yaml.safe_load((DEPLOY / "prometheus/alerts.yml").read_text("utf-8"))
    board = json.loads((DEPLOY / "grafana/dashboards/book-chat.json").read_text("utf-8"))
    alerts = [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    return alerts + [target["expr"] for p in board["panels"] for target in p["targets"]]


def test_dashboards_and_alerts_ask_for_metrics_that_the_service_has() -> None:
    registry = Metrics().registry
    source = (ROOT / "api/app.py").read_text("utf-8")
    known = set(re.findall(r'"(book_chat_\w+)"', source))  # gauges that are added there
    for family in registry.collect():
        known |= {family.name + suffix for suffix in ("", "_total", "_bucket", "_count", "_sum")}
    asked = {name for expr in expressions() for name in re.findall(r"book_chat_\w+", expr)}
    assert asked
    assert asked <= known


def test_prometheus_scrapes_both_replicas_and_each_alert_is_explained() -> None:
    config = yaml.safe_load((DEPLOY / "prometheus/prometheus.yml").read_text("utf-8"))
    (job,) = config["scrape_configs"]
    assert job["static_configs"][0]["targets"] == ["book-chat-1:7860", "book-chat-2:7860"]
    rules = yaml.safe_load((DEPLOY / "prometheus/alerts.yml").read_text("utf-8"))
    told = (ROOT / "docs/operate.md").read_text("utf-8")
    for rule in rules["groups"][0]["rules"]:
        assert f"`{rule['alert']}`" in told

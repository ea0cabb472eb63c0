"""Requests made up from the OpenAPI document: each is answered as the document says."""

import json
import re
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from benchmarks.doors import DOORS
from tests.api.conftest import Served

ADMIN = "admin-key-for-this-test"
EXAMPLES = 15
"""Of each operation in ``make test``; ``make explore`` tries more, and others each time."""
_UNDOCUMENTED = {"POST /chat/playground/stream_log"}


@pytest.fixture
def overrides() -> dict[str, Any]:
    return {"admin_api_key": ADMIN}


@pytest.mark.hypothesis
@pytest.mark.parametrize("authorization", ["", f"Bearer {ADMIN}"], ids=["stranger", "operator"])
def test_no_made_up_request_breaks_it_or_is_answered_otherwise_than_documented(
    served: Served, authorization: str
) -> None:
    explores = settings.get_current_profile_name() == "explore"
    schema: Any = schemathesis.openapi.from_url(f"{served.url}/openapi.json")
    tried = set()
    for found in schema.get_all_operations():
        operation = found.ok()
        tried.add(f"{operation.method.upper()} {operation.path}")

        @settings(
            max_examples=6 * EXAMPLES if explores else EXAMPLES,
            deadline=None,
            database=None,
            derandomize=not explores,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def call(case: Any) -> None:
            case.call_and_validate(
                base_url=served.url,
                headers={"Authorization": authorization} if authorization else {},
                checks=[
                    not_a_server_error,
                    content_type_conformance,
                    response_schema_conformance,
                    status_code_conformance,
                ],
            )

        call()
    assert {"POST /chat/invoke", "POST /chat/stream", "GET /search", "GET /health"} <= tried
    assert {f"POST {door.route}" for door in DOORS if door.route} - _UNDOCUMENTED <= tried
    assert served.http.get("/health/live").status_code == 200


def test_every_reference_of_the_document_leads_somewhere(served: Served) -> None:
    text = served.http.get("/openapi.json").text
    schemas = json.loads(text)["components"]["schemas"]
    named = set(re.findall(r'"#/components/schemas/([^"]+)"', text))
    assert {"Question", "Answer", "Problem", "InvokeRequest", "BatchRequest"} <= named
    assert named <= set(schemas)


def test_every_response_has_its_security_headers(served: Served) -> None:
    for path in ("/", "/widget.js", "/health", "/nowhere", "/openapi.json", "/metrics", "/docs"):
        headers = served.http.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"]
        assert "server" not in headers or "uvicorn" in headers["server"]
        assert headers["x-request-id"]
    policy = served.http.get("/").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy

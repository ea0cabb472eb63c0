"""Which names the service answers under, and that redirects name no other."""

from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.api.conftest import Served
from tests.api.test_problems import check

EVIL = "evil.example"


def test_a_redirect_goes_to_a_path_whatever_host_was_named(served: Served) -> None:
    for path in ("/chat/playground", "/health/?x=1"):
        response = served.http.get(path, headers={"Host": EVIL})
        assert response.is_redirect
        assert EVIL not in response.text + str(response.headers)
        assert response.headers["location"].startswith(("/chat/playground/", "/health?x=1"))


def test_a_path_that_begins_with_two_slashes_redirects_to_no_other_host(served: Served) -> None:
    response = served.http.get(f"{served.url}//{EVIL}/%2e%2e")
    assert not response.headers.get("location", "/").startswith(("//", "http"))


class TestNamedHosts:
    @pytest.fixture
    def overrides(self) -> dict[str, Any]:
        return {"allowed_hosts": ["chat.example", "*.hf.space"]}

    @pytest.mark.parametrize(
        "host",
        [EVIL, "chat.example.evil.example", "hf.space", "evilhf.space", "", "chat.example@x"],
    )
    def test_another_name_is_refused(self, served: Served, host: str) -> None:
        for path in ("/", "/chat/playground", "/search?q=x"):
            refused = served.http.get(path, headers={"Host": host})
            assert check(refused, 421)["code"] == "invalid_request"

    @pytest.mark.parametrize("host", ["chat.example", "CHAT.example:7860", "a.b.hf.space"])
    def test_our_names_are_answered_with_any_port(self, served: Served, host: str) -> None:
        assert served.http.get("/", headers={"Host": host}).status_code == 200

    def test_probes_ask_by_address(self, served: Served) -> None:
        for path in ("/health/live", "/health/ready", "/health", "/metrics"):
            assert served.http.get(path).status_code == 200

    async def test_a_socket_under_another_name_is_refused(self, served: Served) -> None:
        with pytest.raises(InvalidStatus) as refused:
            async with connect(served.ws):
                pass
        assert refused.value.response.status_code == 421

"""One guard before every door that can cost a call: Origin rule, rate limit, slots, budget."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from benchmarks.doors import DOORS, Door
from standins.cohere import CohereStandIn
from tests.api.conftest import QUESTION, Served
from tests.api.wired import over_cohere

BOOK = "https://book.example"
EVIL = "https://evil.example"
ASKED = 8
"""More often than a provider may fail before it is left alone for a while."""
every_door = pytest.mark.parametrize("door", DOORS, ids=str)


class TestStrictOrigins:
    @pytest.fixture
    def overrides(self) -> dict[str, Any]:
        return {"allowed_origins": [BOOK]}

    @every_door
    @pytest.mark.parametrize("origin", [EVIL, "null", "http://[", "http://[::1", f"{BOOK}.evil"])
    def test_a_foreign_page_is_refused_before_it_costs_anything(
        self, served: Served, door: Door, origin: str
    ) -> None:
        reply = door.ask(served.http, QUESTION, {"Origin": origin})
        assert (reply.status, reply.code) == (403, "unauthorized")
        assert (served.store.searches, served.chat.seen) == ([], [])

    @every_door
    def test_our_own_page_and_the_books_may_ask(self, served: Served, door: Door) -> None:
        for origin in (BOOK, served.url):
            assert door.ask(served.http, QUESTION, {"Origin": origin}).code == "ok"
        assert door.ask(served.http, QUESTION, {}).code == "ok"

    @pytest.mark.parametrize("site", ["cross-site", "same-site"])
    @pytest.mark.parametrize("page", [f"{EVIL}/", "", "http://["])
    def test_an_image_of_a_foreign_page_searches_nothing(
        self, served: Served, site: str, page: str
    ) -> None:
        sent = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors", "Referer": page}
        refused = served.http.get("/search", params={"q": QUESTION}, headers=sent)
        assert (refused.status_code, served.store.searches) == (403, [])
        assert "www-authenticate" not in refused.headers
        linked = {**sent, "Referer": f"{BOOK}/docs/intro"}
        assert served.http.get("/search", params={"q": QUESTION}, headers=linked).is_success


class TestOneQuestionAMinute:
    @pytest.fixture
    def overrides(self) -> dict[str, Any]:
        return {"rate_limit": 1}

    @every_door
    def test_the_second_one_is_told_when_to_come_back(self, served: Served, door: Door) -> None:
        assert door.ask(served.http, QUESTION, {}).code == "ok"
        refused = door.ask(served.http, QUESTION, {})
        assert refused.code == "rate_limited"
        assert 1 <= (refused.retry_after or 0) <= 60

    @every_door
    def test_all_doors_count_together(self, served: Served, door: Door) -> None:
        other = next(d for d in DOORS if d is not door)
        assert other.ask(served.http, QUESTION, {}).code == "ok"
        assert door.ask(served.http, QUESTION, {}).code == "rate_limited"


class TestOneSlot:
    @pytest.fixture
    def overrides(self) -> dict[str, Any]:
        return {"max_concurrent_answers": 1}

    @every_door
    def test_a_full_house_is_overloaded_and_the_slot_comes_back(
        self, served: Served, door: Door
    ) -> None:
        release = asyncio.run(served.services.slots.acquire())
        refused = door.ask(served.http, QUESTION, {})
        assert (refused.code, served.store.searches) == ("overloaded", [])
        assert refused.retry_after is not None
        release()
        for _ in range(3):
            assert door.ask(served.http, QUESTION, {}).code == "ok"


@every_door
def test_a_spent_budget_costs_nothing_more_at_any_door(tmp_path: Path, door: Door) -> None:
    cohere = CohereStandIn()
    with over_cohere(tmp_path, cohere, monthly_call_budget=1) as service:
        assert service.metric("book_chat_budget_left") == 0  # indexing spent it
        for n in range(ASKED):
            reply = door.ask(service.http, f"How fast does the balance controller run? {n}", {})
            assert reply.code == "ok"
            assert reply.output is not None
            assert reply.output["sources"]
        assert cohere.paths() == []
        assert service.metric('book_chat_events_total{event="degraded:budget"}') == (
            0 if door.answers else ASKED
        )

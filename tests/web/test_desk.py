"""The author's desk at /admin/: a key, no cookie, figures, questions, buttons."""

from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.web.accessibility import findings
from tests.web.conftest import NewPage, Site

KEY = "desk-key-of-the-tests-0123456789"
TABLES: dict[str, Any] = {
    "questions_by_day": [
        {"day": "2026-11-20", "questions": 9, "answered": 6, "not_in_book": 3},
        {"day": "2026-11-17", "questions": 4, "answered": 4, "not_in_book": 0},
    ],
    "answer_seconds": [{"answers": 13, "p50": 0.41, "p95": 1.2}],
    "unanswered_questions": [
        {
            "question": "Who won the cup?",
            "asked": 3,
            "last_asked": "2026-11-20T10:00:00",
            "wordings": ["Which team has the cup?"],
        }
    ],
    "nearest_sections": [
        {
            "question": "Who won the cup?",
            "path": "a.md",
            "heading": "Teams",
            "url": "/pages/a#teams",
        }
    ],
    "bad_ratings": [
        {
            "answer_id": "a1",
            "question": "What is <b>DDS</b>?",
            "comment": "Too short.",
            "answer": "DDS is **middleware**.\n\n| Part | Task |\n|---|---|\n| QoS | " + "x" * 900,
            "rated_at": "2026-11-20T10:00:00",
        }
    ],
    "passages_of_bad_ratings": [
        {"answer_id": "a1", "path": "a.md", "heading": "DDS", "url": "javascript:x", "cited": True}
    ],
    "busiest_sections": [
        {"path": "a.md", "heading": "DDS", "url": "/pages/a#dds", "retrieved": 5, "cited": 4}
    ],
    "sections_never_cited": [],
    "cited_pages": [],
    "calls": [],
}


@pytest.fixture
def overrides() -> dict[str, Any]:
    return {"admin_api_key": KEY}


@pytest.fixture
def page(new_page: NewPage, site: Site, monkeypatch: pytest.MonkeyPatch) -> Page:
    async def insights() -> dict[str, Any]:
        return TABLES

    monkeypatch.setattr(site.services.conversations, "insights", insights)
    opened = new_page()
    opened.goto(f"{site.url}/admin/")
    return opened


def enter(page: Page, key: str = KEY) -> None:
    page.get_by_label("Value of ADMIN_API_KEY").fill(key)
    page.get_by_role("button", name="Open the desk").click()


def test_a_wrong_key_opens_nothing(page: Page, errors: list[str]) -> None:
    enter(page, "not-the-key-not-the-key-not-the-k")
    expect(page.get_by_role("alert")).to_have_text("This key is not accepted.")
    assert findings(page, within="body") == []
    # The browser itself logs the 401.
    assert all("401" in error for error in errors)
    errors.clear()


def test_the_desk_shows_what_readers_asked_and_what_the_book_lacks(page: Page) -> None:
    enter(page)
    expect(page.get_by_role("img", name="13 questions in 14 days, at most 9 a day")).to_be_visible()
    gaps = page.get_by_role("region", name="Asked, but not in the book")
    expect(gaps).to_contain_text("Who won the cup?")
    expect(gaps).to_contain_text("Which team has the cup?")
    expect(gaps.get_by_role("link", name="Teams")).to_be_visible()
    bad = page.get_by_role("region", name="Thumbs down")
    expect(bad).to_contain_text("What is <b>DDS</b>?")
    expect(bad.locator("strong")).to_have_text("middleware")
    expect(bad.get_by_role("link")).to_have_count(0)
    never = page.get_by_role("region", name="Pages never cited")
    expect(never).to_contain_text("docs/module-1/01-ros2-foundations.md")
    assert findings(page, within="body") == []


@pytest.mark.parametrize("width", [390, 320])
def test_the_desk_fits_a_phone(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    enter(page)
    label = page.get_by_text("2026-11-20", exact=True).last
    expect(label).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == width
    drawn = page.locator("svg text").first.evaluate("one => one.getBoundingClientRect().height")
    assert drawn > 9


def test_the_key_lives_in_the_tab_and_in_no_cookie(page: Page) -> None:
    enter(page)
    expect(page.get_by_role("region", name="Index")).to_be_visible()
    page.reload()
    expect(page.get_by_role("region", name="Index")).to_be_visible()
    assert page.context.cookies() == []
    assert page.evaluate("localStorage.length") == 0
    page.get_by_role("button", name="Leave").click()
    page.reload()
    expect(page.get_by_label("Value of ADMIN_API_KEY")).to_be_visible()


def test_the_book_is_indexed_rolled_back_and_the_tables_exported(page: Page, site: Site) -> None:
    async def rollback() -> str:
        return "book--1"

    site.services.rollback = rollback
    enter(page)
    page.get_by_role("button", name="Rebuild from scratch").click()
    page.get_by_role("button", name="Roll back").click()
    expect(page.get_by_text("Serving book--1.")).to_be_visible()
    assert site.services.indexing.started == [True]  # type: ignore[attr-defined]  # the test's own job
    with page.expect_download() as saved:
        page.get_by_role("button", name="Export as CSV").click()
    assert "Who won the cup?" in saved.value.path().read_text("utf-8")


class TestWithoutAKey:
    @pytest.fixture
    def overrides(self) -> dict[str, Any]:
        return {}

    def test_there_is_no_desk(self, site: Site) -> None:
        assert httpx.get(f"{site.url}/admin/").status_code == 404
        assert httpx.post(f"{site.url}/admin/index/rollback").status_code == 404


def test_rolling_back_needs_the_key(site: Site) -> None:
    assert httpx.post(f"{site.url}/admin/index/rollback").status_code == 401

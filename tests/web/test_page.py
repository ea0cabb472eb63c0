"""The chat page in a real browser."""

from playwright.sync_api import Page, expect

from tests.web.book import QUESTION
from tests.web.conftest import Site, ask, done


def test_a_question_is_answered_with_citations(page: Page, site: Site) -> None:
    ask(page, QUESTION)
    done(page)
    expect(page.locator(".answer .mark")).to_have_count(2)

"""No state of the page is wider than its window."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from errors import RetryLater
from tests.web.book import QUESTION, UNKNOWN, URDU_ANSWER, URDU_QUESTION
from tests.web.conftest import NewPage, Site, ask, done

PHONE: Any = {"viewport": {"width": 320, "height": 640}, "has_touch": True, "is_mobile": True}


def fits(page: Page) -> None:
    """Neither the page nor its conversation scrolls sideways."""
    wide = page.evaluate(
        """() => {
          const inside = document.querySelector('book-chat')?.shadowRoot.querySelector('.scroll');
          const pages = [document.documentElement, inside].filter(Boolean);
          return pages.some((one) => one.scrollWidth > one.clientWidth);
        }"""
    )
    assert not wide


def opened(new_page: NewPage, site: Site, **options: Any) -> Page:
    page = new_page(**options)
    page.goto(site.url)
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_welcome_in_both_themes(new_page: NewPage, site: Site, scheme: str) -> None:
    page = opened(new_page, site, color_scheme=scheme)
    expect(page.get_by_role("heading", name="What would you like")).to_be_visible()
    fits(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_answer_with_everything_in_both_themes(
    new_page: NewPage, site: Site, scheme: str
) -> None:
    page = opened(new_page, site, color_scheme=scheme)
    ask(page, QUESTION)
    done(page)
    page.locator(".answer .mark").first.hover()
    expect(page.locator(".card")).to_be_visible()
    fits(page)


def test_the_end_of_an_answer(new_page: NewPage, site: Site) -> None:
    page = opened(new_page, site)
    ask(page, QUESTION)
    done(page)
    page.get_by_role("button", name="Not helpful").click()
    page.locator(".comment textarea").scroll_into_view_if_needed()
    fits(page)


def test_an_urdu_answer_reads_from_the_right(new_page: NewPage, site: Site) -> None:
    site.chat.pieces = list(URDU_ANSWER)
    page = opened(new_page, site, locale="ur-PK")
    page.get_by_label("آپ کا سوال").fill(URDU_QUESTION)
    page.keyboard.press("Enter")
    done(page)
    expect(page.locator(".answer p")).to_have_css("direction", "rtl")
    fits(page)


def test_a_phone_320_pixels_wide(new_page: NewPage, site: Site) -> None:
    page = opened(new_page, site, **PHONE)
    expect(page.locator(".suggestion").first).to_be_visible()
    fits(page)
    ask(page, QUESTION)
    done(page)
    fits(page)
    page.locator(".answer .mark").first.tap()
    expect(page.locator(".card")).to_be_visible()
    fits(page)


def test_a_question_beyond_the_book(new_page: NewPage, site: Site) -> None:
    page = opened(new_page, site)
    ask(page, UNKNOWN)
    done(page)
    fits(page)


def test_an_error_with_a_wait(new_page: NewPage, site: Site) -> None:
    site.chat.pieces = ["ROS 2 is ", RetryLater("gone", retry_after=20)]
    page = opened(new_page, site)
    ask(page, QUESTION)
    done(page)
    fits(page)


def test_an_answer_on_its_way(new_page: NewPage, site: Site) -> None:
    site.hold(4)
    page = opened(new_page, site)
    ask(page, QUESTION)
    expect(page.locator(".progress")).to_contain_text("being written")
    expect(page.locator(".answer")).to_contain_text("more actuators")
    fits(page)
    site.go_on()
    done(page)

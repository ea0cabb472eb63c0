"""WCAG 2.2 AA, as far as a machine can tell, in every state and theme."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from errors import RetryLater
from tests.web.accessibility import findings
from tests.web.book import QUESTION, UNKNOWN, URDU_ANSWER, URDU_QUESTION
from tests.web.conftest import NewPage, Site, ask, done

LOOKS: list[Any] = [
    {"color_scheme": "light"},
    {"color_scheme": "dark"},
    {"color_scheme": "light", "viewport": {"width": 320, "height": 640}},
    {"forced_colors": "active"},
]


@pytest.fixture(params=LOOKS, ids=["light", "dark", "phone", "forced-colors"])
def page(request: pytest.FixtureRequest, new_page: NewPage, site: Site) -> Page:
    opened = new_page(**request.param)
    opened.goto(site.url)
    expect(opened.get_by_label("Your question")).to_be_visible()
    return opened


def test_the_welcome(page: Page) -> None:
    assert findings(page) == []


def test_an_answer_with_a_card_a_passage_and_a_comment(page: Page) -> None:
    ask(page, QUESTION)
    done(page)
    page.get_by_role("button", name="Not helpful").click()
    # It is scrolled to when the service has taken the vote; a card of a mark out of sight closes.
    expect(page.get_by_label("What was good or missing?")).to_be_in_viewport()
    page.locator(".sources summary").first.click()
    page.locator(".answer .mark").first.focus()
    expect(page.locator(".card")).to_be_visible()
    assert findings(page) == []


def test_an_answer_on_its_way(page: Page, site: Site) -> None:
    site.hold(2)
    ask(page, QUESTION)
    expect(page.locator(".answer")).to_contain_text("small cooperating programs")
    assert findings(page) == []
    site.go_on()
    done(page)


def test_an_error_and_a_question_beyond_the_book(page: Page, site: Site) -> None:
    site.say("ROS 2 is ", RetryLater("gone", retry_after=30))
    ask(page, QUESTION)
    expect(page.get_by_role("alert")).to_be_visible()
    ask(page, UNKNOWN)
    done(page)
    page.get_by_role("button", name="Clear my data").click()
    assert findings(page) == []


def test_urdu(page: Page, site: Site) -> None:
    site.say(*URDU_ANSWER)
    page.get_by_role("button", name="اردو").click()
    page.get_by_label("آپ کا سوال").fill(URDU_QUESTION)
    page.keyboard.press("Enter")
    done(page)
    assert findings(page) == []


def test_targets_are_24_pixels_or_stand_in_text(page: Page) -> None:
    ask(page, QUESTION)
    done(page)
    small = page.evaluate(
        """() => {
          const root = document.querySelector('book-chat').shadowRoot;
          const all = [...root.querySelectorAll('button, summary, textarea')];
          const size = (one) => one.getBoundingClientRect();
          return all.filter((one) => one.checkVisibility())
            .filter((one) => size(one).height < 24 || size(one).width < 24)
            .map((one) => one.outerHTML);
        }"""
    )
    assert small == []

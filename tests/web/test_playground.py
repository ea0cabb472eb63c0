"""LangServe's playground in a real browser: one of the ways in which the chain is used."""

import pytest
from playwright.sync_api import Page, expect

from tests.web.book import QUESTION
from tests.web.conftest import NewPage, Site


@pytest.fixture
def playground(new_page: NewPage, site: Site) -> Page:
    """The page, with a question typed into its form."""
    opened = new_page()
    opened.goto(f"{site.url}/chat/playground/")
    field = opened.get_by_label("Question", exact=False).first
    field.fill(QUESTION)
    return opened


def test_the_form_is_drawn_and_a_question_streams_an_answer_with_its_sources(
    playground: Page, site: Site
) -> None:
    site.hold(2)
    playground.get_by_role("button", name="Start").click()
    # The first words are there while the model still holds the rest back.
    expect(playground.get_by_text("small cooperating programs").first).to_be_visible()
    assert len(site.chat.seen) == 1
    site.go_on()
    expect(playground.get_by_text("What ROS 2 is").first).to_be_visible()
    expect(playground.get_by_text("answered").first).to_be_visible()


def test_the_question_reaches_the_chain_as_it_was_typed(playground: Page, site: Site) -> None:
    playground.get_by_role("button", name="Start").click()
    expect(playground.get_by_text("answered").first).to_be_visible()
    messages, _ = site.chat.seen[0]
    assert QUESTION in str(messages[-1].content)


def test_the_run_log_of_langserve_stays_off(playground: Page, site: Site) -> None:
    asked: list[str] = []
    playground.on("request", lambda request: asked.append(request.url))
    playground.get_by_role("button", name="Start").click()
    expect(playground.get_by_text("answered").first).to_be_visible()
    assert f"{site.url}/chat/playground/stream_log" in asked
    assert f"{site.url}/chat/stream_log" not in asked

"""What the page does when the network, a proxy or the server does not do its part."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.web.book import QUESTION
from tests.web.conftest import NewPage, Site, ask, done
from tests.web.wire import Wire, wire_to


@pytest.fixture
def wire(site: Site) -> Iterator[Wire]:
    with wire_to(site.url) as made:
        yield made


@pytest.fixture
def page(new_page: NewPage, wire: Wire, errors: list[str]) -> Iterator[Page]:
    """The page over a wire that can be cut."""
    opened = new_page()
    opened.goto(wire.url)
    expect(opened.get_by_label("Your question")).to_be_visible()
    yield opened
    # The browser logs every connection that fails; anything else would be ours.
    ours = [error for error in errors if "WebSocket" not in error and "ERR_" not in error]
    errors[:] = ours


def test_an_answer_is_resumed_where_the_connection_was_lost(
    page: Page, site: Site, wire: Wire
) -> None:
    site.hold(2)
    ask(page, QUESTION)
    expect(page.locator(".answer")).to_contain_text("small cooperating programs")
    wire.cut()
    expect(page.locator(".progress")).to_contain_text("Picking the answer up again")
    site.go_on()
    wire.mend()
    done(page)
    expect(page.locator(".answer")).to_contain_text("height of the centre of mass")
    expect(page.locator(".answer table")).to_have_count(1)
    expect(page.locator(".answer .mark")).to_have_count(2)
    assert len(site.chat.seen) == 1


def test_a_sleeping_server_is_waited_for(page: Page, site: Site, wire: Wire) -> None:
    wire.cut()
    ask(page, QUESTION)
    expect(page.locator(".progress")).to_contain_text("Waking the server up")
    wire.mend()
    done(page)
    expect(page.locator(".answer .mark")).to_have_count(2)


def test_a_dead_server_is_reported_within_five_seconds_and_tried_again(
    page: Page, site: Site, wire: Wire
) -> None:
    wire.cut()
    ask(page, QUESTION)
    expect(page.locator(".progress")).to_contain_text("The server does not answer", timeout=5_000)
    wire.mend()
    done(page)
    expect(page.locator(".answer .mark")).to_have_count(2)


def test_waiting_for_a_sleeping_server_can_be_stopped(page: Page, wire: Wire) -> None:
    wire.cut()
    ask(page, QUESTION)
    expect(page.locator(".progress")).to_contain_text("Waking the server up")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".note")).to_have_text("Stopped here.")


def test_where_sockets_are_blocked_the_answer_streams_over_http(
    page: Page, site: Site, wire: Wire
) -> None:
    wire.sockets_allowed = False
    site.hold(2)
    ask(page, QUESTION)
    expect(page.locator(".answer")).to_contain_text("small cooperating programs")
    expect(page.locator(".answer .mark")).to_have_count(1)
    site.go_on()
    done(page)
    expect(page.locator(".answer .mark")).to_have_count(2)
    page.get_by_role("button", name="Helpful", exact=True).click()
    expect(page.get_by_label("What was good or missing?")).to_be_visible()
    assert len(site.memory.ratings) == 1
    page.reload()
    expect(page.locator(".question")).to_have_text(QUESTION)


def test_an_http_stream_can_be_stopped(page: Page, site: Site, wire: Wire) -> None:
    wire.sockets_allowed = False
    site.hold(2)
    ask(page, QUESTION)
    expect(page.locator(".answer")).to_contain_text("small cooperating programs")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".note")).to_have_text("Stopped here.")
    expect(page.locator(".answer")).to_contain_text("small cooperating programs")


def test_an_http_stream_that_breaks_keeps_what_came_and_offers_to_ask_again(
    page: Page, site: Site, wire: Wire
) -> None:
    wire.sockets_allowed = False
    site.hold(2)
    ask(page, QUESTION)
    expect(page.locator(".answer")).to_contain_text("small cooperating programs")
    wire.cut()
    expect(page.get_by_role("alert")).to_contain_text("before the answer was complete")
    site.chat.gate = None
    wire.mend()
    page.get_by_role("button", name="Ask again").click()
    done(page)
    expect(page.locator(".turn")).to_have_count(1)


def test_a_server_that_forgot_the_answer_is_said_plainly(
    page: Page, site: Site, wire: Wire
) -> None:
    site.hold(2)
    ask(page, QUESTION)
    expect(page.locator(".answer")).to_contain_text("small cooperating programs")
    wire.cut()
    expect(page.locator(".progress")).to_contain_text("Picking the answer up again")
    site.services.runs._runs.clear()
    wire.mend()
    expect(page.get_by_role("alert")).to_contain_text("before the answer was complete")
    expect(page.locator(".answer")).to_contain_text("small cooperating programs")
    site.go_on()  # or the server would wait for it when it stops

"""Pictures of a cited section on the chat page: only those of the book's own site."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.web.accessibility import findings
from tests.web.book import FIGURE, PENDULUM, SITE
from tests.web.conftest import NewPage, Site, ask, done
from tests.web.test_no_overflow import PHONE, fits

DRAWING = Path(__file__).parents[2] / "book" / "static" / "img" / "pendulum.svg"


@pytest.fixture
def overrides(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The book is published at ``http://book.test``, unless a test says otherwise."""
    return {"book_url": getattr(request, "param", "http://book.test")}


def asked(page: Page, site: Site) -> Page:
    """The page with an answer that cites the section."""
    page.goto(site.url)
    site.say(("The linear inverted pendulum model describes a walking humanoid.", 0))
    ask(page, PENDULUM)
    done(page)
    expect(page.locator(".sources .heading").first).to_be_visible()
    return page


def test_a_figure_stands_by_its_source_and_opens_also_after_a_reload(
    new_page: NewPage, site: Site
) -> None:
    page = new_page(**PHONE)
    page.route("http://book.test/**", lambda route: route.fulfill(path=DRAWING))
    asked(page, site)
    for before in ("asked", "reloaded"):
        if before == "reloaded":
            page.reload()
        picture = page.get_by_role("img", name=FIGURE)
        picture.scroll_into_view_if_needed()
        page.wait_for_function("(one) => one.naturalWidth > 0", arg=picture.element_handle())
        expect(picture).to_have_attribute("loading", "lazy")
        link = page.locator(".figures a")
        expect(link).to_have_attribute("href", f"http://book.test{SITE}/img/pendulum.svg")
        expect(link).to_have_attribute("target", "_blank")
        assert findings(page) == []
        fits(page)


def test_pictures_of_other_sites_are_never_asked_for(new_page: NewPage, site: Site) -> None:
    site.store.chunks[2].metadata["figures"] = [
        {"url": "https://elsewhere.test/pixel.png", "alt": "A pixel"},
        {"url": "javascript:alert(1)", "alt": "A script"},
        {"url": "http://book.test:81/a.png", "alt": "Another port"},
    ]
    page = new_page()
    page.route("**/*.png", lambda route: pytest.fail(f"asked for {route.request.url}"))
    asked(page, site)
    expect(page.locator(".figures")).to_have_count(0)


@pytest.mark.parametrize("overrides", [""], indirect=True)
def test_without_a_published_book_the_page_shows_none(new_page: NewPage, site: Site) -> None:
    page = asked(new_page(), site)
    expect(page.locator(".figures")).to_have_count(0)


def test_a_picture_that_is_gone_leaves_no_hole(
    new_page: NewPage, site: Site, errors: list[str]
) -> None:
    page = new_page()
    page.route("http://book.test/**", lambda route: route.fulfill(status=404))
    asked(page, site)
    expect(page.locator(".figures a")).to_have_count(0)
    assert "404" in errors.pop()

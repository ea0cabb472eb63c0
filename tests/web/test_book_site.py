"""The widget beside the sample book, on the site that real Docusaurus builds."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from standins.server import serve
from tests.built_book import CHAT_HOST, built_book
from tests.web.accessibility import findings
from tests.web.book import ANSWER, FIGURE, PENDULUM, QUESTION, SITE
from tests.web.conftest import CHROMIUM, NewPage, Site, ask, chromium, done, running
from tests.web.test_no_overflow import fits
from tests.web.test_widget import SELECT

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("docusaurus")]
CHAPTER = f"{SITE}/docs/module-1/ros2-foundations"


@pytest.fixture(scope="module")
def book_url() -> Iterator[str]:
    if CHROMIUM is None:
        pytest.skip("needs Chromium: apt-get install -y chromium")
    files = StaticFiles(directory=built_book() / "build", html=True)
    with serve(Starlette(routes=[Mount(SITE, files)])) as url:
        yield url


@pytest.fixture(scope="module")
def module_site() -> Iterator[Site]:
    with running({}, "") as made:
        yield made


@pytest.fixture
def site(module_site: Site) -> Site:
    """One service for all tests here: its address is given to the browser at its start."""
    module_site.chat.gate = None
    module_site.chat.seen.clear()
    return module_site


@pytest.fixture(scope="module")
def browser(module_site: Site) -> Iterator[Browser]:
    address = urlsplit(module_site.url).netloc
    with chromium(f"--host-resolver-rules=MAP {CHAT_HOST}:80 {address}") as launched:
        yield launched


@pytest.fixture
def page(new_page: NewPage, book_url: str, site: Site) -> Page:
    opened = new_page(viewport={"width": 1360, "height": 860})
    opened.goto(book_url + CHAPTER)
    return opened


def open_panel(page: Page) -> None:
    page.locator(".launcher").click()
    expect(page.get_by_role("dialog", name="Ask the book")).to_be_visible()


def test_a_question_on_a_page_and_a_citation_that_lands_on_the_heading(page: Page) -> None:
    open_panel(page)
    ask(page, QUESTION)
    done(page)
    panel = page.locator("dialog").bounding_box()
    assert panel
    for covered in (".markdown p", ".footer__link-item"):
        text = page.locator(covered).last.bounding_box()
        assert text
        assert text["x"] + text["width"] <= panel["x"], f"the panel covers {covered}"
    fits(page)
    page.locator(".answer .mark").last.click()
    expect(page).to_have_url(re.compile("#why-humanoid-robots-use-ros-2$"))
    heading = page.locator("h2#why-humanoid-robots-use-ros-2")
    expect(heading).to_be_in_viewport()
    expect(page.locator(".question")).to_have_text(QUESTION)


def test_a_citation_of_another_chapter_keeps_the_conversation(page: Page, book_url: str) -> None:
    page.goto(f"{book_url}{SITE}/docs/glossary")
    open_panel(page)
    ask(page, QUESTION)
    done(page)
    page.locator(".sources ol .heading").first.click()
    expect(page).to_have_url(re.compile(f"{CHAPTER}/?#what-ros-2-is$"))
    expect(page.locator("h2#what-ros-2-is")).to_be_in_viewport()
    expect(page.locator(".question")).to_have_text(QUESTION)


def test_a_selected_paragraph_is_explained_from_its_own_section(page: Page, site: Site) -> None:
    page.evaluate(SELECT, "h2#what-ros-2-is + p")
    page.evaluate("window.scrollBy(0, 300)")
    page.locator(".selection .ask").click()
    page.mouse.move(0, 0)
    fits(page)
    page.get_by_role("button", name="Explain", exact=True).click()
    done(page)
    expect(page.locator(".quote")).to_contain_text("open-source set of libraries")
    [(_, documents)] = site.chat.seen
    assert len(documents) == 1


def test_the_sites_own_switch_turns_the_widget_dark(page: Page) -> None:
    open_panel(page)
    root = page.locator("book-chat .root")
    for _ in range(3):
        if root.get_attribute("data-theme") == "dark":
            break
        page.locator("button[class*=toggleButton]").first.click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(root).to_have_attribute("data-theme", "dark")
    assert findings(page) == []
    fits(page)


def test_the_urdu_site_has_an_urdu_widget(page: Page, book_url: str) -> None:
    page.goto(f"{book_url}{SITE}/ur/docs/")
    page.locator(".launcher").click()
    expect(page.get_by_role("dialog", name="کتاب سے پوچھیں")).to_be_visible()
    panel = page.locator("dialog").bounding_box()
    assert panel is not None
    assert panel["x"] == 0
    fits(page)


def test_navigation_inside_the_site_keeps_the_widget(page: Page, site: Site) -> None:
    open_panel(page)
    page.get_by_role("link", name="Glossary").first.click()
    expect(page).to_have_url(re.compile("/docs/glossary"))
    expect(page.locator("book-chat")).to_have_count(1)
    expect(page.get_by_role("dialog")).to_be_visible()


def test_on_a_phone_the_book_stays_readable(new_page: NewPage, book_url: str, site: Site) -> None:
    page = new_page(viewport={"width": 320, "height": 640}, has_touch=True, is_mobile=True)
    page.goto(book_url + CHAPTER)
    expect(page.locator(".launcher")).to_be_visible()
    fits(page)


@pytest.mark.parametrize("width", [1280, 390, 320])
def test_the_figures_of_a_cited_section_stand_beside_its_source(
    new_page: NewPage, book_url: str, site: Site, width: int
) -> None:
    site.say(("The linear inverted pendulum model describes a walking humanoid.", 0))
    page = new_page(viewport={"width": width, "height": 700})
    page.goto(book_url + CHAPTER)
    open_panel(page)
    ask(page, PENDULUM)
    done(page)
    picture = page.get_by_role("img", name=FIGURE)
    picture.scroll_into_view_if_needed()
    page.wait_for_function("(one) => one.naturalWidth > 0", arg=picture.element_handle())
    expect(page.locator(".figures a")).to_have_attribute(
        "href", f"{book_url}{SITE}/img/pendulum.svg"
    )
    assert findings(page) == []
    fits(page)
    site.say(*ANSWER)


LANDED = """(id) => {
  const bar = document.querySelector('.navbar').getBoundingClientRect().bottom;
  return document.getElementById(id).getBoundingClientRect().top - bar;
}"""
CITED = "() => [...(CSS.highlights.get('book-chat-cited') ?? [])].map(String).join()"


@pytest.mark.parametrize("width", [1280, 1440, 1920])
@pytest.mark.parametrize("start", ["glossary", "module-1/ros2-foundations"])
def test_a_citation_lands_at_its_heading_with_the_panel_open(
    new_page: NewPage, book_url: str, site: Site, width: int, start: str
) -> None:
    page = new_page(viewport={"width": width, "height": 860})
    page.goto(f"{book_url}{SITE}/docs/{start}")
    open_panel(page)
    ask(page, QUESTION)
    done(page)
    page.locator(".answer .mark").last.click()
    expect(page).to_have_url(re.compile("#why-humanoid-robots-use-ros-2$"))
    expect(page.locator(".question")).to_have_text(QUESTION)
    heading = "why-humanoid-robots-use-ros-2"
    page.wait_for_function(f"(id) => Math.abs(({LANDED})(id)) < 40", arg=heading)
    page.wait_for_timeout(1500)  # nothing may move it away again
    assert -2 <= page.evaluate(LANDED, heading) < 40
    assert "more sensors, more actuators" in page.evaluate(CITED)
    assert page.evaluate("document.activeElement.localName") == "body"


def test_explaining_a_selection_after_a_reload_shows_the_answer_and_moves_nothing(
    page: Page, site: Site
) -> None:
    open_panel(page)
    for _ in range(2):
        ask(page, QUESTION)
        done(page)
    page.get_by_role("button", name="Close", exact=True).click()
    page.reload()
    expect(page.locator(".launcher")).to_be_visible()
    page.evaluate(SELECT, "h2#what-ros-2-is + p")
    page.evaluate("window.scrollBy(0, 260)")
    paragraph = "document.querySelector('h2#what-ros-2-is + p').getBoundingClientRect().top"
    before = page.evaluate(paragraph)
    page.locator(".selection .ask").click()
    page.get_by_role("button", name="Explain", exact=True).click()
    done(page)
    expect(page.locator(".turn")).to_have_count(3)
    expect(page.locator(".question").last).to_be_in_viewport()
    expect(page.locator(".answer").last).to_be_in_viewport()
    expect(page.locator(".turn").last).to_contain_text("open-source set")
    assert abs(page.evaluate(paragraph) - before) < 4


def test_the_books_own_questions_are_offered_beside_it(page: Page, site: Site) -> None:
    open_panel(page)
    expect(page.locator(".welcome .suggestion").first).to_be_visible()
    shown = page.locator(".welcome .suggestion").all_text_contents()
    asked = page.evaluate("fetch('http://book-chat.test/book').then((one) => one.json())")
    assert shown == asked["suggestions"]


@pytest.mark.parametrize("width", [1000, 1150, 1280, 1440])
def test_the_text_takes_the_room_beside_the_panel(
    new_page: NewPage, book_url: str, site: Site, width: int
) -> None:
    page = new_page(viewport={"width": width, "height": 860})
    page.goto(book_url + CHAPTER)
    open_panel(page)
    title = page.locator("dialog .title span")
    assert title.evaluate("one => one.scrollWidth <= one.clientWidth")
    article = page.locator("article:has(.markdown)").bounding_box()
    panel = page.locator("dialog").bounding_box()
    assert article and panel
    assert 0 < panel["x"] - article["x"] - article["width"] < 60
    ask(page, QUESTION)
    done(page)
    assert title.evaluate("one => one.scrollWidth <= one.clientWidth")

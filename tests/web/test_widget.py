"""The reader widget on somebody else's page: another origin, one script tag."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from standins.server import serve
from tests.web.accessibility import findings
from tests.web.book import QUESTION
from tests.web.conftest import NewPage, Site, ask, done

HOST_PAGE = """<!doctype html>
<html lang="en" data-theme="light"><head><title>A book</title><meta name="viewport"
content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">
<style>body { margin: 0 } article { padding: 2rem; max-width: 34rem }</style></head><body>
<nav>Navigation that is no part of the book</nav>
<article><h1>ROS 2 Foundations</h1>
<p id="p">ROS 2 (Robot Operating System 2) is an open-source set of libraries, tools and
conventions for building robot software out of many small cooperating programs.</p>
<h2 id="what-ros-2-is" style="margin-top: 150vh">What ROS 2 is</h2><p>More.</p></article>
<script src="SERVER/widget.js" async ATTRIBUTES></script></body></html>"""
PATH = "/physical-ai-book/docs/module-1/ros2-foundations"
SELECT = """(query) => {
  const node = document.querySelector(query);
  getSelection().selectAllChildren(node);
}"""


@pytest.fixture
def book_base() -> str:
    return ""


@pytest.fixture
def attributes() -> str:
    return ""


@pytest.fixture
def book_url(site: Site, attributes: str) -> Iterator[str]:
    html = HOST_PAGE.replace("SERVER", site.url).replace("ATTRIBUTES", attributes)

    async def any_page(request: Request) -> Response:
        return HTMLResponse(html)

    with serve(Starlette(routes=[Route("/{path:path}", any_page)])) as url:
        yield url + PATH


@pytest.fixture
def page(new_page: NewPage, book_url: str) -> Page:
    opened = new_page()
    opened.goto(book_url)
    expect(opened.locator(".launcher")).to_be_visible()
    return opened


def open_panel(page: Page) -> None:
    page.get_by_role("button", name="Ask the book").click()
    expect(page.get_by_role("dialog", name="Ask the book")).to_be_visible()


def test_one_script_tag_is_enough_to_ask_and_cite(page: Page, site: Site) -> None:
    open_panel(page)
    expect(page.get_by_label("Your question")).to_be_focused()
    ask(page, QUESTION)
    done(page)
    mark = page.locator(".answer .mark").first
    mark.click()
    expect(page).to_have_url(re.compile(f"{PATH}#what-ros-2-is$"))
    expect(page.locator("#what-ros-2-is")).to_be_in_viewport()
    expect(page.get_by_role("dialog")).to_be_visible()


def test_escape_closes_the_panel_and_gives_the_focus_back(page: Page) -> None:
    open_panel(page)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.locator(".launcher")).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_the_panel_and_the_conversation_survive_a_page_change(page: Page, book_url: str) -> None:
    open_panel(page)
    ask(page, QUESTION)
    done(page)
    page.goto(book_url.replace("module-1", "module-2"))
    expect(page.get_by_role("dialog")).to_be_visible()
    expect(page.locator(".question")).to_have_text(QUESTION)


@pytest.mark.parametrize(
    ("choice", "question", "language"),
    [
        ("Explain", "Explain this passage.", None),
        ("Simplify", "Say this passage in simpler words.", None),
        ("Give an example", "Give an example of what this passage says.", None),
        ("Translate to Urdu", "Translate this passage into Urdu.", "ur"),
    ],
)
def test_selected_text_can_be_asked_about(
    page: Page, site: Site, choice: str, question: str, language: str | None
) -> None:
    sent: list[str | bytes] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
    page.evaluate(SELECT, "#p")
    page.locator(".selection").get_by_role("button", name="Ask the book").click()
    page.get_by_role("button", name=choice, exact=True).click()
    expect(page.get_by_role("dialog")).to_be_visible()
    done(page)
    expect(page.locator(".question")).to_have_text(question)
    expect(page.locator(".quote")).to_contain_text("ROS 2 (Robot Operating System 2)")
    frame = page.evaluate("JSON.parse", str(sent[0]))
    assert frame["section"] == PATH.strip("/")
    assert frame["selected_text"].startswith("ROS 2 (Robot Operating System 2) is an open-source")
    assert frame.get("language") == language


@pytest.mark.parametrize(
    ("tag", "locale", "sent"),
    [
        ("docs-default-1.0", "de", {"version": "1.0", "locale": "de"}),
        # A page beside the docs, and one of a docs plugin whose versions are its own.
        ("default", "en", {"locale": "en"}),
        ("docs-lab-current", "en", {"locale": "en"}),
    ],
)
def test_a_question_says_which_version_and_locale_the_reader_is_on(
    page: Page, tag: str, locale: str, sent: dict[str, str]
) -> None:
    frames: list[str | bytes] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: frames.append(frame)))
    names = {"tag": tag, "locale": locale}
    metas = "".join(f'<meta name="docusaurus_{n}" content="{v}">' for n, v in names.items())
    page.evaluate("html => document.head.insertAdjacentHTML('beforeend', html)", metas)
    open_panel(page)
    ask(page, QUESTION)
    done(page)
    frame = page.evaluate("JSON.parse", str(frames[0]))
    assert {key: frame[key] for key in ("version", "locale") if key in frame} == sent


def test_an_own_question_about_the_selection(page: Page, site: Site) -> None:
    page.evaluate(SELECT, "#p")
    page.locator(".selection").get_by_role("button", name="Ask the book").click()
    page.get_by_role("button", name="Ask my own question").click()
    expect(page.locator(".cited")).to_contain_text("Robot Operating System 2")
    ask(page, "Is it an operating system?")
    done(page)
    _, documents = site.chat.seen[0]
    expect(page.locator(".cited")).to_be_hidden()
    assert documents[0].metadata["heading"] == "What ROS 2 is"


def test_with_a_selection_the_launcher_opens_on_it(page: Page) -> None:
    page.evaluate(SELECT, "#p")
    page.locator(".launcher").press("Enter")
    expect(page.locator(".cited")).to_contain_text("Robot Operating System 2")
    page.get_by_role("button", name="Remove the selected text").click()
    expect(page.locator(".cited")).to_be_hidden()


def test_only_the_books_own_text_is_offered(page: Page) -> None:
    page.evaluate(SELECT, "nav")
    page.wait_for_timeout(400)
    expect(page.locator(".selection")).to_be_hidden()
    page.evaluate(SELECT, "#p")
    expect(page.locator(".selection")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".selection")).to_be_hidden()


def test_the_books_theme_is_followed(page: Page) -> None:
    root = page.locator(".root")
    expect(root).to_have_attribute("data-theme", "light")
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    expect(root).to_have_attribute("data-theme", "dark")
    open_panel(page)
    assert findings(page) == []


def test_on_a_phone_it_covers_the_page_and_gives_way_to_a_source(
    new_page: NewPage, book_url: str
) -> None:
    page = new_page(viewport={"width": 320, "height": 640}, has_touch=True, is_mobile=True)
    page.goto(book_url)
    page.locator(".launcher").tap()
    expect(page.locator("dialog:modal")).to_be_visible()
    assert findings(page) == []
    ask(page, QUESTION)
    done(page)
    page.locator(".answer .mark").first.tap()
    page.get_by_role("link", name="Open in the book").tap()
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.locator("#what-ros-2-is")).to_be_in_viewport()


class TestAttributes:
    @pytest.fixture
    def attributes(self) -> str:
        return (
            'data-title="Ask Physical AI" data-greeting="Salaam!" '
            'data-suggestions="One?|Two?" data-language="ur"'
        )

    def test_title_greeting_suggestions_and_language(self, page: Page) -> None:
        page.locator(".launcher").click()
        expect(page.get_by_role("dialog", name="Ask Physical AI")).to_be_visible()
        expect(page.locator(".greeting")).to_have_text("Salaam!")
        expect(page.locator(".suggestion")).to_have_text(["One?", "Two?"])
        expect(page.locator(".root")).to_have_attribute("dir", "rtl")


class TestForeignOrigin:
    @pytest.fixture
    def overrides(self) -> dict[str, list[str]]:
        return {"allowed_origins": ["https://book.example"]}

    def test_a_page_that_is_not_allowed_has_no_chat(
        self, new_page: NewPage, book_url: str, errors: list[str]
    ) -> None:
        page = new_page()
        with page.expect_console_message(lambda message: "Book Chat is not" in message.text):
            page.goto(book_url)
        expect(page.locator("book-chat")).to_have_count(0)
        errors.clear()

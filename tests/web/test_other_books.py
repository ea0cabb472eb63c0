"""The widget in books of other makers: a page as mdBook lays it out, and one as Material does."""

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
from tests.web.test_widget import SELECT

PATH = "/physical-ai-book/docs/module-1/ros2-foundations"
TEXT = (
    "ROS 2 (Robot Operating System 2) is an open-source set of libraries, tools and conventions "
    "for building robot software out of many small cooperating programs."
)
FILL = "<p>A line that only takes up room.</p>" * 30
ARTICLE = (
    f"<h1>ROS 2 Foundations</h1>{FILL}<h2 id='what-ros-2-is'>What ROS 2 is</h2><p>{TEXT}</p>"
    f"{FILL}<h2 id='why-humanoid-robots-use-ros-2'>Why humanoid robots use ROS 2</h2>"
    f"<p>They combine more sensors and more actuators than almost any other machine.</p>{FILL}"
)
# Each: names of classes, variables and attributes as the maker's theme has them.
MDBOOK = f"""<html lang="en" class="ayu sidebar-visible"><head><style>
html {{ font-size: 62.5%; --bg: hsl(210, 25%, 8%); --fg: #c5c5c5; --links: #0096cf; }}
body {{ margin: 0; font-size: 1.6rem; background: var(--bg); color: var(--fg); }}
#sidebar {{ position: fixed; inset: 0 auto 0 0; width: 300px; }}
.page-wrapper {{ padding-inline-start: 300px; }}
#menu-bar {{ position: sticky; top: 0; height: 50px; background: var(--bg); }}
.content main {{ max-width: 750px; margin: 0 auto; padding: 0 15px; }}
</style></head><body><nav id="sidebar">Chapters</nav><div class="page-wrapper"><div class="page">
<div id="menu-bar">Book</div><div class="content"><main>{ARTICLE}</main></div></div></div>"""
MATERIAL = f"""<html lang="en"><head><style>
html {{ font-size: 125%; }}
body {{ margin: 0; font-size: .5rem; --md-default-bg-color: #1e2129;
  --md-default-fg-color: #e2e4e9; --md-typeset-a-color: #5488e8; color: var(--md-default-fg-color);
  background: var(--md-default-bg-color); --md-text-font-family: monospace; }}
.md-header {{ position: sticky; top: 0; height: 2.4rem; background: #4051b5; }}
.md-main__inner {{ display: flex; max-width: 61rem; margin: auto; }}
.md-sidebar {{ flex: none; width: 12.1rem; }}
.md-content {{ flex-grow: 1; min-width: 0; }}
.md-typeset {{ font-size: .8rem; }}
</style></head><body data-md-color-scheme="slate"><header class="md-header">Book</header>
<div class="md-main__inner"><div class="md-sidebar">Chapters</div>
<div class="md-content"><article class="md-typeset">{ARTICLE}</article></div></div>"""
HEAD = (
    "<title>A book</title><meta name='viewport' content='width=device-width, initial-scale=1'>"
    "<link rel='icon' href='data:,'></head>"
)
ACCENTS = {"mdbook": "rgb(0, 150, 207)", "material": "rgb(84, 136, 232)"}
BARS = {"mdbook": "#menu-bar", "material": ".md-header"}


@pytest.fixture
def book_base() -> str:
    return ""


@pytest.fixture(params=["mdbook", "material"])
def maker(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def book_url(site: Site, maker: str) -> Iterator[str]:
    body = {"mdbook": MDBOOK, "material": MATERIAL}[maker].replace("</head>", HEAD)
    html = f"<!doctype html>{body}<script src='{site.url}/widget.js' async></script></body></html>"

    async def any_page(request: Request) -> Response:
        return HTMLResponse(html)

    with serve(Starlette(routes=[Route("/{path:path}", any_page)])) as url:
        yield url


@pytest.fixture
def page(new_page: NewPage, book_url: str) -> Page:
    opened = new_page(viewport={"width": 1360, "height": 860})
    opened.goto(f"{book_url}/glossary")
    expect(opened.locator(".launcher")).to_be_visible()
    return opened


def test_it_wears_the_books_colours_and_covers_none_of_its_text(page: Page, maker: str) -> None:
    expect(page.locator(".launcher")).to_have_css("background-color", ACCENTS[maker])
    page.locator(".launcher").click()
    expect(page.locator("book-chat .root")).to_have_attribute("data-theme", "dark")
    ask(page, QUESTION)
    done(page)
    text = page.locator("main p, article.md-typeset p").first.bounding_box()
    panel = page.locator("dialog").bounding_box()
    letters = page.locator(".answer p").first.evaluate("one => getComputedStyle(one).fontSize")
    assert text and panel
    assert text["x"] + text["width"] <= panel["x"]
    assert letters == "16px"
    assert panel["width"] == 448
    assert findings(page) == []


def test_a_citation_lands_below_the_books_bar(page: Page, maker: str) -> None:
    page.locator(".launcher").click()
    ask(page, QUESTION)
    done(page)
    page.locator(".answer .mark").last.click()
    expect(page).to_have_url(re.compile(f"{PATH}#why-humanoid-robots-use-ros-2$"))
    distance = f"""() => {{
      const heading = document.querySelector('#why-humanoid-robots-use-ros-2');
      const bar = document.querySelector('{BARS[maker]}').getBoundingClientRect();
      return heading.getBoundingClientRect().top - bar.bottom;
    }}"""
    page.wait_for_function(f"() => Math.abs(({distance})()) < 40")
    page.wait_for_timeout(1000)  # nothing may move it away again
    assert 0 <= page.evaluate(distance) < 40
    expect(page.locator(".question")).to_have_text(QUESTION)


def test_a_selection_is_explained_and_the_search_opens_by_its_keys(page: Page) -> None:
    page.locator("#what-ros-2-is").scroll_into_view_if_needed()
    page.evaluate(SELECT, "#what-ros-2-is + p")
    page.locator(".selection .ask").click()
    page.get_by_role("button", name="Explain", exact=True).click()
    done(page)
    expect(page.locator(".quote")).to_contain_text("open-source set of libraries")
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox", name="Search the book")).to_be_focused()

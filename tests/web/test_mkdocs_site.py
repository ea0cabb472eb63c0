"""The widget in a book that real MkDocs builds, in two themes, with the line of the README.

The service is the one that a newcomer starts: embedded models, no setting but the book's folder.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Page, expect
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from standins.server import serve
from tests.deploy.embedded import serve_embedded
from tests.web.accessibility import findings
from tests.web.conftest import NewPage, ask, done
from tests.web.test_no_overflow import fits
from tests.web.test_widget import SELECT

pytestmark = pytest.mark.slow
THEMES: Final = ("readthedocs", "mkdocs")
QUESTION: Final = "How long does the dough rise?"
LINES: Final = "\n\n".join(["A baker writes down the time and the warmth of the kitchen."] * 12)
RISING: Final = f"""# Rising

{LINES}

## How long the dough rises

The dough rises for four hours at 24 degrees. In a colder kitchen it rises longer.

![The dough before and after it has risen](../img/dough.svg)

{LINES}

## Shaping a loaf

Fold the dough from four sides and turn it over.

| Flour | Water |
|---|---|
| 500 g | 350 g |
"""
PAGES: Final = {
    "index.md": "# Bread at home\n\nA short book about bread made with a starter.\n",
    "starter.md": "# The starter\n\n## Feeding it\n\nFeed the starter every day with flour.\n",
    "dough/rising.md": RISING,
    "img/dough.svg": (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 90 40" width="900" height="400">'
        '<circle cx="20" cy="25" r="9" fill="#b45309"/><circle cx="65" cy="20" r="18"/></svg>'
    ),
}


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bread")
    for name, text in PAGES.items():
        path = folder / "docs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    _configure(folder, "readthedocs", "")
    return folder


def _configure(folder: Path, theme: str, script: str) -> None:
    lines = [
        "site_name: Bread at home",
        f"theme: {{name: {theme}, highlightjs: false}}",  # which other hosts would send
        f"extra_javascript: [{script}]",
    ]
    (folder / "mkdocs.yml").write_text("\n".join(lines), "utf-8")


@pytest.fixture(scope="module")
def service(book: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serve_embedded(tmp_path_factory.mktemp("service"), book) as url:
        yield url


@pytest.fixture(scope="module", params=THEMES)
def book_url(request: pytest.FixtureRequest, book: Path, service: str) -> Iterator[str]:
    _configure(book, request.param, f"{service}/widget.js")
    built = book / f"site-{request.param}"
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(built)]
    subprocess.run(command, cwd=book, check=True, timeout=120)
    with serve(Starlette(routes=[Mount("/", StaticFiles(directory=built, html=True))])) as url:
        yield url


@pytest.fixture(params=[1280, 390, 320])
def page(request: pytest.FixtureRequest, new_page: NewPage, book_url: str) -> Page:
    opened = new_page(viewport={"width": request.param, "height": 800})
    opened.goto(f"{book_url}/starter/")
    expect(opened.locator(".launcher")).to_be_visible()
    return opened


def test_an_answer_cites_a_heading_and_a_click_lands_there(page: Page, book_url: str) -> None:
    fits(page)
    page.locator(".launcher").click()
    expect(page.locator(".suggestion").first).to_be_visible()
    expect(page.get_by_role("button", name="اردو")).to_have_count(0)
    ask(page, QUESTION)
    done(page)
    expect(page.locator(".answer")).to_contain_text("four hours at 24 degrees")
    picture = page.get_by_role("img", name="The dough before and after it has risen")
    picture.scroll_into_view_if_needed()
    page.wait_for_function("(one) => one.naturalWidth > 0", arg=picture.element_handle())
    fits(page)
    assert findings(page) == []
    page.locator(".sources ol .heading").first.click()
    expect(page).to_have_url(f"{book_url}/dough/rising/#how-long-the-dough-rises")
    heading = page.locator("#how-long-the-dough-rises")
    page.wait_for_function(
        "(one) => one.getBoundingClientRect().top >= -2 && one.getBoundingClientRect().top < 140",
        arg=heading.element_handle(),
    )
    cited = "[...(CSS.highlights.get('book-chat-cited') ?? [])].map(String).join()"
    page.wait_for_function(f"() => {cited}.includes('four hours at 24 degrees')")
    fits(page)


@pytest.mark.parametrize("width", [1000, 1280, 1600])
def test_the_panel_covers_none_of_the_text(new_page: NewPage, book_url: str, width: int) -> None:
    page = new_page(viewport={"width": width, "height": 800})
    page.goto(f"{book_url}/dough/rising/")
    paragraph = page.locator("#how-long-the-dough-rises + p")
    before = paragraph.bounding_box()
    page.locator(".launcher").click()
    panel, text = page.locator("book-chat dialog").bounding_box(), paragraph.bounding_box()
    assert panel and text
    assert text["x"] + text["width"] <= panel["x"]
    fits(page)
    page.get_by_role("button", name="Close", exact=True).click()
    assert paragraph.bounding_box() == before


def test_typing_does_not_reach_the_books_own_shortcuts(page: Page, book_url: str) -> None:
    """In MkDocs' own theme "n" and "p" turn the page and "s" opens its search."""
    page.locator(".launcher").click()
    field = page.get_by_label("Your question")
    expect(field).to_be_focused()
    page.keyboard.type("snp?")
    expect(field).to_have_value("snp?")
    expect(page.locator("#mkdocs_search_modal, #mkdocs_keyboard_modal").first).to_be_hidden()
    assert page.url == f"{book_url}/starter/"
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_selected_paragraph_is_explained_from_its_section(page: Page, book_url: str) -> None:
    page.goto(f"{book_url}/dough/rising/")
    heading = page.locator("#how-long-the-dough-rises")
    heading.scroll_into_view_if_needed()
    page.evaluate(SELECT, "#how-long-the-dough-rises + p")
    page.locator(".selection .ask").click()
    expect(page.get_by_role("button", name="Translate")).to_have_count(0)
    page.get_by_role("button", name="Explain", exact=True).click()
    done(page)
    expect(page.locator(".quote")).to_contain_text("four hours at 24 degrees")
    expect(page.locator(".sources ol .heading").first).to_have_text("How long the dough rises")
    page.keyboard.press("Control+k")
    field = page.get_by_role("combobox", name="Search the book")
    expect(field).to_be_focused()
    field.fill("shap")
    expect(page.get_by_role("option", name=re.compile("Shaping a loaf"))).to_be_visible()
    fits(page)

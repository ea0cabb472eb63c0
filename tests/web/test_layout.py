"""How the page stands on screens of different widths, and in the reader's own language."""

import pytest
from playwright.sync_api import FloatRect, Page, expect

from tests.web.book import QUESTION
from tests.web.conftest import NewPage, Site, ask, done

MARKS_APART = """() => {
  const root = document.querySelector('book-chat').shadowRoot;
  return [...root.querySelectorAll('.answer sup')].filter((sup) => {
    const before = document.createRange();
    before.setStart(sup.previousSibling, sup.previousSibling.length - 1);
    before.setEnd(sup.previousSibling, sup.previousSibling.length);
    return sup.getBoundingClientRect().left < before.getBoundingClientRect().right - 1;
  }).length;
}"""


def opened(new_page: NewPage, site: Site, width: int, **options: str) -> Page:
    page = new_page(viewport={"width": width, "height": 800}, **options)
    page.goto(site.url)
    expect(page.locator("textarea")).to_be_visible()
    return page


def box(page: Page, selector: str) -> FloatRect:
    found = page.locator(selector).first.bounding_box()
    assert found is not None
    return found


@pytest.mark.parametrize("width", [1920, 1280])
def test_the_answer_stands_above_the_composer(new_page: NewPage, site: Site, width: int) -> None:
    page = opened(new_page, site, width)
    ask(page, QUESTION)
    done(page)
    assert abs(box(page, ".answer")["x"] - box(page, ".field")["x"]) <= 1
    sources = box(page, ".sources")
    assert sources["x"] + sources["width"] < width - 15
    assert abs(sources["y"] - box(page, ".answer")["y"]) < 30


def test_a_small_phone_shows_the_field_and_the_votes_in_one_line(
    new_page: NewPage, site: Site
) -> None:
    page = opened(new_page, site, 320)
    assert page.locator("textarea").evaluate("one => one.scrollHeight") < 45
    ask(page, QUESTION)
    done(page)
    heights = page.locator(".actions > button").evaluate_all(
        "all => all.map((one) => one.getBoundingClientRect().top)"
    )
    assert len(heights) == 5
    assert max(heights) - min(heights) <= 1
    assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_sharing_and_searching_fit_a_small_phone(new_page: NewPage, site: Site) -> None:
    page = opened(new_page, site, 320)
    ask(page, QUESTION)
    done(page)
    page.get_by_role("button", name="Your conversations").click()
    page.get_by_role("button", name=f"Share by a link: {QUESTION}").click()
    question = page.get_by_text("Anyone with the link")
    assert question.evaluate("one => one.getBoundingClientRect().width") > 180
    page.get_by_role("button", name="Make the link").click()
    end = page.get_by_role("button", name="End the link").bounding_box()
    dialog = box(page, ".palette-box")
    assert end
    assert end["x"] + end["width"] <= dialog["x"] + dialog["width"]
    page.keyboard.press("Escape")
    site.store.chunks[0].page_content += "\n\n```xml title=x.xml\n" + "<computer/> " * 200 + "\n```"
    page.keyboard.press("Control+k")
    page.get_by_role("combobox").fill("computer")
    expect(page.locator(".snippet").first).to_be_visible()
    assert box(page, ".snippet")["height"] < 70
    assert "title=x.xml" not in page.locator(".snippet").first.inner_text()


def test_a_name_in_a_table_stays_whole(new_page: NewPage, site: Site) -> None:
    site.say("| Part | Use |\n|---|---|\n| `joint_trajectory_controller` | It moves arms. |\n")
    page = opened(new_page, site, 320)
    ask(page, QUESTION)
    done(page)
    assert box(page, ".answer td code")["height"] < 30
    assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_no_line_ends_between_a_sentence_and_its_mark(new_page: NewPage, site: Site) -> None:
    words = "Robots use ROS 2 libraries and tools today"
    site.say(*(piece for end in "!?.:" for piece in ((f"{words}{end}", 0), " ")))
    page = opened(new_page, site, 420)
    ask(page, QUESTION)
    done(page)
    expect(page.locator(".answer .mark")).to_have_count(4)
    for width in range(320, 420, 3):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate(MARKS_APART) == 0, width


def test_the_page_speaks_the_browsers_language(new_page: NewPage, site: Site) -> None:
    page = opened(new_page, site, 390, locale="ur-PK")
    expect(page.locator(".root")).to_have_attribute("dir", "rtl")
    expect(page.locator(".root")).to_have_attribute("lang", "ur")
    expect(page.locator(".title span")).to_have_attribute("dir", "ltr")
    page = opened(new_page, site, 390, locale="fi")
    expect(page.locator(".root")).to_have_attribute("lang", "en")

"""The chat page in a real browser: asking, reading, citing, rating, forgetting."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from errors import RetryLater
from tests.web.book import QUESTION, UNKNOWN
from tests.web.conftest import NewPage, Site, ask, done

PICTURE = Path(__file__).parents[2] / "docs" / "images" / "phone.png"
LIVE_COUNT = """() => {
  const live = document.querySelector('book-chat').shadowRoot.querySelector('.live');
  window.said = [];
  new MutationObserver(() => window.said.push(live.textContent)).observe(live, {childList: true});
}"""


def test_an_answer_carries_marks_that_lead_to_the_exact_headings(page: Page, site: Site) -> None:
    ask(page, QUESTION)
    done(page)
    marks = page.locator(".answer .mark")
    expect(marks).to_have_text(["1", "2"])
    base = "http://book.test/physical-ai-book/docs/module-1/ros2-foundations"
    expect(marks.first).to_have_attribute("href", f"{base}#what-ros-2-is")
    expect(marks.last).to_have_attribute("href", f"{base}#why-humanoid-robots-use-ros-2")
    expect(page.locator(".answer p").first).to_contain_text("tools and conventions1 for building")
    expect(page.locator(".sources ol .heading")).to_have_text(
        ["What ROS 2 is", "Why humanoid robots use ROS 2"]
    )


def test_the_text_appears_while_it_is_being_written(page: Page, site: Site) -> None:
    site.hold(2)
    ask(page, QUESTION)
    expect(page.locator(".answer")).to_contain_text("small cooperating programs")
    expect(page.locator(".answer")).to_have_attribute("aria-busy", "true")
    expect(page.locator(".answer .mark")).to_have_count(1)
    site.go_on()
    done(page)
    expect(page.locator(".answer table")).to_be_visible()


def test_stop_ends_the_answer_and_the_model(page: Page, site: Site) -> None:
    site.hold(2)
    ask(page, QUESTION)
    expect(page.locator(".answer")).to_contain_text("small cooperating programs")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".note")).to_have_text("Stopped here.")
    expect(page.locator(".answer")).to_contain_text("small cooperating programs")
    assert site.chat.closed == [True]
    site.chat.gate = None
    ask(page, QUESTION)
    done(page)
    expect(page.locator(".turn")).to_have_count(2)


def test_offsets_count_characters_and_not_utf_16_units(page: Page, site: Site) -> None:
    site.say("🤖🦿 Note: ", ("ROS 2 is a set of libraries", 0), " for robots.")
    ask(page, QUESTION)
    done(page)
    expect(page.locator(".answer p")).to_have_text(
        "🤖🦿 Note: ROS 2 is a set of libraries1 for robots."
    )


def test_a_source_cited_again_in_the_same_sentence_has_one_mark(page: Page, site: Site) -> None:
    site.say(("ROS 2 libraries", 0), " and ", ("ROS 2 tools", 0), ". ", ("ROS 2 conventions", 0))
    ask(page, QUESTION)
    done(page)
    text = "ROS 2 libraries and ROS 2 tools1. ROS 2 conventions1"
    expect(page.locator(".answer p")).to_have_text(text)


def test_a_mark_shows_its_passage_on_hover_and_on_focus(page: Page, site: Site) -> None:
    ask(page, QUESTION)
    done(page)
    mark, card = page.locator(".answer .mark").first, page.locator(".card")
    mark.hover()
    expect(card).to_contain_text("many small cooperating programs")
    card.hover()
    expect(card).to_be_visible()
    page.keyboard.press("Escape")
    expect(card).to_be_hidden()
    page.locator(".answer .mark").last.focus()
    expect(card).to_contain_text("more sensors, more actuators")
    expect(page.locator(".answer .mark").last).to_have_attribute("aria-describedby", "card")


class TestWithoutAPublishedBook:
    @pytest.fixture
    def book_base(self) -> str:
        return ""

    def test_a_mark_opens_the_services_own_page_at_the_heading(
        self, page: Page, site: Site
    ) -> None:
        ask(page, QUESTION)
        done(page)
        with page.context.expect_page() as opened:
            page.locator(".answer .mark").first.click()
        shown = opened.value
        expect(shown.locator("#what-ros-2-is")).to_be_in_viewport()
        assert shown.url.startswith(f"{site.url}/pages/")
        expect(shown.locator("body")).to_contain_text("it is not an operating system")


def test_what_the_model_writes_never_becomes_markup(page: Page, site: Site) -> None:
    evil = (
        "<img src=x onerror=alert(1)> <script>alert(2)</script> [a](javascript:alert(3)) "
        "[b](data:text/html,x) ![c](https://evil.example/pixel.png) <https://ok.example> "
        '[d](https://x.example/"onmouseover=alert(4)) $\\href{javascript:x}{y}$\n\n'
        "| <b>x</b> |\n|---|\n| <svg onload=alert(5)> |\n"
    )
    site.say(evil)
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    ask(page, QUESTION)
    done(page)
    answer = page.locator(".answer")
    expect(answer.locator("img, script, svg:not(.icon), b, iframe")).to_have_count(0)
    expect(answer).to_contain_text("<img src=x onerror=alert(1)> <script>alert(2)</script>")
    hrefs = answer.locator("a").evaluate_all("links => links.map((link) => link.protocol)")
    assert set(hrefs) <= {"https:", "http:"}
    handlers = answer.locator("[onmouseover], [onerror], [onload]")
    expect(handlers).to_have_count(0)


def test_a_question_beyond_the_book_gets_the_nearest_sections(page: Page, site: Site) -> None:
    ask(page, UNKNOWN)
    done(page)
    expect(page.locator(".answer")).to_contain_text("could not find an answer")
    expect(page.get_by_role("heading", name="Nearest sections")).to_be_visible()
    expect(page.locator(".sources .heading").first).to_be_visible()
    expect(page.locator(".mark")).to_have_count(0)


def test_a_degraded_answer_says_so_politely(page: Page, site: Site) -> None:
    site.store.fails["embedding"] = RetryLater("embedding is away")
    ask(page, QUESTION)
    done(page)
    expect(page.locator(".degraded")).to_contain_text("It still comes from the book")


def test_an_error_is_told_kindly_and_the_question_can_be_asked_again(
    page: Page, site: Site
) -> None:
    expect(page.locator(".suggestion").first).to_be_visible()
    site.store.fails["store"] = RetryLater("away", code="retrieval_unavailable", retry_after=1)
    ask(page, QUESTION)
    problem = page.get_by_role("alert")
    expect(problem).to_contain_text("The book's index cannot be reached")
    site.store.fails.clear()
    page.get_by_role("button", name="Ask again", exact=True).click()
    done(page)
    expect(page.locator(".turn")).to_have_count(1)
    expect(page.locator(".answer .mark")).to_have_count(2)


def test_a_model_that_fails_midway_leaves_what_has_come(page: Page, site: Site) -> None:
    site.say("ROS 2 is ", RetryLater("gone"))
    ask(page, QUESTION)
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.locator(".answer")).to_have_text("ROS 2 is")


def test_thumbs_and_a_comment_reach_the_server(page: Page, site: Site) -> None:
    ask(page, QUESTION)
    done(page)
    page.get_by_role("button", name="Not helpful").click()
    expect(page.get_by_role("button", name="Not helpful")).to_have_attribute("aria-pressed", "true")
    page.get_by_label("What was good or missing?").fill("Say more about DDS.")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Thank you.")).to_be_visible()
    assert list(site.memory.ratings.values()) == [("down", "Say more about DDS.")]


def test_the_conversation_is_there_after_a_reload(page: Page, site: Site) -> None:
    ask(page, QUESTION)
    done(page)
    page.reload()
    expect(page.locator(".question")).to_have_text(QUESTION)
    expect(page.locator(".answer .mark")).to_have_count(2)
    ask(page, "And why do humanoid robots use it?")
    done(page)
    assert [len(turns) for turns in site.memory.stored.values() if turns] == [2]


def test_an_answer_goes_on_through_a_reload(page: Page, site: Site) -> None:
    site.hold(2)
    ask(page, QUESTION)
    expect(page.locator(".answer")).to_contain_text("small cooperating programs")
    page.reload()
    expect(page.locator(".answer")).to_contain_text("small cooperating programs")
    site.go_on()
    done(page)
    expect(page.locator(".answer")).to_contain_text("height of the centre of mass")
    assert len(site.chat.seen) == 1


def test_a_new_chat_is_another_session(page: Page, site: Site) -> None:
    ask(page, QUESTION)
    done(page)
    page.get_by_role("button", name="New chat").click()
    expect(page.locator(".turn")).to_have_count(0)
    expect(page.locator(".greeting")).to_be_visible()
    ask(page, QUESTION)
    done(page)
    assert [len(turns) for turns in site.memory.stored.values() if turns] == [1, 1]


def test_clear_my_data_deletes_every_session_of_this_browser(page: Page, site: Site) -> None:
    ask(page, QUESTION)
    done(page)
    page.get_by_role("button", name="New chat").click()
    ask(page, QUESTION)
    done(page)
    page.get_by_role("button", name="Clear my data").click()
    page.get_by_role("button", name="Delete all").click()
    expect(page.get_by_text("Your conversations were deleted.")).to_be_visible()
    assert not any(site.memory.stored.values())
    assert page.evaluate("localStorage.length") == 0
    assert page.context.cookies() == []


def test_a_session_that_the_server_forgot_is_replaced(
    page: Page, site: Site, errors: list[str]
) -> None:
    ask(page, QUESTION)
    done(page)
    site.memory.stored.clear()
    ask(page, QUESTION)
    done(page)
    expect(page.locator(".answer").last.locator(".mark")).to_have_count(2)
    site.memory.stored.clear()
    page.reload()
    expect(page.locator(".greeting")).to_be_visible()
    ask(page, QUESTION)
    done(page)
    # The browser itself logs the 404 of the forgotten session.
    assert all("404" in error for error in errors)
    errors.clear()


def test_an_answer_is_copied_as_markdown_with_its_sources(new_page: NewPage, site: Site) -> None:
    page = new_page(permissions=["clipboard-read", "clipboard-write"])
    page.goto(site.url)
    ask(page, QUESTION)
    done(page)
    page.get_by_role("button", name="Copy as Markdown").click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(f"**{QUESTION}**\n\nROS 2 is an open-source set")
    assert "tools and conventions[1] for building" in copied
    assert "1. [ROS 2 Foundations › What ROS 2 is](http://book.test/physical-ai-book/" in copied
    page.get_by_role("button", name="Copy code").click()
    code = page.evaluate("navigator.clipboard.readText()")
    assert code.startswith("import rclpy\n")
    assert code.endswith("self.create_timer(0.002, self.step)")


def test_everything_is_reachable_by_keyboard(page: Page, site: Site) -> None:
    expect(page.get_by_label("Your question")).to_be_focused()
    page.keyboard.type("one")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("two")
    expect(page.get_by_label("Your question")).to_have_value("one\ntwo")
    page.get_by_label("Your question").fill(QUESTION)
    page.keyboard.press("Enter")
    done(page)
    names = []
    for _ in range(20):
        page.keyboard.press("Shift+Tab")
        names.append(
            page.evaluate(
                """() => {
                  const one = document.querySelector('book-chat').shadowRoot.activeElement;
                  return one?.getAttribute('aria-label') || one?.textContent.trim() || '';
                }"""
            )
        )
    for name in ["Not helpful", "Copy as Markdown", "Source 1: What ROS 2 is", "New chat"]:
        assert name in names, name


def test_assistive_technology_hears_whole_answers_and_no_tokens(page: Page, site: Site) -> None:
    expect(page.get_by_label("Your question")).to_be_visible()
    page.evaluate(LIVE_COUNT)
    ask(page, QUESTION)
    done(page)
    page.wait_for_function(
        "() => window.said.length > 0 && window.said.at(-1).startsWith('Answer')"
    )
    said = page.evaluate("window.said")
    assert len(said) <= 2
    assert "tools and conventions" in said[-1]


def test_the_interface_changes_its_language_and_direction(page: Page, site: Site) -> None:
    ask(page, QUESTION)
    done(page)
    page.get_by_role("button", name="اردو").click()
    root = page.locator(".root")
    expect(root).to_have_attribute("dir", "rtl")
    expect(root).to_have_attribute("lang", "ur")
    expect(page.locator(".answer p").first).to_have_attribute("dir", "ltr")
    page.reload()
    expect(root).to_have_attribute("lang", "ur")
    page.get_by_role("button", name="English").click()
    expect(root).to_have_attribute("dir", "ltr")


def test_a_book_without_urdu_pages_offers_no_urdu(new_page: NewPage, site: Site) -> None:
    site.store.languages = ["en"]
    page = new_page(locale="ur-PK")
    page.goto(site.url)
    expect(page.locator(".suggestion").first).to_be_visible()
    expect(page.locator(".root")).to_have_attribute("lang", "en")
    expect(page.get_by_role("button", name="اردو")).to_have_count(0)


class TestWithTheAuthorsWishes:
    @pytest.fixture
    def overrides(self) -> dict[str, Any]:
        return {
            "page_title": "Robots at Home",
            "page_greeting": "What should the robot do?",
            "page_lead": "Ask in your own words.",
            "page_suggestions": "What is a node?|What is a topic?",
            "page_languages": "ur",
            "page_accent": "rgb(0, 90, 60)",
            "page_logo": "https://logo.test/sign.png",
        }

    def test_title_words_questions_language_colour_and_logo_are_theirs(
        self, new_page: NewPage, site: Site
    ) -> None:
        page = new_page()
        page.route("https://logo.test/*", lambda route: route.fulfill(path=PICTURE))
        page.goto(site.url)
        expect(page.locator(".root")).to_have_attribute("lang", "ur")
        expect(page.locator(".greeting")).to_have_text("What should the robot do?")
        expect(page.get_by_text("Ask in your own words.")).to_be_visible()
        expect(page.locator(".suggestion")).to_have_text(["What is a node?", "What is a topic?"])
        expect(page.get_by_role("heading", name="Robots at Home")).to_be_visible()
        expect(page.get_by_role("button", name="English")).to_have_count(0)
        expect(page.locator(".icon-book")).to_have_count(0)
        page.wait_for_function(
            "() => document.querySelector('book-chat').shadowRoot.querySelector('img').naturalWidth"
        )
        page.locator("textarea").fill("?")
        expect(page.locator(".submit")).to_have_css("background-color", "rgb(0, 90, 60)")


def test_a_long_question_is_counted_down(page: Page, site: Site) -> None:
    page.get_by_label("Your question").fill("x" * 1900)
    expect(page.get_by_text("100 characters left")).to_be_visible()


def test_the_system_theme_is_followed_without_a_reload(page: Page, site: Site) -> None:
    root = page.locator(".root")
    expect(root).to_have_attribute("data-theme", "light")
    page.emulate_media(color_scheme="dark")
    expect(root).to_have_attribute("data-theme", "dark")

"""What surrounds an answer: search, conversations, follow-ups, first index, voice, editing."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.web.accessibility import findings
from tests.web.book import QUESTION
from tests.web.conftest import NewPage, Site, ask, done

SPEECH = """() => {
  window.SpeechRecognition = class {
    start() {
      const said = [{0: {transcript: 'What is ROS 2?'}}];
      setTimeout(() => { this.onresult({results: said}); this.onend(); }, 20);
    }
    stop() {}
  };
}"""


def test_the_welcome_offers_questions_of_the_book_itself(page: Page, site: Site) -> None:
    expect(page.locator(".suggestion").first).to_be_visible()
    assert page.evaluate("fetch('book').then(r => r.json()).then(b => b.page.title)") == ""
    shown = page.locator(".suggestion").all_text_contents()
    assert shown == page.evaluate("fetch('book').then(r => r.json()).then(b => b.suggestions)")


def test_search_as_you_type_opens_a_hit_or_asks(page: Page, site: Site) -> None:
    expect(page.get_by_label("Your question")).to_be_focused()
    page.keyboard.press("Control+k")
    field = page.get_by_role("combobox", name="Search the book")
    expect(field).to_be_focused()
    field.press_sequentially("inverted pendulum")
    hit = page.get_by_role("option").filter(has_text="The linear inverted pendulum model")
    expect(hit.locator("mark").first).to_be_visible()
    expect(hit).to_have_attribute("href", re.compile("#the-linear-inverted-pendulum"))
    assert findings(page) == []
    page.keyboard.press("Escape")
    expect(field).to_be_hidden()
    page.keyboard.press("Control+k")
    field.fill(QUESTION)
    page.keyboard.press("Enter")
    done(page)
    expect(page.locator(".question")).to_have_text(QUESTION)


def test_arrow_keys_choose_a_hit(page: Page, site: Site) -> None:
    page.get_by_role("button", name="Search the book").click()
    expect(page.get_by_role("combobox", name="Search the book")).to_be_focused()
    page.keyboard.type("ROS 2")
    expect(page.get_by_role("option").nth(1)).to_be_visible()
    page.keyboard.press("ArrowDown")
    chosen = page.locator("[role=option][aria-selected=true]")
    expect(chosen).to_have_attribute("id", "hit-1")
    with page.context.expect_page():
        page.keyboard.press("Enter")


def test_conversations_are_listed_renamed_exported_and_deleted(page: Page, site: Site) -> None:
    ask(page, QUESTION)
    done(page)
    page.get_by_role("button", name="New chat").click()
    ask(page, "Why do humanoid robots use it?")
    done(page)
    page.get_by_role("button", name="Your conversations").click()
    rows = page.locator(".chat-row")
    expect(rows).to_have_count(2)
    assert findings(page) == []
    page.get_by_role("button", name=f"Rename: {QUESTION}").click()
    page.get_by_label("Name of the conversation").fill("Basics")
    page.get_by_role("button", name="Save").click()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Export as Markdown: Basics").click()
    text = saved.value.path().read_text("utf-8")
    assert text.startswith(f"**{QUESTION}**")
    assert "What ROS 2 is](http://book.test/" in text
    page.get_by_role("button", name="Basics", exact=True).click()
    expect(page.locator(".question")).to_have_text(QUESTION)
    page.get_by_role("button", name="Your conversations").click()
    page.get_by_role("button", name="Delete: Basics").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(rows).to_have_count(1)
    assert len([turns for turns in site.memory.stored.values() if turns]) == 1


def test_a_conversation_is_shared_for_reading_until_its_reader_ends_it(
    page: Page, new_page: NewPage, site: Site, errors: list[str]
) -> None:
    ask(page, QUESTION)
    done(page)
    page.get_by_role("button", name="Your conversations").click()
    page.get_by_role("button", name=f"Share by a link: {QUESTION}").click()
    expect(page.get_by_text("can read this conversation as it stands now")).to_be_visible()
    page.get_by_role("button", name="Make the link").click()
    link = page.get_by_label("Link for reading").input_value()
    assert link.startswith(f"{site.url}/?shared=")
    assert findings(page) == []
    page.keyboard.press("Escape")
    ask(page, "And what is a node?")
    done(page)

    guest = new_page()
    guest.goto(link)
    expect(guest.locator(".question")).to_have_text(QUESTION)
    expect(guest.locator(".answer .mark")).to_have_count(2)
    expect(guest.locator("textarea")).to_be_hidden()
    expect(guest.get_by_role("button", name="Helpful")).to_have_count(0)
    assert guest.evaluate("Object.values(localStorage).join()").count("session-1") == 0
    assert findings(guest) == []
    guest.get_by_role("link", name="Ask the book yourself").click()
    expect(guest.locator("textarea")).to_be_visible()

    page.get_by_role("button", name="Your conversations").click()
    page.get_by_role("button", name=f"Share by a link: {QUESTION}").click()
    page.get_by_role("button", name="End the link").click()
    expect(page.get_by_role("button", name=f"Share by a link: {QUESTION}")).to_be_visible()
    guest.goto(link)
    expect(guest.get_by_role("alert")).to_have_text("This link has ended, or it never was.")
    # The browser itself logs the 404 of the link.
    assert all("404" in error for error in errors)
    errors.clear()


FOCUSED = """() => {
  const one = document.querySelector('book-chat').shadowRoot.activeElement;
  return one?.getAttribute('aria-label') || one?.textContent || '';
}"""


def test_conversations_are_managed_by_keyboard_alone(page: Page, site: Site) -> None:
    ask(page, QUESTION)
    done(page)

    def focused(name: str) -> None:
        page.wait_for_function(f"(name) => ({FOCUSED})() === name", arg=name)

    def reach(name: str, key: str = "Tab") -> None:
        for _ in range(40):
            if page.evaluate(FOCUSED) == name:
                return
            page.keyboard.press(key)
        raise AssertionError(f"{name} was not reached")

    reach("Your conversations", "Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Your conversations")).to_be_visible()
    reach(f"Rename: {QUESTION}")
    page.keyboard.press("Enter")
    focused("Name of the conversation")
    page.keyboard.type("Basics")
    page.keyboard.press("Enter")
    focused("Basics")
    reach("Share by a link: Basics")
    page.keyboard.press("Enter")
    focused("Cancel")
    page.keyboard.press("Enter")
    focused("Basics")
    reach("Delete: Basics")
    page.keyboard.press("Enter")
    focused("Keep")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("There are no conversations")).to_be_visible()
    focused("Close")
    page.keyboard.press("Enter")
    focused("Your conversations")


def test_sources_stand_beside_the_answer_while_it_is_written(new_page: NewPage, site: Site) -> None:
    page = new_page(viewport={"width": 1280, "height": 860})
    page.goto(site.url)
    site.hold(2)
    ask(page, QUESTION)
    expect(page.locator(".answer")).to_contain_text("small cooperating programs")
    answer = page.locator(".answer").bounding_box()
    source = page.locator(".sources .heading").first.bounding_box()
    assert answer and source
    assert source["x"] > answer["x"] + answer["width"]
    assert abs(source["y"] - answer["y"]) < 120
    site.go_on()
    done(page)


def test_the_comment_box_opens_in_sight(page: Page, site: Site) -> None:
    ask(page, QUESTION)
    done(page)
    page.get_by_role("button", name="Not helpful").click()
    page.get_by_label("What was good or missing?").wait_for()
    box = page.locator(".comment form").bounding_box()
    foot = page.locator(".foot").bounding_box()
    assert box and foot
    assert box["y"] + box["height"] <= foot["y"]


def test_rows_of_a_table_share_one_mark(page: Page, site: Site) -> None:
    rows: list[Any] = ["| Need | Offer |\n|---|---|\n"]
    for row in ("| Computers | DDS |", "| Sensors | QoS |", "| Teams | Packages |"):
        rows += [(row, 0), "\n"]
    site.say(*rows, "\nThat is all.")
    ask(page, QUESTION)
    done(page)
    expect(page.locator(".answer table .mark")).to_have_count(1)
    expect(page.locator(".answer tr").last.locator(".mark")).to_have_count(1)


def test_code_carries_its_file_name_and_its_mark_in_the_bar(page: Page, site: Site) -> None:
    site.say(('```python title="balance.py"\nrobot = "humanoid"\n```', 0), "\n")
    ask(page, QUESTION)
    done(page)
    bar = page.locator(".answer figcaption")
    expect(bar.locator(".file")).to_have_text("balance.py")
    expect(bar.locator(".mark")).to_have_text("1")


def test_copied_marks_break_no_code_formula_or_table(new_page: NewPage, site: Site) -> None:
    page = new_page(permissions=["clipboard-read", "clipboard-write"])
    page.goto(site.url)
    code = '```python\nrobot = "humanoid"\n```'
    formula = "Humanoid robots use ROS 2:\n\n$$\nx = 1\n$$"
    table = "| ROS 2 | DDS |\n|---|---|\n| Nodes | Topics |"
    site.say((code, 0), "\n\n", (formula, 0), "\n\n", (table, 0), "\n\n", ("An end.", 0))
    ask(page, QUESTION)
    done(page)
    page.get_by_role("button", name="Copy as Markdown").click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert f"{code}\n\n[1]\n\n{formula}\n\n[1]\n\n" in copied
    assert "| Nodes | Topics [1] |\n\nAn end.[1]" in copied


def test_a_long_passages_card_keeps_its_link_in_sight(new_page: NewPage, site: Site) -> None:
    page = new_page(viewport={"width": 320, "height": 640}, has_touch=True, is_mobile=True)
    page.goto(site.url)
    site.store.chunks[1].page_content += " More about its tools and libraries." * 12
    ask(page, QUESTION)
    done(page)
    page.locator(".answer .mark").first.tap()
    card, link = page.locator(".card"), page.locator(".card .open")
    expect(link).to_be_in_viewport(ratio=1)
    outer, inner = card.bounding_box(), link.bounding_box()
    assert outer and inner
    assert inner["y"] + inner["height"] < outer["y"] + outer["height"]


def test_the_placeholder_reads_in_the_interfaces_direction(page: Page, site: Site) -> None:
    page.get_by_role("button", name="اردو").click()
    field = page.get_by_label("آپ کا سوال")
    expect(field).to_have_css("direction", "rtl")
    field.fill("What is ROS 2?")
    expect(field).to_have_css("direction", "ltr")


def test_a_spoken_question_stands_in_the_field(new_page: NewPage, site: Site) -> None:
    page = new_page()
    page.add_init_script(f"({SPEECH})()")
    page.goto(site.url)
    page.get_by_role("button", name="Dictate").click()
    expect(page.get_by_label("Your question")).to_have_value("What is ROS 2?")


class TestWhileTheBookIsBeingIndexed:
    def test_the_page_says_how_far_it_is(
        self, page: Page, site: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        state = {"state": "running", "done": 7, "total": 40}
        monkeypatch.setattr(site.services.indexing, "state", lambda: state)
        page.reload()
        expect(page.locator(".index")).to_contain_text("7 of 40 passages")
        monkeypatch.setattr(site.services.indexing, "state", lambda: {"state": "done"})
        expect(page.locator(".index")).to_be_hidden()

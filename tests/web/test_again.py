"""Answers made again and questions changed: what is seen stays so after a reload."""

import pytest
from playwright.sync_api import Page, expect

from errors import RetryLater
from tests.web.book import ANSWER, QUESTION
from tests.web.conftest import Site, ask, done

SECOND = "Why do humanoid robots use it?"
BETTER = [("ROS 2 is middleware.", 0)]
ABOUT = """(question) => document.querySelector('book-chat').ask(
  { question, selected_text: 'ROS 2 is an open-source set of libraries.', section: 'module-1' })"""


def again(page: Page) -> None:
    page.get_by_role("button", name="Answer again").last.click()


def shown(page: Page) -> list[str]:
    """Questions and the beginnings of their answers."""
    asked = page.locator(".question").all_text_contents()
    answered = page.locator(".answer").all_text_contents()
    return [f"{q} {a[:20]}" for q, a in zip(asked, answered, strict=True)]


def reloaded(page: Page, turns: int) -> list[str]:
    page.reload()
    expect(page.locator(".turn")).to_have_count(turns)
    return shown(page)


def test_an_answer_made_again_stands_in_place_of_the_one_before_also_after_a_reload(
    page: Page, site: Site
) -> None:
    for question in (QUESTION, SECOND):
        ask(page, question)
        done(page)
    site.say(*BETTER)
    again(page)
    expect(page.locator(".answer").last).to_contain_text("ROS 2 is middleware")
    done(page)
    expect(page.locator(".turn")).to_have_count(2)
    before = shown(page)
    assert reloaded(page, 2) == before
    again(page)
    done(page)
    assert reloaded(page, 2) == before
    page.get_by_role("button", name="Your conversations").click()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Export as Markdown").click()
    assert saved.value.path().read_text("utf-8").count("**Why do humanoid") == 1


def test_a_changed_question_takes_the_place_of_the_old_one(page: Page, site: Site) -> None:
    for question in ("What is a lifecycle node in ROS 2?", SECOND):
        ask(page, question)
        done(page)
    page.get_by_role("button", name="Edit the question").first.click()
    field = page.get_by_label("Your question")
    expect(field).to_have_value("What is a lifecycle node in ROS 2?")
    expect(field).to_be_focused()
    expect(page.locator(".changing")).to_be_visible()
    field.fill(QUESTION)
    page.keyboard.press("Enter")
    done(page)
    expect(page.locator(".changing")).to_be_hidden()
    expect(page.locator(".question")).to_have_text([SECOND, QUESTION])
    before = shown(page)
    assert reloaded(page, 2) == before


def test_a_change_can_be_left_and_the_next_question_is_a_new_one(page: Page, site: Site) -> None:
    ask(page, QUESTION)
    done(page)
    page.get_by_role("button", name="Edit the question").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_label("Your question")).to_have_value("")
    expect(page.get_by_label("Your question")).to_be_focused()
    ask(page, SECOND)
    done(page)
    expect(page.locator(".question")).to_have_text([QUESTION, SECOND])


def test_an_answer_under_way_in_place_of_another_goes_on_through_a_reload(
    page: Page, site: Site
) -> None:
    ask(page, QUESTION)
    done(page)
    site.say(*ANSWER)
    site.hold(2)
    again(page)
    expect(page.locator(".answer")).to_contain_text("small cooperating programs")
    page.reload()
    expect(page.locator(".answer")).to_contain_text("small cooperating programs")
    site.go_on()
    done(page)
    expect(page.locator(".turn")).to_have_count(1)
    assert len(reloaded(page, 1)) == 1


def test_when_the_second_try_fails_the_third_still_replaces_the_first(
    page: Page, site: Site
) -> None:
    ask(page, QUESTION)
    done(page)
    site.store.fails["store"] = RetryLater("away", code="retrieval_unavailable")
    again(page)
    expect(page.get_by_role("alert")).to_contain_text("index cannot be reached")
    site.store.fails.clear()
    page.get_by_role("button", name="Ask again").click()
    done(page)
    expect(page.locator(".turn")).to_have_count(1)
    assert len(reloaded(page, 1)) == 1


@pytest.mark.parametrize("way", ["Answer again", "Edit the question"])
def test_a_selected_text_is_there_after_a_reload_and_is_asked_about_again(
    page: Page, site: Site, way: str
) -> None:
    site.say(*BETTER)
    expect(page.locator(".greeting")).to_be_visible()
    page.evaluate(ABOUT, "Explain this passage.")
    done(page)
    page.reload()
    expect(page.locator(".quote")).to_contain_text("open-source set of libraries")
    page.get_by_role("button", name=way).click()
    if way != "Answer again":
        page.get_by_label("Your question").fill("Explain this passage simply.")
        page.keyboard.press("Enter")
    expect(page.locator(".turn .answer").last).to_have_attribute("aria-busy", "false")
    expect(page.locator(".turn")).to_have_count(1)
    [turns] = [turns for turns in site.memory.stored.values() if turns]
    assert [turn.selected_text for turn in turns] == [turns[0].selected_text] * 2
    assert [turn.section for turn in turns] == ["module-1"] * 2
    assert turns[1].replaces == turns[0].answer.answer_id


def test_a_greeting_does_not_name_the_conversation(page: Page, site: Site) -> None:
    for question in ("hi", QUESTION):
        ask(page, question)
        done(page)
    page.get_by_role("button", name="Your conversations").click()
    expect(page.locator(".chat-name")).to_have_text(QUESTION)

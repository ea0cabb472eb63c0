"""The pictures of the documentation, of a running service and the sample book beside it.

    python -m scripts.pictures --service http://localhost:7860 \\
        --book http://localhost:3000/physical-ai-book/ --out docs/images

Nothing in them is made up: the questions are asked, and the answers are the service's own. With
``ADMIN_API_KEY`` set there is a picture of the author's desk too. Needs Chromium.
"""

import argparse
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, Page, expect, sync_playwright

QUESTION: Final = "What is ROS 2 and why do humanoid robots use it?"
WALKING: Final = "What is the zero moment point?"
CHAPTER: Final = "docs/module-1/ros2-foundations"
PARAGRAPH: Final = "h2#what-ros-2-is + p"
DESKTOP: Final = {"width": 1280, "height": 860}
PHONE: Final = {"width": 390, "height": 844}
_FLAGS: Final = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


class Camera:
    """Opens pages of one service and keeps pictures of them."""

    def __init__(self, browser: Browser, service: str, book: str, folder: Path) -> None:
        self._browser = browser
        self._service = service.rstrip("/")
        self._book = book.rstrip("/")
        self._folder = folder

    @contextmanager
    def page(self, address: str, **options: Any) -> Iterator[Page]:
        """A page in a fresh profile."""
        context = self._browser.new_context(**{"viewport": DESKTOP, **options})
        page = context.new_page()
        page.goto(address, wait_until="load")
        yield page
        context.close()

    def keep(self, page: Page, name: str) -> None:
        """Writes ``name``.png."""
        page.wait_for_timeout(600)
        path = self._folder / f"{name}.png"
        page.screenshot(path=path)
        sys.stdout.write(f"{path}\n")

    def chat(self) -> None:
        """The chat page: an answer whose citation shows its passage, and the same on a phone."""
        with self.page(f"{self._service}/") as page:
            ask(page, QUESTION)
            page.locator(".mark").first.hover()
            self.keep(page, "page-answer")
        with self.page(f"{self._service}/", viewport=PHONE, is_mobile=True, has_touch=True) as page:
            ask(page, WALKING)
            self.keep(page, "phone")

    def book(self) -> None:
        """The widget beside a chapter: an answer, a selection, dark."""
        address = f"{self._book}/{CHAPTER}"
        with self.page(address) as page:
            page.locator(".launcher").click(timeout=30_000)
            ask(page, QUESTION)
            self.keep(page, "book-answer")
        with self.page(address) as page:
            expect(page.locator(".launcher")).to_be_visible(timeout=30_000)
            page.locator(PARAGRAPH).evaluate(
                "node => { node.scrollIntoView({block: 'center'});"
                " getSelection().selectAllChildren(node); }"
            )
            page.locator(".selection .ask").click()
            page.mouse.move(0, 0)
            self.keep(page, "book-select")
        with self.page(address, color_scheme="dark") as page:
            page.locator(".launcher").click(timeout=30_000)
            ask(page, WALKING)
            self.keep(page, "book-dark")

    def desk(self, key: str) -> None:
        """The author's desk, with what was asked for the other pictures."""
        with self.page(f"{self._service}/admin/") as page:
            page.get_by_label("Value of ADMIN_API_KEY").fill(key)
            page.get_by_role("button", name="Open the desk").click()
            expect(page.get_by_role("region", name="Index")).to_be_visible(timeout=30_000)
            self.keep(page, "desk")


def ask(page: Page, question: str) -> None:
    """Asks and waits for the whole answer."""
    page.locator("#question").fill(question)
    page.keyboard.press("Enter")
    answer = page.locator(".turn").last.locator(".answer")
    expect(answer).to_have_attribute("aria-busy", "false", timeout=120_000)


def main() -> int:
    """Makes the pictures; 1 when Chromium is missing."""
    options = argparse.ArgumentParser(description="Makes the pictures of the documentation.")
    options.add_argument("--service", default="http://localhost:7860")
    options.add_argument("--book", help="the served sample book; without it no picture of it")
    options.add_argument("--out", type=Path, default=Path("docs/images"))
    given = options.parse_args()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        sys.stderr.write("needs Chromium: apt-get install -y chromium\n")
        return 1
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=_FLAGS)
        camera = Camera(browser, given.service, given.book or "", given.out)
        camera.chat()
        if given.book:
            camera.book()
        if key := os.environ.get("ADMIN_API_KEY"):
            camera.desk(key)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())

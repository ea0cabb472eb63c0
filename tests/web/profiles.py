"""Browser profiles that the tests of a module use one after the other, each time as if new."""

from collections import defaultdict
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Frame, Page


class Profile:
    """A context with one blank page that stays.

    Chromium takes 0.5 s of CPU more for a page in a context without another one.
    """

    def __init__(self, context: BrowserContext, options: str) -> None:
        self.options = options
        self._context = context
        self._blank = context.new_page()
        self._wire = context.new_cdp_session(self._blank)
        self._origins: set[str] = set()

    def new_page(self) -> Page:
        """An empty page."""
        page = self._context.new_page()
        page.on("framenavigated", self._note)
        return page

    def forget(self) -> None:
        """Closes all pages, those that a page opened too, and clears what they stored."""
        for page in self._context.pages:
            if page is not self._blank:
                page.close()
        for origin in self._origins:
            told = {"origin": origin, "storageTypes": "all"}
            self._wire.send("Storage.clearDataForOrigin", told)
        self._origins.clear()

    def _note(self, frame: Frame) -> None:
        url = urlsplit(frame.url)
        if url.scheme in ("http", "https"):
            self._origins.add(f"{url.scheme}://{url.netloc}")


class Profiles:
    """Those of one browser, by their options."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._free: dict[str, list[Profile]] = defaultdict(list)

    def take(self, options: dict[str, Any]) -> Profile:
        """One that nobody uses, and that holds nothing; the size of its window is any."""
        key = repr(sorted((name, value) for name, value in options.items() if name != "viewport"))
        if self._free[key]:
            return self._free[key].pop()
        return Profile(self._browser.new_context(**options), key)

    def give_back(self, profile: Profile) -> None:
        """For the next test that wants these options."""
        profile.forget()
        self._free[profile.options].append(profile)

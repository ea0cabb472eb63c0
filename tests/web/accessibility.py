"""axe-core's findings on a page, shadow roots included."""

from importlib.resources import files
from typing import Any

from playwright.sync_api import Page

# The library's file alone; it is evaluated by the browser's debugger, which no policy stops.
_AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def findings(page: Page, *, within: str = "book-chat") -> list[str]:
    """One line per finding; empty when all is well."""
    page.evaluate(_AXE)
    options: Any = {"runOnly": {"type": "tag", "values": _RULES}, "resultTypes": ["violations"]}
    found = page.evaluate("([within, options]) => axe.run(within, options)", [within, options])
    return [
        f"{one['impact']}: {one['id']}: {node['target']} {node['failureSummary']}"
        for one in found["violations"]
        for node in one["nodes"]
    ]

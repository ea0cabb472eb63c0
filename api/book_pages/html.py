"""A page of the book as HTML: sanitised, with an anchor at every heading."""

import re
from collections.abc import Sequence
from functools import cache
from html import escape
from typing import Final
from urllib.parse import quote

import nh3
from langchain_core.documents import Document
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from mdit_py_plugins.dollarmath import dollarmath_plugin

from api.book_pages.markdown import PageSection, sections_of
from api.book_pages.pages import Contents, PageEntry

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
"""Content-Security-Policy of these pages: our own files run, and no text ever becomes code."""

_RIGHT_TO_LEFT: Final = frozenset({"ar", "fa", "he", "ur"})
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_TAGS: Final = nh3.ALLOWED_TAGS - {"img", "map", "area"} | {"div", "span"}
_SHORT: Final = 3
_SCROLLING: Final = {
    "<table>": '<div class="table" tabindex="0" role="group" aria-label="Table"><table>',
    "</table>": "</table></div>",
    "<pre>": '<pre tabindex="0">',
    '<div class="math block">': '<div class="math block" tabindex="0">',
}
"""What is wider than a phone scrolls by itself, also by keyboard.

Clean HTML has these tags in no other form, and none of them in a text.
"""
_ATTRIBUTES: Final = {
    "*": {"dir"},
    "a": {"href"},
    "code": {"class"},
    "div": {"class"},
    "ol": {"start"},
    "span": {"class"},
    "td": {"style"},
    "th": {"style"},
}


def page_html(page: PageEntry, chunks: Sequence[Document], contents: Contents, root: str) -> str:
    """The whole document; ``root`` leads from the page's address to the service's own."""
    sections = list(sections_of(page.title, chunks))
    crumbs = " › ".join(escape(folder) for folder in page.folders)
    body = [
        f'<nav class="trail" aria-label="Book"><a href="{root}">Ask the book</a> · '
        f'<a href="{root}pages/">All pages</a>{" · " + crumbs if crumbs else ""}</nav>',
        f"<main><h1>{escape(page.title)}</h1>",
        _headings(sections),
        *(_section(section) for section in sections),
        "</main>",
        _neighbours(page, contents, root),
    ]
    return _document(page.title, page.locale, "\n".join(body), root, link_of(page, root) + ".md")


def contents_html(contents: Contents, root: str) -> str:
    """The list of all pages."""
    items = [
        f'<li lang="{_language(page.locale)}" dir="auto"><a href="{link_of(page, root)}">'
        f"{escape(' › '.join([*page.folders, page.title]))}</a></li>"
        for page in contents.pages
    ]
    listed = "\n".join(items)
    body = (
        f'<nav class="trail"><a href="{root}">Ask the book</a></nav>\n'
        f"<main><h1>{escape(contents.title)}</h1>\n<ul>\n{listed}\n</ul></main>"
    )
    return _document(contents.title, contents.language, body, root, f"{root}llms.txt")


def link_of(page: PageEntry, root: str) -> str:
    """Where the service shows ``page``."""
    return f"{root}pages/{quote(page.name)}"


def _document(title: str, locale: str, body: str, root: str, markdown: str) -> str:
    language = _language(locale)
    direction = "rtl" if language.split("-")[0] in _RIGHT_TO_LEFT else "ltr"
    return (
        f'<!doctype html>\n<html lang="{language}" dir="{direction}">\n<head>\n'
        '<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(title)}</title>\n"
        f'<link rel="icon" href="{root}web/icon.svg" type="image/svg+xml">\n'
        f'<link rel="stylesheet" href="{root}web/page.css">\n'
        f'<link rel="alternate" type="text/markdown" href="{markdown}">\n'
        f'<script type="module" src="{root}web/page.js"></script>\n'
        f"</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _language(locale: str) -> str:
    return locale if _LANGUAGE.fullmatch(locale) else "en"


def _headings(sections: Sequence[PageSection]) -> str:
    items = [
        f'<li><a href="#{escape(quote(section.anchor))}">{escape(section.heading)}</a></li>'
        for section in sections
        if section.level == 2 and section.anchor
    ]
    if len(items) < _SHORT:
        return ""
    return f'<nav class="contents" aria-label="On this page"><ul>{"".join(items)}</ul></nav>'


def _section(section: PageSection) -> str:
    parts = []
    anchor = f' id="{escape(section.anchor)}"' if section.anchor else ""
    if section.level > 1:
        parts.append(f"<h{section.level}{anchor}>{escape(section.heading)}</h{section.level}>")
    elif anchor:
        parts.append(f"<div{anchor}></div>")
    if section.text:
        parts.append(_rendered(section.text))
    return "\n".join(parts)


def _neighbours(page: PageEntry, contents: Contents, root: str) -> str:
    before, after = contents.beside(page)
    links = [
        f'<a rel="{rel}" href="{link_of(other, root)}">{escape(other.title)}</a>'
        for rel, other in (("prev", before), ("next", after))
        if other is not None
    ]
    return f'<nav class="beside" aria-label="Next pages">{" ".join(links)}</nav>' if links else ""


def _rendered(text: str) -> str:
    html: str = _markdown().render(text)
    clean: str = nh3.clean(
        html,
        tags=set(_TAGS),
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        url_schemes={"http", "https", "mailto"},
        filter_style_properties={"text-align"},
    )
    for tag, scrolling in _SCROLLING.items():
        clean = clean.replace(tag, scrolling)
    return clean


@cache
def _markdown() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    # The page's script turns the source into a formula; without a script it is readable.
    return parser.use(
        dollarmath_plugin,
        allow_labels=False,
        allow_space=False,
        allow_digits=False,
        renderer=lambda tex, _: f"<code>{escapeHtml(tex)}</code>",
    )

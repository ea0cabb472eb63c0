"""What MkDocs, mdBook and Jupyter Book do with a folder of Markdown: routes and anchors."""

import re
import tomllib
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from loaders.formats.contents import Entry, of_nav, of_summary
from loaders.formats.includes import expand_mdbook, expand_snippets, reader
from loaders.mdx.page import Anchors
from loaders.mdx.slugs import Slugger


@dataclass(frozen=True)
class Flavor:
    """How one tool publishes a folder of pages.

    Args:
        name: of the tool, which decides the anchors.
        folder: where the pages lie.
        route: path of a page below the book's base URL, from its path in ``folder``.
        anchors: makes the anchors of one page.
        site_url: public address that the tool's configuration names; empty if it names none.
        language: of the book.
        exclude: glob patterns of what is no page.
    """

    name: str
    folder: Path
    route: Callable[[str], str]
    anchors: Callable[[], Anchors]
    site_url: str = ""
    language: str = "en"
    exclude: tuple[str, ...] = ()
    contents: tuple[Entry, ...] = ()
    """The book's table of contents, if it has one."""
    only_contents: bool = False
    """Pages that the table of contents does not name are not published."""
    keeps_pictures: bool = True
    """They are published where they lie beside the pages."""
    expand: Callable[[str, str], str] = lambda path, text: text
    """A page's text, by its path, with what it takes over from other files."""

    def pages(self, found: Sequence[str]) -> list[str]:
        """The pages among ``found`` that are published, in reading order."""
        there = set(found)
        listed = [path for path in dict.fromkeys(e.path for e in self.contents) if path in there]
        rest = [] if self.only_contents and listed else [p for p in found if p not in set(listed)]
        return listed + rest


def flavor_of(folder: Path) -> Flavor | None:
    """The tool whose configuration lies in ``folder``, if it is one of the three."""
    for name, make in _FLAVORS:
        if (folder / name).is_file():
            return make(folder, _read(folder / name))
    return None


def _read(path: Path) -> dict[str, Any]:
    """The configuration; empty when it cannot be read: then the tool's defaults count."""
    try:
        text = path.read_text("utf-8")
        values = tomllib.loads(text) if path.suffix == ".toml" else yaml.load(text, _Tolerant)  # noqa: S506 - _Tolerant is a safe loader
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, yaml.YAMLError):
        return {}
    return values if isinstance(values, dict) else {}


class _Tolerant(yaml.SafeLoader):
    """Safe YAML that reads MkDocs' ``!!python/name`` and ``!ENV`` tags as nothing."""


_Tolerant.add_constructor(None, lambda loader, node: None)


def _mkdocs(folder: Path, values: dict[str, Any]) -> Flavor:
    directories = values.get("use_directory_urls", True) is not False
    theme = values.get("theme")
    language = theme.get("language") if isinstance(theme, dict) else None
    return Flavor(
        "mkdocs",
        folder / str(values.get("docs_dir") or "docs"),
        lambda path: directory_route(path) if directories else html_route(path),
        lambda: _Numbered(toc_slug, "_").next,
        str(values.get("site_url") or ""),
        str(language or "en"),
        contents=tuple(of_nav(values.get("nav"))),
        expand=_snippets(folder, values.get("markdown_extensions")),
    )


def _snippets(folder: Path, extensions: object) -> Callable[[str, str], str]:
    """Takes snippets over where the extension is switched on."""
    for extension in extensions if isinstance(extensions, list) else []:
        options = extension if isinstance(extension, dict) else {extension: None}
        if "pymdownx.snippets" in options:
            given = (options["pymdownx.snippets"] or {}).get("base_path", ".")
            bases = [folder / str(base) for base in (given if isinstance(given, list) else [given])]
            return lambda path, text: expand_snippets(text, reader(folder, bases))
    return lambda path, text: text


def _mdbook(folder: Path, values: dict[str, Any]) -> Flavor:
    book = values.get("book", {})
    output = values.get("output", {}).get("html", {})
    pages = folder / str(book.get("src") or "src")
    summary = pages / "SUMMARY.md"
    named = of_summary(summary.read_text("utf-8", "replace")) if summary.is_file() else []
    return Flavor(
        "mdbook",
        pages,
        lambda path: html_route(path, readme=True),
        lambda: _Numbered(mdbook_slug, "-").next,
        str(output.get("site-url") or "") if "://" in str(output.get("site-url")) else "",
        str(book.get("language") or "en"),
        ("**/SUMMARY.md",),
        contents=tuple(named),
        only_contents=True,
        expand=lambda path, text: expand_mdbook(text, (pages / path).parent, folder),
    )


def _jupyter(folder: Path, values: dict[str, Any]) -> Flavor:
    html = values.get("html")
    url = html.get("baseurl") if isinstance(html, dict) else None
    return Flavor(
        "jupyter",
        folder,
        html_route,
        lambda: _Numbered(docutils_slug, "-").next,
        str(url or ""),
        exclude=("**/_build/**",),
        keeps_pictures=False,
    )


_FLAVORS: Final = (
    ("mkdocs.yml", _mkdocs),
    ("mkdocs.yaml", _mkdocs),
    ("book.toml", _mdbook),
    ("_config.yml", _jupyter),
    ("_toc.yml", _jupyter),
    ("myst.yml", _jupyter),
)


def plain(folder: Path) -> Flavor:
    """A folder that no tool publishes: links open the files, anchors are GitHub's."""
    return Flavor("plain", folder, lambda path: path, lambda: Slugger().slug)


def _stem(path: str) -> str:
    return re.sub(r"\.(md|markdown|ipynb)$", "", path, flags=re.I)


def directory_route(path: str) -> str:
    """``a/b.md`` is published as ``a/b/``; index and README stand for their folder."""
    folder, _, name = _stem(path).rpartition("/")
    parts = [p for p in (folder, "" if name.lower() in ("index", "readme") else name) if p]
    return "".join(f"{part}/" for part in parts)


def html_route(path: str, *, readme: bool = False) -> str:
    """``a/b.md`` is published as ``a/b.html``; with ``readme`` it may stand for ``index``."""
    stem = _stem(path)
    folder, _, name = stem.rpartition("/")
    if readme and name.lower() == "readme":
        stem = f"{folder}/index" if folder else "index"
    return f"{stem}.html"


def toc_slug(text: str) -> str:
    """Python-Markdown's ``toc`` extension: ASCII only."""
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", ascii_text).strip().lower())


def mdbook_slug(text: str) -> str:
    """mdBook: letters, digits, ``_`` and ``-`` of any script; spaces become hyphens."""
    kept = (c.lower() if c.isalnum() or c in "_-" else "-" if c.isspace() else "" for c in text)
    return "".join(kept)


def docutils_slug(text: str) -> str:
    """Docutils: whatever is no ASCII letter or digit becomes one hyphen."""
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", ascii_text.lower()).strip("-")


class _Numbered:
    """Anchors of one page; the second ``tasks`` gets a number after ``joint``."""

    def __init__(self, slug: Callable[[str], str], joint: str) -> None:
        self._slug, self._joint = slug, joint
        self._taken: set[str] = set()

    def next(self, text: str) -> str:
        base = anchor = self._slug(text)
        number = 0
        while anchor in self._taken or not anchor:
            number += 1
            anchor = f"{base}{self._joint}{number}"
        self._taken.add(anchor)
        return anchor

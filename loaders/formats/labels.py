"""Labels of a book's folders, as Docusaurus shows them in its sidebar and breadcrumbs."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, Final

import yaml

from loaders.document import key_of
from loaders.formats import routes
from loaders.mdx.page import Page, Section, parse_page, split_front_matter
from loaders.mdx.slugs import slugify

_INDEXES: Final = ("index.md", "index.mdx", "README.md", "readme.md")
_LARGEST: Final = 1_000_000


class Labels:
    """Labels by folder, looked up once per run."""

    def __init__(self) -> None:
        self._known: dict[tuple[Path, ...], str] = {}
        self._sources: dict[tuple[Path, ...], str] = {}
        self._translated: dict[Path, dict[str, str]] = {}

    def above(self, path: str, roots: Sequence[Path], number_prefixes: bool) -> tuple[str, ...]:
        """Labels of the folders above a page; an index page stands for its own folder.

        Args:
            path: the page, relative to each of ``roots``.
            roots: the pages' folder; for a translation followed by the folder it translates.
            number_prefixes: whether ``01-`` in names is no part of them.
        """
        return tuple(self._label(folder, roots, number_prefixes) for folder in _above(path))

    def sources(self, path: str, roots: Sequence[Path]) -> list[str]:
        """What ``above`` depends on; no page is parsed for it."""
        return [self._source(folder, roots) for folder in _above(path)]

    def _source(self, folder: str, roots: Sequence[Path]) -> str:
        key = tuple(root / folder for root in roots)
        if key not in self._sources:
            messages = self._messages(roots[0]) if len(roots) > 1 else {}
            titles: list[str] = []
            label = _given(key)
            for text in () if label else _index_pages(key):
                title = _front_title(text)
                titles.append(title or key_of(text))
                if title:
                    break
            self._sources[key] = key_of("", label, titles, messages)
        return self._sources[key]

    def _label(self, folder: str, roots: Sequence[Path], number_prefixes: bool) -> str:
        key = tuple(root / folder for root in roots)
        if key not in self._known:
            name = key[0].name
            fallback = routes.without_number(name) if number_prefixes else name
            label = _given(key) or _of_index(key) or fallback
            if len(roots) > 1:
                label = self._messages(roots[0]).get(label, label)
            self._known[key] = label
        return self._known[key]

    def _messages(self, root: Path) -> dict[str, str]:
        """Docusaurus keeps translated sidebar labels beside the translated pages."""
        if root not in self._translated:
            self._translated[root] = _sidebar_messages(root.with_name(f"{root.name}.json"))
        return self._translated[root]


def _given(folders: Sequence[Path]) -> str | None:
    labels = (category(folder).get("label") for folder in folders)
    return next((str(label) for label in labels if label), None)


def _above(path: str) -> list[str]:
    parts = PurePosixPath(path).parent.parts
    if parts and routes.is_index(path):
        parts = parts[:-1]
    return ["/".join(parts[: i + 1]) for i in range(len(parts))]


def _of_index(folders: Sequence[Path]) -> str | None:
    titles = (_front_title(text) or parse_page(text).h1 for text in _index_pages(folders))
    return next((title for title in titles if title), None)


def _index_pages(folders: Sequence[Path]) -> Iterator[str]:
    for folder in folders:
        for name in (*_INDEXES, f"{folder.name}.md", f"{folder.name}.mdx"):
            path = folder / name
            if path.is_file() and path.stat().st_size <= _LARGEST:
                yield path.read_text("utf-8", errors="replace")


def _front_title(source: str) -> str:
    front, _, _ = split_front_matter(source)
    return str(front.get("sidebar_label") or front.get("title") or "")


def _sidebar_messages(path: Path) -> dict[str, str]:
    try:
        values = json.loads(path.read_text("utf-8"))
        return {
            key.split(".category.", 1)[1]: str(value["message"])
            for key, value in values.items()
            if ".category." in key and not key.endswith((".description", ".title"))
        }
    except (OSError, ValueError, AttributeError, KeyError, TypeError):
        return {}


def category_page(folder: Path) -> Page | None:
    """The overview page that Docusaurus generates for a folder, if it has words of its own."""
    values = category(folder)
    link = values.get("link")
    if not isinstance(link, dict) or link.get("type") != "generated-index":
        return None
    label = str(values.get("label") or routes.without_number(folder.name))
    text = str(link.get("description") or "").strip()
    front = {
        "title": link.get("title") or label,
        "slug": f"/{str(link.get('slug') or f'category/{slugify(label)}').lstrip('/')}",
    }
    return Page(front, [Section((), text)]) if text else None


def category(folder: Path) -> Mapping[str, Any]:
    """``_category_.json`` or ``.yml`` of a folder; empty when there is none that can be read."""
    for name in ("_category_.json", "_category_.yml", "_category_.yaml"):
        try:
            values = yaml.safe_load((folder / name).read_text("utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError):
            continue
        return values if isinstance(values, dict) else {}
    return {}

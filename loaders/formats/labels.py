"""Labels of a book's folders, as Docusaurus shows them in its sidebar and breadcrumbs."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, Final

import yaml

from loaders.formats import routes
from loaders.mdx.page import Page, Section, parse_page
from loaders.mdx.slugs import slugify

_INDEXES: Final = ("index.md", "index.mdx", "README.md", "readme.md")
_LARGEST: Final = 1_000_000


class Labels:
    """Labels by folder, looked up once per run."""

    def __init__(self) -> None:
        self._known: dict[tuple[Path, ...], str] = {}
        self._translated: dict[Path, dict[str, str]] = {}

    def above(self, path: str, roots: Sequence[Path], number_prefixes: bool) -> tuple[str, ...]:
        """Labels of the folders above a page; an index page stands for its own folder.

        Args:
            path: the page, relative to each of ``roots``.
            roots: the pages' folder; for a translation followed by the folder it translates.
            number_prefixes: whether ``01-`` in names is no part of them.
        """
        parts = PurePosixPath(path).parent.parts
        if parts and routes.is_index(path):
            parts = parts[:-1]
        folders = ["/".join(parts[: i + 1]) for i in range(len(parts))]
        return tuple(self._label(folder, roots, number_prefixes) for folder in folders)

    def _label(self, folder: str, roots: Sequence[Path], number_prefixes: bool) -> str:
        key = tuple(root / folder for root in roots)
        if key not in self._known:
            name = key[0].name
            fallback = routes.without_number(name) if number_prefixes else name
            label = _given(key) or _of_index(key) or fallback
            if len(roots) > 1:
                label = self._translation(roots[0], label)
            self._known[key] = label
        return self._known[key]

    def _translation(self, root: Path, label: str) -> str:
        """Docusaurus keeps translated sidebar labels beside the translated pages."""
        if root not in self._translated:
            self._translated[root] = _sidebar_messages(root.with_name(f"{root.name}.json"))
        return self._translated[root].get(label, label)


def _given(folders: Sequence[Path]) -> str | None:
    labels = (category(folder).get("label") for folder in folders)
    return next((str(label) for label in labels if label), None)


def _of_index(folders: Sequence[Path]) -> str | None:
    for folder in folders:
        for name in (*_INDEXES, f"{folder.name}.md", f"{folder.name}.mdx"):
            path = folder / name
            if path.is_file() and path.stat().st_size <= _LARGEST:
                page = parse_page(path.read_text("utf-8", errors="replace"))
                front = page.front_matter
                title = front.get("sidebar_label") or front.get("title") or page.h1
                if title:
                    return str(title)
    return None


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

"""Which folders of a Docusaurus site hold pages, and below which routes they are published."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from loaders.formats.site import Docs, Site, config_file, read_site


@dataclass(frozen=True)
class Tree:
    """One folder of pages that is published below one route in one language.

    Args:
        folder: where the pages lie.
        shown: prefix of their paths inside the book; empty for the main docs folder.
        route: route of the folder below the site's base URL, locale and version included.
        locale: language of the pages.
        original: for a translation, the folder whose pages it translates.
        version: name of the version, such as ``2.0`` or ``current``; empty where there is one only.
    """

    site: Site
    docs: Docs
    folder: Path
    shown: str
    route: str
    locale: str
    base_url: str
    original: Path | None = None
    version: str = ""

    @property
    def sidebars(self) -> list[Path]:
        """Where the sidebars of its pages may be written down."""
        site = self.site.folder
        if self.version in ("", "current"):
            return [site / f"sidebars.{suffix}" for suffix in ("js", "ts", "cjs", "mjs")]
        return [site / "versioned_sidebars" / f"version-{self.version}-sidebars.json"]

    @property
    def roots(self) -> tuple[Path, ...]:
        """Where labels of its folders may stand, the nearest first."""
        return (self.folder, self.original) if self.original else (self.folder,)


def trees_of(folder: Path, exclude: tuple[str, ...] = ()) -> list[Tree]:
    """The trees of a site, of a part of one, or of a plain folder of pages.

    Args:
        folder: any of the three.
        exclude: glob patterns of pages to leave out, beside those that the site leaves out.
    """
    site, part = _site_of(folder)
    found = list(_trees(site, part))
    if not found:
        plain = Site(folder)
        # Docusaurus publishes a folder of this name below a route of this name. No other
        # folder says where it is published, so its pages stand at the root.
        docs = replace(plain.docs[0], route="docs" if folder.name == "docs" else "")
        found = [Tree(plain, docs, folder, "", docs.route, plain.default_locale, plain.base_url)]
    return [
        replace(tree, docs=replace(tree.docs, exclude=(*tree.docs.exclude, *exclude)))
        for tree in found
    ]


def _site_of(folder: Path) -> tuple[Site, Path | None]:
    """The site that ``folder`` is or lies in; and ``folder`` if it is only a part of it."""
    if config_file(folder) or not any(config_file(parent) for parent in folder.parents):
        return read_site(folder), None
    site = read_site(next(parent for parent in folder.parents if config_file(parent)))
    return site, folder


def _trees(site: Site, part: Path | None) -> Iterator[Tree]:
    for docs in site.docs:
        names = _versions(site, docs)
        for name in names if docs.id == "default" else names[:1]:
            folder = _folder(site, docs, name)
            if not folder.is_dir():
                continue
            main = docs is site.docs[0] and name == "current"
            tree = Tree(
                site,
                docs,
                folder,
                shown="" if main else f"{folder.relative_to(site.folder).as_posix()}/",
                route=_route(docs, name, default=name == names[0]),
                locale=site.default_locale,
                base_url=site.base_url,
                # Two instances of the plugin may call different things by one name.
                version=name if docs.id == "default" and len(names) > 1 else "",
            )
            stored = name if name == "current" else f"version-{name}"
            yield from _part([tree, *_translations(tree, stored)], part)


def _part(trees: Iterable[Tree], part: Path | None) -> Iterator[Tree]:
    for tree in trees:
        if part is None or part.is_relative_to(tree.folder) or tree.folder.is_relative_to(part):
            include = part is not None and part != tree.folder and part.is_relative_to(tree.folder)
            inside = part.relative_to(tree.folder).as_posix() if part and include else ""
            yield replace(tree, docs=replace(tree.docs, only=inside)) if inside else tree


def _versions(site: Site, docs: Docs) -> list[str]:
    """Versions that are published: what readers get by default, then newest first."""
    released = _released(site, docs) if docs.versioned else []
    names = [*released, "current"] if docs.include_current or not released else released
    if docs.only_versions:
        names = [name for name in names if name in docs.only_versions] or names
    last = docs.last_version if docs.last_version in names else names[0]
    return sorted(names, key=lambda name: name != last)


def _released(site: Site, docs: Docs) -> list[str]:
    prefix = "" if docs.id == "default" else f"{docs.id}_"
    try:
        names = json.loads((site.folder / f"{prefix}versions.json").read_text("utf-8"))
    except (OSError, ValueError):
        return []
    return [str(name) for name in names] if isinstance(names, list) else []


def _folder(site: Site, docs: Docs, version: str) -> Path:
    if version == "current":
        return site.folder / docs.path
    prefix = "" if docs.id == "default" else f"{docs.id}_"
    return site.folder / f"{prefix}versioned_docs" / f"version-{version}"


def _route(docs: Docs, version: str, *, default: bool) -> str:
    own = "" if default else "next" if version == "current" else version
    path = docs.version_paths.get(version, own)
    return f"{docs.route}/{path.strip('/')}".strip("/")


def _translations(tree: Tree, version: str) -> Iterator[Tree]:
    site = tree.site
    root = site.folder / "i18n"
    plugin = "docusaurus-plugin-content-docs"
    plugin += "" if tree.docs.id == "default" else f"-{tree.docs.id}"
    locales = site.locales or (sorted(p.name for p in root.iterdir()) if root.is_dir() else ())
    for locale in locales:
        path = root / site.locale_paths.get(locale, locale) / plugin / version
        if path.is_dir():
            own = site.locale_base_urls.get(locale)
            default = locale == site.default_locale
            yield replace(
                tree,
                folder=path,
                shown=f"{path.relative_to(site.folder).as_posix()}/",
                route=tree.route if own or default else f"{locale}/{tree.route}",
                locale=locale,
                base_url=own or site.base_url,
                original=tree.folder,
            )

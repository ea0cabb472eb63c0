"""Sections of a Docusaurus book with the routes and anchors that Docusaurus gives them."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from langchain_core.documents import Document

from loaders import routes
from loaders.document import Address, Book, Problem, SectionMetadata, is_echo, scopes, unique
from loaders.files import Report, read_text, walk
from loaders.labels import Labels
from loaders.page import Page, Section, parse_page, text_of
from loaders.site import Docs, Site, config_file, read_site

SUFFIXES = (".md", ".mdx")


@dataclass(frozen=True)
class Tree:
    """One folder of pages that is published below one route in one language.

    Args:
        folder: where the pages lie.
        shown: prefix of their paths inside the book; empty for the main docs folder.
        route: route of the folder below the site's base URL, locale and version included.
        locale: language of the pages.
        original: for a translation, the folder whose pages it translates.
    """

    site: Site
    docs: Docs
    folder: Path
    shown: str
    route: str
    locale: str
    base_url: str
    original: Path | None = None

    @property
    def roots(self) -> tuple[Path, ...]:
        """Where labels of its folders may stand, the nearest first."""
        return (self.folder, self.original) if self.original else (self.folder,)


def load_docusaurus(source: Path, *, book_url: str = "", exclude: tuple[str, ...] = ()) -> Book:
    """Sections of a site folder, a plain docs folder or one page of either.

    Pages are read one at a time while the result is iterated. Drafts, unlisted pages,
    partials (``_name.md``) and what the site or ``exclude`` leaves out stay out.
    """
    book = Book(())
    folder, only = (source.parent, source) if source.is_file() else (source, None)
    trees = [replace_exclude(tree, exclude) for tree in _trees(*_site_of(folder))]
    pages = list(_pages(trees, only, book.problems.append))
    book.pages = len(pages)
    book.sections = _Sections(pages, book_url, book.problems.append)
    return book


def replace_exclude(tree: Tree, exclude: tuple[str, ...]) -> Tree:
    """The same tree with more patterns that leave pages out."""
    return replace(tree, docs=replace(tree.docs, exclude=(*tree.docs.exclude, *exclude)))


def _site_of(folder: Path) -> tuple[Site, Path | None]:
    """The site that ``folder`` is or lies in; and ``folder`` if it is only a part of it."""
    if config_file(folder) or not any(config_file(parent) for parent in folder.parents):
        return read_site(folder), None
    site = read_site(next(parent for parent in folder.parents if config_file(parent)))
    return site, folder


def _trees(site: Site, part: Path | None) -> Iterator[Tree]:
    found = False
    for docs in site.docs:
        folder, version, route = _released(site, docs)
        if not folder.is_dir():
            continue
        found = True
        main = docs is site.docs[0] and version == "current"
        shown = "" if main else f"{folder.relative_to(site.folder).as_posix()}/"
        tree = Tree(site, docs, folder, shown, route, site.default_locale, site.base_url)
        yield from _part([tree, *_translations(tree, version)], part)
    if not found:  # a plain folder of pages, without the site around it
        docs = site.docs[0]
        yield Tree(site, docs, site.folder, "", docs.route, site.default_locale, site.base_url)


def _part(trees: Iterable[Tree], part: Path | None) -> Iterator[Tree]:
    for tree in trees:
        if part is None or part.is_relative_to(tree.folder) or tree.folder.is_relative_to(part):
            include = part is not None and part != tree.folder and part.is_relative_to(tree.folder)
            inside = part.relative_to(tree.folder).as_posix() if part and include else ""
            yield replace(tree, docs=replace(tree.docs, only=inside)) if inside else tree


def _released(site: Site, docs: Docs) -> tuple[Path, str, str]:
    """Folder, version and route of what readers get by default: the last released version."""
    prefix = "" if docs.id == "default" else f"{docs.id}_"
    try:
        versions = json.loads((site.folder / f"{prefix}versions.json").read_text("utf-8"))
        released = site.folder / f"{prefix}versioned_docs" / f"version-{versions[0]}"
    except (OSError, ValueError, LookupError, TypeError):
        return site.folder / docs.path, "current", docs.route
    return released, f"version-{versions[0]}", docs.route


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


def _pages(trees: Iterable[Tree], only: Path | None, report: Report) -> Iterator[tuple[Tree, str]]:
    for tree in trees:
        for path in walk(tree.folder, SUFFIXES, tree.docs.exclude, report):
            if only is not None and tree.folder / path != only:
                continue
            if tree.docs.only and not f"{path}/".startswith(f"{tree.docs.only}/"):
                continue
            if tree.original is not None and not (tree.original / path).is_file():
                reason = "translates no page of the book, so it is not published"
                report(Problem(tree.shown + path, reason, skipped=True))
                continue
            yield tree, path


class _Sections:
    """Reads pages one by one; can be iterated again."""

    def __init__(self, pages: list[tuple[Tree, str]], book_url: str, report: Report) -> None:
        self._pages, self._book_url, self._report = pages, book_url, report
        self._labels = Labels()

    def __iter__(self) -> Iterator[Document]:
        self._labels = Labels()  # folders may have been renamed since the last time
        for tree, path in self._pages:
            yield from self._page(tree, path)

    def _page(self, tree: Tree, path: str) -> Iterator[Document]:
        source = read_text(tree.folder / path, tree.shown + path, self._report)
        if source is None:
            return
        mdx = path.endswith(".mdx") or not tree.site.detect_format
        page = parse_page(source, mdx=mdx, keep_case=tree.site.keep_case)
        for reason in page.problems:
            self._report(Problem(tree.shown + path, reason))
        front = page.front_matter
        if front.get("draft") is True or front.get("unlisted") is True:
            return
        yield from documents(page, self._place(tree, path, page))

    def _place(self, tree: Tree, path: str, page: Page) -> "Place":
        front = page.front_matter
        page_slug = routes.slug(path, front, tree.docs.number_prefixes)
        route = routes.permalink(tree.route, page_slug, tree.site.trailing_slash)
        address = Address(self._book_url, tree.base_url)
        title = text_of(front.get("title")) or page.h1
        title = title or routes.base_id(path, front, tree.docs.number_prefixes)
        return Place(
            path=tree.shown + path,
            title=title,
            folders=self._labels.above(path, tree.roots, tree.docs.number_prefixes),
            locale=tree.locale,
            address=address,
            route=route,
            reached_by=(
                tree.shown + path,
                path,
                page_slug,
                f"/{route}",
                f"/{tree.base_url.strip('/')}/{route}".replace("//", "/"),
            ),
        )


@dataclass(frozen=True)
class Place:
    """Where a page lies and is published, and by which paths a question may name it."""

    path: str
    title: str
    folders: tuple[str, ...]
    locale: str
    address: Address
    route: str
    reached_by: tuple[str, ...]


def documents(page: Page, place: Place) -> Iterator[Document]:
    """One Document per section with text; headings without any ride on those below them."""
    reached = scopes(place.reached_by)
    taken: set[str] = set()
    for section in page.sections:
        if section.text:
            yield Document(section.text, metadata=dict(_metadata(section, place, reached, taken)))


def _metadata(
    section: Section, place: Place, reached: list[str], taken: set[str]
) -> SectionMetadata:
    own = section.trail[-1] if section.trail else None
    # Docusaurus gives the page's title heading no id.
    anchor = own.anchor if own is not None and own.level > 1 else ""
    trail = [h.text for h in section.trail if h.text]
    headings = trail if trail[:1] == [place.title] else [place.title, *trail]
    named = f"{place.path}#{own.anchor}" if own is not None else place.path
    return SectionMetadata(
        path=place.path,
        title=place.title,
        heading=(own.text if own is not None else "") or headings[-1],
        breadcrumb=[*place.folders, *headings],
        headings=headings,
        url=place.address.url(place.route, anchor),
        section_id=unique([named if anchor else place.path, named], taken),
        locale=place.locale,
        kind="echo" if is_echo(headings, section.text) else "text",
        scopes=reached,
    )

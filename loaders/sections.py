"""From a parsed page and its place in the book to one ``Document`` per section."""

from collections.abc import Iterator
from dataclasses import dataclass

from langchain_core.documents import Document

from loaders.document import Address, SectionMetadata, is_echo, scopes, unique
from loaders.figures import Resolve, figures
from loaders.mdx.page import Page, Section


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
    version: str = ""
    """Of a book with several versions; empty for any other."""
    picture: Resolve | None = None
    """Finds the page's pictures; None where they are not published."""


def documents(page: Page, place: Place) -> Iterator[Document]:
    """One Document per section with text; headings without any ride on those below them."""
    reached = scopes(place.reached_by)
    taken: set[str] = set()
    links = page.links
    for section in page.sections:
        if section.text:
            metadata = _metadata(section, place, reached, taken)
            if links:
                metadata["links"], links = links, []
            yield Document(section.text, metadata=dict(metadata))


def _metadata(
    section: Section, place: Place, reached: list[str], taken: set[str]
) -> SectionMetadata:
    own = section.trail[-1] if section.trail else None
    # Docusaurus gives the page's title heading no id.
    anchor = own.anchor if own is not None and own.level > 1 else ""
    trail = [h.text for h in section.trail if h.text]
    headings = trail if trail[:1] == [place.title] else [place.title, *trail]
    named = f"{place.path}#{own.anchor}" if own is not None else place.path
    metadata = SectionMetadata(
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
    if place.version:
        metadata["version"] = place.version
    if section.pictures and place.picture:
        shown = figures(section.pictures, place.address.url(place.route), place.picture)
        if shown:
            metadata["figures"] = [figure.model_dump() for figure in shown]
    return metadata

"""Answers about a place of the book: what its sections say first, its exercises, its row."""

from collections.abc import Iterator, Sequence
from typing import Final

from langchain_core.documents import Document

from extractive.passages import Candidate, read
from extractive.wording import Piece
from text.headings import is_about_the_page, is_summary
from text.places import Place, places, row_places

_OPENING: Final = 2
"""Sentences that are quoted of what opens a page."""
_MOST_WORDS: Final = 260


def answer_from_place(
    task: str, told: Sequence[Place], passages: Sequence[Document], dimensions: int
) -> list[Piece]:
    """What ``task`` (see ``chains.question.places``) asks for, quoted."""
    units = read(passages, dimensions)
    sources = [str(p.metadata.get("id") or p.id) for p in passages]
    titles = [str(p.metadata.get("title") or "") for p in passages]
    groups = [[c for c in units if c.passage == i] for i in range(len(passages))]
    if task == "row":
        return list(_rows(groups, sources, told))
    if task in ("exercises", "part"):
        return list(_whole(groups, sources))
    if task == "chapters":
        return list(_listed(groups, sources, titles))
    return list(_overview(groups, sources, titles if task == "contents" else None))


def _rows(
    groups: Sequence[Sequence[Candidate]], sources: Sequence[str], told: Sequence[Place]
) -> Iterator[Piece]:
    gap = ""
    for group, source in zip(groups, sources, strict=True):
        header = ""
        for unit in group:
            if unit.kind == "header":
                header = unit.text
            elif unit.kind == "row" and set(told) & set(row_places(header, unit.text)):
                yield Piece(f"{header}\n{unit.text}" if header else unit.text, gap, source)
                gap = "\n\n"
            elif unit.kind == "item" and set(told) & set(places(unit.text.partition(":")[0])):
                yield Piece(unit.text, gap, source)
                gap = "\n\n"


def _listed(
    groups: Sequence[Sequence[Candidate]], sources: Sequence[str], titles: Sequence[str]
) -> Iterator[Piece]:
    """A line for each chapter: its title, the section, and how that begins."""
    gap = ""
    for group, source, title in zip(groups, sources, titles, strict=True):
        heading = group[0].heading if group else title
        announces = is_about_the_page(heading)
        named = title if announces or heading == title else f"{title}: {heading}"
        told = next((c.text for c in group if c.kind == "prose" and not announces), "")
        yield Piece(f"- **{named}** – {told}" if told else f"- **{named}**", gap, source)
        gap = "\n"


def _whole(groups: Sequence[Sequence[Candidate]], sources: Sequence[str]) -> Iterator[Piece]:
    gap, words = "", 0
    for group, source in zip(groups, sources, strict=True):
        if group and words < _MOST_WORDS:
            yield Piece(f"**{group[0].heading}**", gap, source)
        for unit in group:
            words += unit.length
            if words > _MOST_WORDS:
                break
            gap = "\n" if unit.kind in ("item", "row") and unit is not group[0] else "\n\n"
            yield Piece(unit.text, gap, source)
        gap = "\n\n"


def _overview(
    groups: Sequence[Sequence[Candidate]],
    sources: Sequence[str],
    titles: Sequence[str] | None,
) -> Iterator[Piece]:
    """The opening sentences, then a line for each section or page; a summary as it stands."""
    gap, listed, words = "", False, 0
    for number, (group, source) in enumerate(zip(groups, sources, strict=True)):
        told = [c for c in group if c.kind == "prose" and not c.raw.rstrip("*_ ").endswith(":")]
        heading = titles[number] if titles else (group[0].heading if group else "")
        if number == 0 and told:
            for sentence in told[:_OPENING]:
                yield Piece(sentence.text, gap, source)
                gap = " "
        elif not titles and is_summary(heading):
            for unit in group:
                if words + unit.length <= _MOST_WORDS // 2:
                    words += unit.length
                    yield Piece(unit.text, "\n" if unit.kind == "item" else "\n\n", source)
            listed = False
        elif heading and not (number == 0 and is_about_the_page(heading)):
            line = f"- **{heading}**" + (f": {told[0].text}" if told else "")
            yield Piece(line, "\n" if listed else "\n\n" if number else "", source)
            listed = True

"""Questions about the book itself: a chapter, a week, its exercises, where to begin.

Which place is meant is decided from the outline alone: titles, numbers, parts, rows of a plan.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from chains.question.own_parts import part_of
from text.headings import is_about_the_page, is_summary
from text.outline import Outline, Page, Section
from text.places import Place, kind_of, mentions, places
from text.words import content_words, stem, tokens

Task = Literal["outline", "row", "exercises", "contents", "chapters", "part"]
_MOST_SECTIONS: Final = 9
_EXERCISES: Final = frozenset(
    "exercise exercises quiz homework assignment assignments مشق مشقیں".split()
)
_OVERVIEW: Final = frozenset(
    "summarize summarise summary overview outline recap خلاصہ khulasa".split()
)
_BEGIN: Final = frozenset("start begin starting beginning shuru شروع".split())
_CONTENTS: Final = frozenset(
    "about teach teaches learn cover covers contents chapters modules topics topic"
    " book kitab".split()
)
_TELLING: Final = frozenset(
    "about cover covers covered on explain explains explained deal deals discuss discusses"
    " discussed teach teaches taught talk talks mention mentions mentioned describe describes"
    " described read learn introduced introduces".split()
)
_PARTS: Final = frozenset("section sections page pages".split())
_LISTING: Final = frozenset("which what where any list find there".split())
_POINTING: Final = frozenset("what what's whats is this it about here in can i learn".split())
_ALL: Final = frozenset("everything points ideas".split())
"""What is asked for of the whole book where nothing else is named: "the key points"."""
_MOST_PAGES: Final = 5
_TEMPLATE: Final = {"tutorial-basics", "tutorial-extras"}
"""Folders that Docusaurus makes in every new book, and authors forget."""
_NAME: Final = 3
"""Words of a question that only names something."""
_ARTICLES: Final = frozenset("the a an about".split())
_JUDGING: Final = frozenset(
    content_words(
        "hard difficult easy tough long short important interesting boring useful worth good bad"
        " complicated advanced"
    )
)
"""What is asked about a chapter that no sentence of it says: it is told what stands there."""
_STRUCTURE: Final = {
    stem(word)
    for word in (
        *_EXERCISES,
        *_OVERVIEW,
        *_BEGIN,
        *_CONTENTS,
        *"list happens happen come comes read reading study section sections page whole full"
        " entire short brief main key everything point points idea ideas goal goals objective"
        " objectives question questions problem problems task tasks quick learned taught"
        " covered content table first lost new beginner course there many lesson lessons"
        " chapter module week part unit plan do mein kya hai seekhna parhna پڑھنا سیکھنا".split(),
    )
}


@dataclass(frozen=True)
class Found:
    """Sections of the book, in order, and what is asked of them."""

    task: Task
    sections: Sequence[str]
    places: Sequence[Place] = ()
    exact: bool = True
    """False: more is asked than where it stands, such as whether it is hard."""
    named: bool = False
    """Nothing was said but a name, which may be that of a thing as well."""


def asks_for_exercises(question: str) -> bool:
    """True for "quiz me on it"."""
    return not _EXERCISES.isdisjoint(_words(question))


def _words(question: str) -> list[str]:
    words = tokens(question)
    return ["quiz", *words[1:]] if words[:2] == ["test", "me"] else words


def find(question: str, outline: Outline, *, begins: bool = False) -> Found | None:
    """The place of the book that is asked for; None for a question about its subject.

    ``begins``: nothing was said before, so that "this" is the book.
    """
    words = _words(question)
    spans = list(mentions(words))
    named = [place for place, _, _ in spans]
    taken = {i for _, start, end in spans for i in range(start, end)}
    left = [word for i, word in enumerate(words) if i not in taken]
    rest = subject_of(left)
    exercises = bool(_EXERCISES & set(left))
    if named:
        found = _numbered(outline, named, exercises=exercises) if rest <= _JUDGING else None
        return found and replace(found, exact=not rest)
    if told := part_of(left, outline):
        return Found("part", told)
    if _asks_where(left):
        about = (w for w in left if w not in _TELLING | _PARTS | _LISTING and not kind_of(w))
        return _telling_of(outline, frozenset(content_words(" ".join(about))))
    if named_alone := _named_alone(left, outline):
        return replace(named_alone, named=True)
    if exercises and begins and not rest:
        return _all_exercises(outline)
    if exercises or _OVERVIEW & set(left):
        return _titled(outline, left, rest, exercises=exercises)
    if left[:1] == ["where"] and _BEGIN & set(left) and rest:
        return _telling_of(outline, rest)
    if rest or not outline.pages:
        return None
    if _asks_what_is_first(left) or (
        _BEGIN & set(left) and (begins or not {"it", "this", "that", "them"} & set(left))
    ):
        return Found("outline", _of_page(outline.pages[0]))
    if begins and _ALL & set(left):
        return _contents(outline)
    if _is_whole(left) or (begins and left and _POINTING.issuperset(left)):
        return _contents(outline)
    return None


def _asks_what_is_first(words: Sequence[str]) -> bool:
    """ "What should I learn first?", of nothing else."""
    asked = set(words)
    done = {"learn", "read", "study", "do", "take", "start", "chapter", "module"}
    return "first" in asked and bool(asked & {"i", "we", "you"}) and bool(asked & done)


def _named_alone(words: Sequence[str], outline: Outline) -> Found | None:
    """The page that "balance" alone names by its title, or those that "robot" does.

    What a heading is the name of is left to the search.
    """
    asked = frozenset(content_words(" ".join(words)))
    said = [word for word in words if word not in _ARTICLES]
    if not 1 <= len(said) <= _NAME or len(asked) < len(said) or asked & _STRUCTURE:
        return None
    if any(_is_name(s, asked, len(said)) for page in outline.pages for s in page.sections[1:]):
        return None
    pages = [page for page in outline.pages if asked <= page.words]
    if len(pages) == 1:
        return Found("outline", _of_page(pages[0])) if len(pages[0].sections) > 1 else None
    return _telling_of(outline, asked) if pages else None


def _is_name(section: Section, asked: frozenset[str], length: int) -> bool:
    """ "The joints" is called as "joint" asks; "robots to work with" is not about "robot"."""
    named = [word for word in tokens(section.heading) if word not in _ARTICLES]
    return asked == section.words and len(named) <= length + 1


def subject_of(words: Iterable[str]) -> frozenset[str]:
    """Stems of the words that name no part of a book."""
    return frozenset(content_words(" ".join(words))) - _STRUCTURE


def _asks_where(words: Sequence[str]) -> bool:
    """ "Which chapters are about walking?", "where is URDF explained?", "what can I read on …"."""
    asked = set(words)
    if not asked & _TELLING or not words:
        return False
    if words[0] in ("where", "what") and asked & {"read", "learn", "explained", "covered"}:
        return words[0] == "where" or bool({"can", "should"} & asked and "read" in asked)
    parts = any(kind_of(word) for word in words) or asked & _PARTS
    return bool(parts and asked & _LISTING)


def _telling_of(outline: Outline, subject: frozenset[str]) -> Found | None:
    """The pages whose title or headings name the subject, those that are all about it first."""
    found: list[tuple[int, str]] = []
    for page in outline.pages if subject else ():
        whole = subject <= page.words
        named = [s for s in page.sections if subject <= s.words and not _is_passed_over(s)]
        if whole or named:
            first = page.sections[0] if whole else named[0]
            found.append((-3 * whole - len(named), first.id))
    # Sorting keeps the reading order of those that tell as much.
    found.sort(key=lambda one: one[0])
    return Found("chapters", [ident for _, ident in found[:_MOST_PAGES]]) if found else None


def _is_whole(words: Sequence[str]) -> bool:
    """ "What is this book about?", "list the chapters", "table of contents"."""
    asked = set(words)
    if asked & {"contents", "chapters", "modules"}:
        return bool(asked & {"list", "all", "table", "many", "which", "what", "show", "contents"})
    if asked & {"book", "kitab", "course"}:
        return bool(
            asked
            & set("about learn teach teaches cover covers what what's whats topics inside".split())
        )
    return False


def _numbered(outline: Outline, named: Sequence[Place], *, exercises: bool) -> Found | None:
    pages = [p for p in outline.pages if all(_is_at(p, place) for place in named)]
    pages = pages or _by_order(outline, named)
    if pages:
        return _of_pages(pages, exercises=exercises)
    headed = [s.id for p in outline.pages for s in p.sections if places(s.heading) == named]
    if headed and not exercises:
        return Found("part", headed[:3])
    rows = [
        s.id
        for page in outline.pages
        for s in page.sections
        if any(place in s.places for place in named)
    ]
    # A plan tells of many weeks; a passing mention tells of one.
    told = {s.id: len(s.places) for p in outline.pages for s in p.sections}
    rows.sort(key=lambda ident: -told[ident])
    return Found("row", rows[:2], named) if rows else None


def _is_at(page: Page, place: Place) -> bool:
    return place in page.numbers or place in page.within


def _by_order(outline: Outline, named: Sequence[Place]) -> list[Page]:
    """ "Chapter 3" of a book that only numbers its files: the third of them, in its module."""
    chapters = [place for place in named if place[0] in ("chapter", "lesson")]
    if len(chapters) != 1 or not chapters[0][1].isdecimal():
        return []
    others = [place for place in named if place not in chapters]
    pages = [
        page
        for page in outline.pages
        if page.order is not None and not page.numbers and all(_is_at(page, o) for o in others)
    ]
    number = int(chapters[0][1])
    return pages[number - 1 : number]


def _titled(
    outline: Outline, words: Sequence[str], rest: frozenset[str], *, exercises: bool
) -> Found | None:
    """ "Exercises of the URDF chapter", "quiz me on topics", "summarize Balance and Walking"."""
    asked = rest | (frozenset(content_words(" ".join(words))) - _KEYWORDS)
    if not rest and any(kind_of(word) == "chapter" for word in words):
        return None
    if not asked or (not rest and not exercises):
        return _contents(outline) if {"book", "kitab"} & set(words) else None
    pages = [page for page in outline.pages if asked & page.words]
    if not pages and exercises:
        pages = sorted(
            (p for p in outline.pages if any(asked <= s.words for s in p.sections)),
            key=lambda p: -sum(asked <= s.words for s in p.sections),
        )[:1]
    if not pages:
        return None
    kinds = {kind_of(word) for word in words} - {None}

    def fit(page: Page) -> tuple[int, bool, int]:
        called = any(kind in kinds for kind, _ in page.numbers)
        return len(asked & page.words), called, -len(page.words)

    best = max(pages, key=fit)
    share = len(asked & best.words) / len(asked)
    whole = len(asked & best.words) / len(best.words)
    named = any(kind_of(word) or word == "page" for word in words)
    if not exercises and not (share == 1 and (named or whole >= 0.5)):
        return None
    return _of_pages([best], exercises=exercises) if share >= 0.5 or exercises else None


_KEYWORDS: Final = {
    stem(word)
    for word in (*_EXERCISES, *_OVERVIEW, "chapter", "module", "book", "question", "page")
}


def _of_pages(pages: Sequence[Page], *, exercises: bool) -> Found | None:
    if exercises:
        asked = [s.id for page in pages for s in page.sections if _asks(s)]
        return Found("exercises", asked[:3]) if asked else None
    if len(pages) == 1:
        return Found("outline", _of_page(pages[0]))
    first = sorted(pages, key=lambda page: not page.opens)
    return Found("contents", [page.sections[0].id for page in first][:_MOST_SECTIONS])


def _of_page(page: Page) -> list[str]:
    """What stands first, the summary, and the main sections."""
    told = [s for s in page.sections[1:] if not _is_passed_over(s)]
    level = min((s.level for s in told), default=0)
    main = [s for s in told if s.level == level]
    main = main if len(main) > 1 else told
    summaries = [s for s in page.sections[1:] if is_summary(s.heading)]
    kept = [page.sections[0], *summaries[:1], *(s for s in main if s not in summaries)]
    return [s.id for s in kept[:_MOST_SECTIONS]]


def _contents(outline: Outline) -> Found:
    """The parts of a large book, or the pages of a small one."""
    own = [p for p in outline.pages[1:] if not _TEMPLATE & set(p.path.split("/"))]
    opening = [p for p in own if p.opens and p.path.count("/") == 1]
    pages = opening if len(opening) > 1 else own
    first = outline.pages[:1]
    return Found("contents", [p.sections[0].id for p in (*first, *pages)][: 2 * _MOST_SECTIONS])


def _all_exercises(outline: Outline) -> Found | None:
    """Where there are some, a section of each page."""
    asking = [next((s.id for s in page.sections if _asks(s)), "") for page in outline.pages]
    found = [ident for ident in asking if ident]
    return Found("chapters", found[:_MOST_SECTIONS]) if found else None


def _asks(section: Section) -> bool:
    heading = section.heading.lower()
    return section.echo or any(
        word in heading for word in ("exercise", "knowledge check", "quiz", "assignment", "مشق")
    )


def _is_passed_over(section: Section) -> bool:
    heading = section.heading
    return _asks(section) or is_about_the_page(heading) or heading.lower() == "prerequisites"

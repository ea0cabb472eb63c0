"""What headings name, and what stands below them: goals, a summary, remedies."""

import re
from functools import lru_cache
from typing import Final

from text.words import content_words, word_set

_ABOUT_THE_PAGE: Final = re.compile(
    r"(?<!\W)\W*+\b(learning (goals|objectives|outcomes)|what (you will|you['’]ll|we will|we['’]ll)"
    r" (learn|cover|be able|build)|objectives|goals of|(\w+ )?exercises?|knowledge check|quiz"
    r"|advanced problems|(conceptual|review) questions|further reading|references"
    r"|teaching (?:suggestions|notes|tips)|(?:common )?student (?:challenges|difficulties)"
    r"|(?:instructor|teacher)['’]?s? (?:notes|guide)|next steps|getting help"
    r"|(additional |further )?resources|table of contents"
    r"|chapters (of|in) th(is|e)|(module|course|book) (structure|outline))\b",
    re.I,
)
_SUMMARY: Final = re.compile(r"\W*(summary|conclusion|key takeaways|recap|in short)\b", re.I)
_TROUBLE: Final = re.compile(
    r"\b(troubleshoot\w*|issues?|problems?|errors?|symptoms?|pitfalls?|mistakes|fail\w*|cannot"
    r"|debugging|nothing|not (?=\w))\b|n['’]t\b",
    re.I,
)
_IN_TROUBLE: Final = re.compile(
    r"n['’]t\b|\b((?:do|did|is|are|was|have|has|wo|ca|could|would|should)(?:es)?nt|no|not|never"
    r"|cannot|why|wrong|bad\w*|fix\w*|stuck|broken?|lost|missing|slow\w*"
    r"|lag\w*|hot|hard|too|avoid|prevent|trouble\w*|issues?|problems?|errors?|symptoms?|pitfalls?"
    r"|mistakes?|fail\w*|crash\w*|debug\w*|limit\w*|risks?|danger\w*|careful|warn\w*|drift\w*"
    r"|falls?|falling|what (?:if|happens)|happens (?:if|when))\b",
    re.I,
)
_LABEL: Final = re.compile(r"\W*\b(?:issue|problem|symptoms?|error)s?\W{0,3}:", re.I)
_NUMBER: Final = re.compile(
    r"\W*+(?:(?:chapter|module|part|lesson|week|step)\s)?\d[\d.]*+(?:[\s:)–-]++|$)", re.I
)
_SHORT: Final = re.compile(r"\s\(([^()]{2,12}?)s?\)")
_AFTER_NAME: Final = re.compile(r":|\s[-–—(]")
GENERIC: Final = frozenset(
    content_words(
        "project algorithm method technique concept process approach idea term thing tool good used"
        " use useful purpose work then actually really exactly basically"
    )
)
"""What a thing is called besides its name, or asked beside what it is."""
_OF_ANY_THING: Final = frozenset(
    content_words(
        "advantages disadvantages benefits limitations limits types kinds applications features"
        " components history steps examples pros cons requirements problems challenges causes"
        " solutions overview introduction summary conclusion notes tasks results setup installation"
        " properties parameters parts costs uses alternatives drawbacks goals code"
    )
)


def name_in(heading: str) -> str:
    """What a heading names, after its number and before a colon, a dash or a bracket."""
    number = _NUMBER.match(heading)
    return _AFTER_NAME.split(heading[number.end() :] if number else heading)[0]


def is_named(heading: str, question: str) -> bool:
    """The heading is the name of what is asked for, or short for it: "Inertial Units (IMUs)"."""
    asked = word_set(question)
    return any(name in (asked, asked - GENERIC) for name in _names(heading))


@lru_cache(maxsize=4096)
def _names(heading: str) -> tuple[frozenset[str], ...]:
    """Kept, as a search looks at dozens of headings, and at the same ones again and again."""
    short = _SHORT.search(heading)
    names = (word_set(name_in(heading)), word_set(short[1]) if short else frozenset())
    return tuple(filter(None, names))


def is_of_any_thing(question: str) -> bool:
    """ "Advantages?" asks about what was spoken of, though a heading may be called so."""
    return _OF_ANY_THING.issuperset(content_words(question))


def is_of_trouble(heading: str, sentence: str = "") -> bool:
    """What is below, or the sentence, is for those with whom something went wrong."""
    return bool(_TROUBLE.search(heading) or _LABEL.match(sentence))


def asks_of_trouble(question: str) -> bool:
    """Something goes wrong, or the question asks what may."""
    return bool(_IN_TROUBLE.search(question))


def is_about_the_page(heading: str) -> bool:
    """What is below announces or asks, and explains nothing."""
    return bool(_ABOUT_THE_PAGE.match(heading))


def asks_about_the_page(question: str) -> bool:
    """A question names such a part itself: "what are the learning goals?"."""
    return bool(_ABOUT_THE_PAGE.search(question))


def is_summary(heading: str) -> bool:
    """What is below says again, in short, what the page has said."""
    return bool(_SUMMARY.match(heading))

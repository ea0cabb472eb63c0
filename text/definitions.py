"""Which text says what a thing is."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

_ASKED: Final = re.compile(
    r"\W*+(?:wh?at(?:['’]?s| is| are)|define|explain|describe|tell me about)\s++"
    r"(?:(?:an?|the)\s++)?(?P<name>[^?.!,;()]{2,60})",
    re.I,
)
_OPENS: Final = re.compile(r"(?:^|[.!?:]\s|\n)[ \t*_>]*+(?:an?\s|the\s)?$")
_KIND: Final = re.compile(r"(?:an?|the|one|any)\s")
_LEAD: Final = 40
"""Characters before a name in which its sentence begins."""
DONE: Final = r"\w+ed|done|made|given|found|built|taken"
"""After "is": what is done with a thing does not say what it is."""
_AFTER: Final = re.compile(r"(?:\([^()]*+\))?\W*+")


def asks_what_is(question: str) -> str:
    """ "What is an action server?" asks for "action server"; empty for other questions."""
    match = _ASKED.match(question)
    alone = match and _AFTER.fullmatch(question, match.end())
    return match["name"].strip() if match and alone else ""


def defines(text: str, name: str) -> bool:
    """True where a sentence of the text begins "An action server is …"."""
    return any(_definitions(text.lower(), name))


def says_what_kind(text: str, name: str) -> bool:
    """The same, and it goes on with "a", "an" or "the": "A boat is only as good as …" does not."""
    lowered = text.lower()
    return any(_KIND.match(lowered, said.end()) for said in _definitions(lowered, name))


def _definitions(lowered: str, name: str) -> Iterator[re.Match[str]]:
    if name:
        for said in _definition(name.lower()).finditer(lowered):
            if _OPENS.search(lowered, max(0, said.start() - _LEAD), said.start()):
                yield said


@lru_cache(maxsize=256)
def _definition(name: str) -> re.Pattern[str]:
    # It begins with letters that are sought fast; what stands before them is looked at then.
    words = r"[\s-]".join(map(re.escape, name.split()))
    return re.compile(
        rf"{words}s?[*_]*+(?:\s\([^()\n]*\))?[*_]*+,?\s"
        r"(?:is|are|refers?\sto|means?|stands?\sfor|describes?|denotes?)\s"
        rf"(?!(?:{DONE}|also|not)\b)"
    )

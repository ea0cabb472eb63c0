"""Which text says what a thing is."""

import re
from functools import lru_cache
from typing import Final

_ASKED: Final = re.compile(
    r"\W*+(?:wh?at(?:['’]?s| is| are)|define|explain|describe|tell me about)\s++"
    r"(?:(?:an?|the)\s++)?(?P<name>[^?.!,;()]{2,60})",
    re.I,
)
_AFTER: Final = re.compile(r"(?:\([^()]*+\))?\W*+")


def asks_what_is(question: str) -> str:
    """ "What is an action server?" asks for "action server"; empty for other questions."""
    match = _ASKED.match(question)
    alone = match and _AFTER.fullmatch(question, match.end())
    return match["name"].strip() if match and alone else ""


def defines(text: str, name: str) -> bool:
    """True where a sentence of the text begins "An action server is …"."""
    return bool(name) and bool(_definition(name.lower()).search(text))


@lru_cache(maxsize=256)
def _definition(name: str) -> re.Pattern[str]:
    words = r"[\s-]".join(map(re.escape, name.split()))
    return re.compile(
        rf"(?:^|[.!?:]\s|\n)[ \t*_>]*+(?:an?\s|the\s)?{words}s?[*_]*+(?:\s\([^()\n]*\))?[*_]*+,?\s"
        r"(?:is|are|refers?\sto|means?|stands?\sfor|describes?|denotes?)\s"
        r"(?!(?:\w+ed|done|made|given|found|built|taken|also|not)\b)",
        re.I,
    )

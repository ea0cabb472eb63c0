"""Short questions in Roman Urdu about a thing with an English name, in English.

The search model reads English; of "ZMP kya hai" it would get one word.
"""

import re
from typing import Final

from text.words import content_words, tokens

_END: Final = r"(?: (?:hai|hain|he|hota|hoti|hote))*(?: (?:batao|bataen|samjhao|please|plz))*\W*"
_FORMS: Final = [
    (re.compile(pattern + _END, re.I), english)
    for pattern, english in (
        (
            r"(.{2,60}?) (?:aur|or) (.{2,60}?) (?:mein|me|ka|ke)(?: kya| kia)? (?:farq|fark)"
            r"(?: kya)?",
            "what is the difference between {} and {}",
        ),
        (r"(.{2,60}?) (?:kaise|kaisay) (?:kaam|kam) (?:karta|karti|karte)", "how does {} work"),
        (r"(.{2,60}?) (?:kaise|kaisay) (?:chalta|chalti|chalte)", "how does {} walk or run"),
        (r"(.{2,60}?) (?:kyun|kyu|kyon) (?:zaroori|zaruri|important)", "why is {} important"),
        (r"(.{2,60}?) (?:kya|kia) (?:hai|hain|he|hota|hoti|hote)(?: cheez)?", "what is {}"),
    )
]
_MOST_WORDS: Final = 5


def in_english(question: str) -> str | None:
    """ "ZMP kya hai?" as "what is ZMP"; None where more is said than a name and a known form."""
    asked = " ".join(question.split())
    for form, english in _FORMS:
        match = form.fullmatch(asked)
        if match and all(_is_a_name(name) for name in match.groups()):
            return english.format(*match.groups())
    return None


def _is_a_name(text: str) -> bool:
    """Words that Roman Urdu does not share."""
    words = tokens(text)
    return 0 < len(words) <= _MOST_WORDS and len(content_words(text)) >= len(words)

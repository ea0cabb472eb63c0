"""Short questions in Roman Urdu about a thing with an English name, in English.

The search model reads English; of "ZMP kya hai" it would get one word.
"""

import re
from typing import Final

from text.words import content_words, tokens

_END: Final = (
    r"(?: (?:hai|hain|he|hota|hoti|hote|hein))*+(?: (?:batao|bataen|samjhao|please|plz|bhai))*+\W*"
)
_TELL: Final = r"(?:samjhao|samjhaen|samjhaiye|samjha do|batao|bataen|bataiye|bata do|explain karo)"
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
        (
            r"(.{2,60}?) (?:kis liye|kyun|kyu|kahan) (?:use|istemal|istimal)"
            r"(?: (?:hota|hoti|hote|karte|karta))?",
            "what is {} used for",
        ),
        (
            r"(.{2,60}?) (?:ko )?(?:kaise|kaisay) (?P<verb>install|use|run|start|build|setup) "
            r"(?:karen|karein|karun|karoon|karte|karta|karna|kare)",
            "how to {verb} {}",
        ),
        (
            r"(?:kya )?(?:mujhe |muje )?(.{2,60}?) (?:zaroori|zaruri|chahiye|chahie|lazmi)",
            "do i need {}",
        ),
        (
            r"(.{2,60}?) (?:kya|kia) (?:cheez )?(?:hai|hain|he|hota|hoti|hote)(?: cheez)?",
            "what is {}",
        ),
        (
            rf"(?:mujhe |muje )?(.{{2,60}}?)(?: ke (?:bare|baare) (?:mein|me)| ko)? {_TELL}",
            "explain {}",
        ),
        (rf"(?:mujhe |muje )?{_TELL} (.{{2,60}}?)", "explain {}"),
        (r"(?:mujhe |muje )?(.{2,60}?) (?:seekhna|sikhna|parhna)", "where can i learn about {}"),
    )
]
_MOST_WORDS: Final = 5
_THIS: Final = r"(?:yeh?|ye|wo|woh|is|iska|isko|ise|iss)"
_SAID: Final = [
    (re.compile(pattern + _END, re.I), english)
    for pattern, english in (
        (rf"{_THIS} (?:kaise|kaisay) (?:kaam|kam) (?:karta|karti|karte)", "how does it work"),
        (rf"{_THIS} (?:kya|kia)", "what is it"),
        (
            rf"{_THIS} (?:kitab|book|course) (?:kis ke|kiske|kis k|kin ke) (?:liye|liay)",
            "who is this book for",
        ),
        (
            rf"{_THIS} (?:kitab|book) (?:kis ke|kiske|kis) (?:bare|baare) (?:mein|me)",
            "what is this book about",
        ),
        (rf"{_THIS} (?:matlab )?(?:kya|kia)(?: matlab)?", "what does it mean"),
        (rf"(?:{_THIS} )?(?:kyun|kyu|kyon)(?: zaroori| zaruri| important)?", "why is it important"),
        (
            rf"(?:mujhe )?(?:{_THIS} |koi )?(?:ki )?(?:misal|example(?= ))"
            r"(?: do| dein| den| dijiye)?",
            "give me an example",
        ),
        (r"(?:mujhe )?(?:aur|mazeed)(?: bhi)?(?: batao| bataen| bataiye)?", "tell me more"),
        (r"(?:phir|uske baad|is ke baad)(?: kya| kia)?", "and then?"),
        (
            r"(?:mujhe )?(?:asan|aasan|simple) (?:alfaz|lafzon|tareeqe|zaban|words) (?:mein|me|se)"
            rf"(?: {_TELL})?",
            "explain it in simple words",
        ),
        (r"(?:main |mein )?(?:kahan|kidhar) se (?:shuru|start) (?:karun|karoon|karen|karein|karna)"
         r"(?: chahiye)?", "where do i start"),
        (r"(?:is mein |ismein )?kitn[aei] (?:time|waqt|hafte|din) (?:lagega|lagta|lagte|lagenge)",
         "how long does it take"),
    )
]  # fmt: skip
"""What is said of the answer before, or of the book."""


def in_english(question: str) -> str | None:
    """ "ZMP kya hai?" as "what is ZMP"; None where more is said than a name and a known form."""
    asked = " ".join(question.split())
    said = next((english for form, english in _SAID if form.fullmatch(asked)), None)
    if said is not None:
        return said
    for form, english in _FORMS:
        match = form.fullmatch(asked)
        if match is None:
            continue
        named = match.groupdict()
        names = [name for name in match.groups() if name not in named.values()]
        if all(_is_a_name(name) for name in names):
            return english.format(*names, **named)
    return None


def _is_a_name(text: str) -> bool:
    """Words that Roman Urdu does not share."""
    words = tokens(text)
    return 0 < len(words) <= _MOST_WORDS and len(content_words(text)) >= len(words)

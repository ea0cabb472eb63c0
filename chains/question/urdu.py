"""Short questions in Urdu script about a thing with an English name, in English.

Words that are taken over from English are known by their sound; around them stand known forms.
"""

import re
from typing import Final

from text.transliteration import Loanwords

_IS: Final = r"(?:ہے|ہیں|ہوتا ہے|ہوتی ہے|ہوتے ہیں|ہوتا|ہوتی)"
_FORMS: Final = [
    (re.compile(pattern + r"[\s؟?۔.!]*"), english)
    for pattern, english in (
        (
            rf"(.{{2,60}}?) اور (.{{2,60}}?) میں (?:کیا )?فرق(?: کیا)?(?: {_IS})?",
            "what is the difference between {} and {}",
        ),
        (rf"(.{{2,60}}?) میں (.{{2,60}}?) کیا {_IS}", "what is {1}"),
        (rf"(.{{2,60}}?) کیا(?: چیز)? {_IS}", "what is {}"),
        (r"(.{2,60}?) (?:کیسے|کس طرح) (?:کام )?(?:کرتا|کرتی|کرتے) (?:ہے|ہیں)", "how does {} work"),
        (r"(.{2,60}?) کیوں (?:ضروری|اہم) (?:ہے|ہیں)", "why is {} important"),
        (
            r"(?:مجھے )?(.{2,60}?)(?: کے بارے میں| کو)? (?:سمجھائیں|سمجھاؤ|سمجھا دیں|بتائیں|بتاؤ)",
            "explain {}",
        ),
    )
]


def in_english(question: str, loanwords: Loanwords) -> str | None:
    """ "سینسر کیا ہے؟" as "what is sensor"; None where more is said than a known form."""
    asked = " ".join(question.split())
    for form, english in _FORMS:
        match = form.fullmatch(asked)
        names = [_named(text, loanwords) for text in match.groups()] if match else []
        if names and all(names):
            return english.format(*names)
    return None


def _named(text: str, loanwords: Loanwords) -> str:
    """The English words that a text consists of; empty where it holds others, too."""
    found, left = loanwords.read(text)
    return "" if left else " ".join(found)

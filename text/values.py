"""Values that a question asks for, such as a price, and texts that hold one."""

import re
from typing import Final

_VALUES: Final = [
    (re.compile(asked, re.I), re.compile(held))
    for asked, held in (
        (
            r"\b(?:prices?|salary|salaries|fees?|wages?|expensive|pay for)\b"
            r"|\bhow much (?:\S+ ){1,5}costs?\b|\bwhat (?:\S+ ){1,6}costs?\b"
            r"|\bhow much (?:is|are|for) (?:an?|one)\b",
            # A formula begins with a dollar and a number, too.
            r"\$\s?\d[\d,.]*+(?!\s?[\\^_=+×$])|[€£₹¥]\s?\d|\d\s?[€£₹¥]"
            r"|\b(?:USD|EUR|PKR|GBP|Rs\.?)\s?\d|\d\s?(?:USD|EUR|PKR|GBP)\b"
            r"|\b(?:dollars?|euros?|pounds?|rupees?|free of charge|for free|open.source)\b",
        ),
        (
            r"\b(?:what|which) (?:year|date|month|century)\b",
            r"\b(?:1\d|20)\d\d\b|\b(?:January|February|March|April|May|June|July|August|September"
            r"|October|November|December)\b|\bcentur(?:y|ies)\b",
        ),
    )
]


def value_asked(question: str) -> re.Pattern[str] | None:
    """How the value looks that answers, a price or a year; None where no such thing is asked."""
    return next((held for asked, held in _VALUES if asked.search(question)), None)

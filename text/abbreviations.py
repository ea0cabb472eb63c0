"""Abbreviations that a text explains, such as "zero moment point (ZMP)"."""

import re
from collections.abc import Iterator
from typing import Final

_SHORT: Final = re.compile(r"\(([A-Z][A-Za-z0-9-]{1,7})s?\)")
_WORD: Final = re.compile(r"[A-Za-z0-9]+")
_BEFORE: Final = 90
"""Characters before the bracket in which the long form stands."""
_WRITTEN_OUT: Final = re.compile(r"\s\(([^()]*)\)")
_LITTLE: Final = frozenset("of the and for in on to a an".split())


def written_out(question: str) -> tuple[str, str]:
    """ "What is ZMP (zero moment point)?" as "What is ZMP?" and "zero moment point"."""
    match = _WRITTEN_OUT.search(question)
    return _WRITTEN_OUT.sub("", question), match[1] if match else ""


def explained(text: str) -> Iterator[tuple[str, str]]:
    """Short and long form, both as written, for every "Long Form (LF)" of the text.

    The long form's initials must spell the short one; little words may be passed over.
    """
    for match in _SHORT.finditer(text):
        short = match[1]
        if sum(c.isupper() for c in short) < 2:
            continue
        before = text[max(0, match.start() - _BEFORE) : match.start()].replace("*", "")
        if before[-1:].isspace():
            long = _long_form(before.rstrip(), short)
            if long:
                yield short, long


def _long_form(before: str, short: str) -> str:
    """The last words of ``before`` whose initials spell ``short``; empty when none do."""
    letters = [c.lower() for c in short if c.isalnum()]
    words = list(_WORD.finditer(before))
    at = len(words) - 1
    start = -1
    while letters and at >= 0:
        word = words[at][0].lower()
        if word[0] == letters[-1]:
            letters.pop()
            start = words[at].start()
        elif word not in _LITTLE:
            return ""
        at -= 1
    return " ".join(before[start:].split()) if not letters and start >= 0 else ""

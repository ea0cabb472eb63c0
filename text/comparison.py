"""Questions that compare two things, and text that does."""

import re
from collections.abc import Sequence, Set
from typing import Final

from text.words import content_words

_SIDES: Final = [
    # Committed to the first word of comparison on a line: a later one could match nothing more.
    re.compile(pattern, re.I | re.M)
    for pattern in (
        r"^(?>.*?\bbetween )(.+?) and (.+)",
        r"^(.+?)\s(?:vs\.?|versus)\s(.+)",
        r"^(?>.*?\bcompare[sd]? )(.+?) (?:and|with|to|against) (.+)",
        r"^(.+?)\b(?:compared (?:to|with)|differs?(?:ent)? from|better than|rather than)\b(.+)",
        r"^(?>(.+?) aur )(?>(.+?) (?:mein|me|ka|ke)\b).*\bfarq",
    )
]
_ASKED: Final = re.compile(
    r"\b(?:vs|versus|differ\w*|compar\w+|distin\w+|choos\w+|choice|better|rather|farq)\b", re.I
)
_WRITTEN_OUT: Final = re.compile(r"(?<!\s)\s*+\([^()]*+\)")
"""What an abbreviation stands for, behind it."""
_COMPARES: Final = re.compile(
    r"\b(?:whereas|while|unlike|than|both|but|instead|differ\w*|compar\w+|either|contrast)\b", re.I
)
_LONGEST: Final = 5
"""More words than that are no name of a side."""


def sides_of(question: str) -> tuple[str, str] | None:
    """ "URDF vs SDF?" compares "URDF" and "SDF"."""
    for pattern in _SIDES:
        match = pattern.search(question)
        if match:
            first, second = (
                _WRITTEN_OUT.sub("", group).strip(" \t?!.,") for group in match.groups()
            )
            mine, others = set(content_words(first)), set(content_words(second))
            if mine - others and others - mine:
                return first, second
    return None


def names_of_sides(question: str) -> tuple[str, str] | None:
    """As ``sides_of``, where both are short enough to be looked up by name.

    "The bridge between Gazebo and ROS 2" compares nothing.
    """
    sides = sides_of(question) if _ASKED.search(question) else None
    return sides if sides and all(len(s.split()) <= _LONGEST for s in sides) else None


def compares(sentence: str, words: Set[str], sides: Sequence[Set[str]]) -> bool:
    """It names both sides and sets one against the other."""
    return all(side <= words for side in sides) and bool(_COMPARES.search(sentence))

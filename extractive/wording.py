"""Sentences taken out of their place, worded so that they stand alone."""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from extractive.groups import LEANING
from extractive.passages import Candidate

_MARKER: Final = re.compile(r"\s*(?:[-*+•]|\d{1,3}[.)])\s+")
_POINTS_BACK: Final = re.compile(
    r"(?:It|They|(?:This|That|These|Those)(?=\s+(?:is|are|was|were|has|have|can|will|would|may|must|should|means?|makes?|lets?|allows?|gives?|takes?|keeps?|works?|happens?|needs?|holds?|matters?)\b))\s+"
)
_CONNECTIVE: Final = re.compile(r"(?:But|However|So|Then|Also|And|Therefore|Thus|Hence),?\s+")
_NO_NAME: Final = re.compile(
    r"(?:how|why|what|when|where|which|who)\b|\w+ing\b|.*[:?]|pitfalls|summary|exercises?"
    r"|overview|introduction|example|worked|notes?\b|tip|warning|background|.*\band\b",
    re.I,
)


def worded(
    candidate: Candidate, before: Candidate | None, chosen: Sequence[Candidate], *, keep: bool
) -> str:
    """The sentence as it stands in this answer; empty when it means nothing here."""
    if candidate.kind == "item":
        return _item(candidate, chosen)
    if candidate.kind != "prose" or not LEANING.match(candidate.raw):
        return candidate.text
    follows = before is not None and before.passage == candidate.passage
    if follows and before is not None and candidate.position - before.position == 1:
        return candidate.text
    return _resolved(candidate, keep=keep or len(chosen) == 1)


def _item(candidate: Candidate, chosen: Sequence[Candidate]) -> str:
    """One item of a list is a sentence; some items are bullets; a whole list keeps its numbers."""
    mine = [
        c
        for c in chosen
        if (c.passage, c.block, c.kind) == (candidate.passage, candidate.block, "item")
    ]
    if len(mine) == 1:
        return _MARKER.sub("", candidate.text, count=1)
    whole = all(b.position - a.position <= 2 for a, b in pairwise(mine))
    return candidate.text if whole else "- " + _MARKER.sub("", candidate.text, count=1)


def _resolved(candidate: Candidate, *, keep: bool) -> str:
    """A leading "It" named by the heading; without a fit name the sentence goes."""
    text = candidate.text
    text = _CONNECTIVE.sub("", text, count=1)
    text = text[:1].upper() + text[1:]
    if not LEANING.match(text):
        return text
    heading = candidate.heading
    match = _POINTS_BACK.match(text)
    named = heading and len(heading.split()) <= 5 and not _NO_NAME.match(heading)
    if match and named:
        plural = heading.rstrip().endswith("s") and not heading.endswith(("ss", "ics", "us"))
        if plural == match[0].startswith(("They", "These", "Those")):
            return f"{heading} {text[match.end() :]}"
        return f"{heading}: {text[:1].lower()}{text[1:]}"
    return text if keep else ""

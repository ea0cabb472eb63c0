"""Heading anchors by the rules of github-slugger, which Docusaurus uses."""

import unicodedata
from typing import Final

# Circled and squared letters are "Alphabetic" in Unicode although their category is So.
_ALPHABETIC_SYMBOLS: Final = (
    range(0x24B6, 0x24EA),
    range(0x1F130, 0x1F14A),
    range(0x1F150, 0x1F16A),
    range(0x1F170, 0x1F18A),
)


def slugify(text: str, *, keep_case: bool = False) -> str:
    """Anchor of a heading text, without a number for repeats.

    Letters, marks, decimal digits, connector punctuation, spaces and hyphens stay; spaces
    become hyphens. Emoji and other symbols go, the spaces around them stay.
    """
    folded = text if keep_case else text.lower()
    if folded.isascii():
        kept = [c for c in folded if c.isalnum() or c in " -_"]
    else:
        kept = [c for c in folded if _stays(c)]
    return "".join(kept).replace(" ", "-")


def _stays(char: str) -> bool:
    category = unicodedata.category(char)
    return (
        category[0] in "LM"
        or category in ("Nd", "Nl", "Pc")
        or char in " -"
        or any(ord(char) in symbols for symbols in _ALPHABETIC_SYMBOLS)
    )


class Slugger:
    """Anchors of one page: the second ``tasks`` is ``tasks-1``, the third ``tasks-2``."""

    def __init__(self, *, keep_case: bool = False) -> None:
        self._keep_case = keep_case
        self._seen: dict[str, int] = {}

    def slug(self, text: str) -> str:
        """The next free anchor for ``text`` on this page."""
        base = slug = slugify(text, keep_case=self._keep_case)
        while slug in self._seen:
            self._seen[base] += 1
            slug = f"{base}-{self._seen[base]}"
        self._seen[slug] = 0
        return slug

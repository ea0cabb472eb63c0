"""How many tokens a text has for a model, without asking it."""

import math
import re
from typing import Final

_WORD_OR_MARK: Final = re.compile(r"\w+|[^\w\s]")


def estimate_tokens(text: str) -> int:
    """Rather too many than too few.

    The larger of 1.3 per word or mark (English prose) and one per four UTF-8 bytes (code, long
    words, scripts that take several bytes a letter).
    """
    pieces = sum(1 for _ in _WORD_OR_MARK.finditer(text))
    return max(math.ceil(pieces * 1.3), math.ceil(len(text.encode()) / 4))

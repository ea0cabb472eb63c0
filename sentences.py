"""Splits text into sentences; the same when indexing and when answering."""

import re
from typing import Final

_END: Final = re.compile(r"(?<=[.!?؟۔])\s+(?=[A-Z0-9\"'(\[`*\u0600-\u06ff])|\n{2,}")


def split_sentences(text: str) -> list[str]:
    """Sentences in order, stripped, none empty."""
    return [part.strip() for part in _END.split(text) if part.strip()]

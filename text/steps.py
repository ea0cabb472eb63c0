"""Procedures: questions that ask for one, and the numbered steps that it is made of."""

import re
from typing import Final

_ASKS: Final = re.compile(
    r"\bhow (?:do|can|should|would|could|must|does one) (?:i|we|you|one)\b|\bhow to\b"
    r"|\bsteps?\b|\binstall(?:ing|ation)?\b|\bset ?up\b",
    re.I,
)
_STEP: Final = re.compile(r"[>\s]{0,8}(\d{1,2})[.)]\s")


def asks_for_steps(question: str) -> bool:
    """ "How do I install ROS 2?", "steps to build a package"."""
    return bool(_ASKS.search(question))


def step_number(item: str) -> int | None:
    """The number of an item of a numbered list; None for any other text."""
    match = _STEP.match(item)
    return int(match[1]) if match else None

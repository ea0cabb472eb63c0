"""Inputs that make a backtracking regular expression slow, made from the expression itself.

For every repetition in the pattern: what leads to it, its body many times, and an end that does
not fit. For every prefix of the pattern: that prefix many times, so that many starts each look far
ahead. Characters that the pattern names stand for its classes.
"""

import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any, Final

# Python keeps its parser of patterns private, and without types.
op: Final[Any] = import_module("re._constants")
parser: Final[Any] = import_module("re._parser")
_CANDIDATES: Final = "a1 \n\t_-.:/(<[{`*#|>\"'!?,;=&$~+xéع。"
_ENDS: Final = ("", "\x00", " x", "\n", ">")
_TIMES: Final = 3


def pumps(pattern: re.Pattern[str]) -> Iterator[tuple[str, str, str]]:
    """``(prefix, pump, suffix)``, no two the same."""
    parsed = parser.parse(pattern.pattern, pattern.flags)
    seen = set()
    for prefix, pump in _repeated(list(parsed), ""):
        for suffix in _ENDS:
            attack = (prefix, pump, suffix)
            if pump and attack not in seen:
                seen.add(attack)
                yield attack


def _repeated(nodes: list[Any], before: str) -> Iterator[tuple[str, str]]:
    """Prefix and pump for every node, and for what is inside it."""
    so_far = before
    for at, node in enumerate(nodes):
        kind, value = node
        own = _sample([node])
        if kind is op.LITERAL and at + 1 < len(nodes) and nodes[at + 1][0] is op.LITERAL:
            so_far += own  # a word is one step
            continue
        for inside in _bodies(kind, value):
            body = _sample(inside)
            yield so_far, body
            yield so_far, body + " "
            yield from _repeated(inside, so_far)
        so_far += own
        # Many starts, each of which may look as far as the end.
        yield "", so_far
        yield "", own
        yield so_far, "a"
        yield so_far, own


def _bodies(kind: Any, value: Any) -> list[list[Any]]:
    if kind in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
        return [list(value[2])]
    if kind is op.SUBPATTERN:
        return [list(value[3])]
    if kind is op.BRANCH:
        return [list(branch) for branch in value[1]]
    if kind is op.ATOMIC_GROUP:
        return [list(value)]
    return []


def _sample(nodes: list[Any]) -> str:
    """A short text that these nodes match, lookarounds aside."""
    return "".join(_one(kind, value) for kind, value in nodes)


def _one(kind: Any, value: Any) -> str:
    if kind is op.LITERAL:
        return chr(value)
    if kind is op.NOT_LITERAL:
        return next(c for c in _CANDIDATES if ord(c) != value)
    if kind is op.ANY:
        return "a"
    if kind is op.IN:
        return _of_class(value)
    if kind is op.BRANCH:
        return _sample(list(value[1][0]))
    if kind is op.SUBPATTERN:
        return _sample(list(value[3]))
    if kind is op.ATOMIC_GROUP:
        return _sample(list(value))
    if kind in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
        return _sample(list(value[2])) * max(1, min(int(value[0]), _TIMES))
    return ""


def _of_class(items: Any) -> str:
    """A character of ``[...]``; one that stands in the class itself if it names any."""
    kind, value = items[0]
    if kind is op.LITERAL:
        return chr(value)
    if kind is op.RANGE:
        return chr(value[0])
    fits = re.compile(_source(items))
    return next((c for c in _CANDIDATES if fits.fullmatch(c)), "a")


def _source(items: Any) -> str:
    names = {
        op.CATEGORY_DIGIT: r"\d",
        op.CATEGORY_NOT_DIGIT: r"\D",
        op.CATEGORY_SPACE: r"\s",
        op.CATEGORY_NOT_SPACE: r"\S",
        op.CATEGORY_WORD: r"\w",
        op.CATEGORY_NOT_WORD: r"\W",
    }
    parts = []
    for kind, value in items:
        if kind is op.NEGATE:
            parts.append("^")
        elif kind is op.LITERAL:
            parts.append(re.escape(chr(value)))
        elif kind is op.RANGE:
            parts.append(f"{re.escape(chr(value[0]))}-{re.escape(chr(value[1]))}")
        elif kind is op.CATEGORY:
            parts.append(names[value])
    return f"[{''.join(parts)}]"

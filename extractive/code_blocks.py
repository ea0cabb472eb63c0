"""Blocks of code that are too long to be shown whole: the part that answers, cut where it ends."""

import itertools
import re
import textwrap
from collections.abc import Sequence
from typing import Final

from text.code import comment_in, language_of_code

_BEGINS: Final = re.compile(
    r"\s*(?:(?:async def|def|class|function|export|(?:public|private)(?!:)|void|template|struct)\b"
    r"|@\w)"
)
_OPENER: Final = re.compile(
    r"[:,(\[{\\=]\s*+(?:(?:#|//).*)?$|^\s*+@|^\s*+<(?![/!?])[^<>]*+(?:(?<!/)>)?+\s*+$"
    r"|^\s*+(?:\"{3}.*\"{3}|#.*|//.*|<!--.*-->)\s*$"
)
"""A line that something must follow; what a comment or a docstring tells of, too."""
_PREAMBLE: Final = re.compile(r"\s*(?:$|#|//|<!--|<\?|import\b|from\b|using\b|package\b|require\b)")
"""A line that does nothing by itself."""
_CLOSER: Final = re.compile(r"\s*(?:[)\]}{]|</|fi\b|done\b|esac\b|end\b)")
"""A line that belongs to what stands before it."""
_BARE: Final = re.compile(r"\s*+(?:[{}()\[\];]*|(?:public|private|protected):)\s*+$")
"""A line of brackets, or a label that stands as far out as its class."""
_PAIRS: Final = ("()", "[]", "{}")
_WHOLE, _FUNCTION, _PARAGRAPH, _STATEMENT, _NOWHERE = 4, 3, 2, 1, 0


def functions(lines: Sequence[str]) -> list[range]:
    """The lines of each function or class head, and what stands before the first of them."""
    begins = (at for at in range(1, len(lines)) if _BEGINS.match(lines[at]))
    return [range(*bound) for bound in itertools.pairwise([0, *begins, len(lines)])]


def is_fragment(block: str) -> bool:
    """It was cut out of a longer block when the book was split: its first line is indented."""
    lines = (line for line in block.splitlines()[1:] if line.strip())
    return next(lines, "")[:1].isspace()


def cut(block: str, most: int, window: tuple[int, int], *, imports: bool = False) -> str:
    """The block, or of a longer one at most so many lines around the window, marked as a part.

    It begins at a class, a function or a paragraph and ends where one of these ends, if it can.

    Args:
        window: the lines that answer, first and one past the last, counted with the fence.
            Empty: what the block defines first.
        imports: all that fits is wanted, and what stands before the first class belongs to it.
    """
    fence, *lines = block.splitlines()
    if len(lines) < 2 or (len(lines) <= most and not is_fragment(block)):
        return block
    closing = [lines.pop()] if lines[-1].lstrip().startswith(("```", "~~~")) else []
    if window[1] <= window[0]:
        first = next((at for at, line in enumerate(lines) if _BEGINS.match(line)), 0)
        last = first + 1
    else:
        first = min(max(0, window[0] - 1), len(lines) - 1)
        last = min(max(first + 1, window[1] - 1), len(lines))
    start = _start(lines, first, last, most)
    if imports and last <= most and all(map(_PREAMBLE.match, lines[:start])):
        start = 0
    end = _end(lines, start, last, most, least=most // 2 if imports else (last - start) // 2)
    kept = textwrap.dedent("\n".join(lines[start:end])).rstrip().splitlines()
    mark = comment_in(language_of_code(fence), "…")
    missing = is_fragment(block) or any(map(str.strip, lines[:start]))
    before = [mark] if mark and missing else []
    after = [mark] if mark and any(map(str.strip, lines[end:])) else []
    return "\n".join([fence, *before, *kept, *after, *closing])


def _start(lines: Sequence[str], first: int, last: int, most: int) -> int:
    """The class or function around the window, as far as it fits, else the paragraph."""
    depth, around = _indent(lines[first]) + 1, list[int]()
    for at in range(first, -1, -1):
        if not _BARE.match(lines[at]) and _indent(lines[at]) < depth:
            depth = _indent(lines[at])
            if _BEGINS.match(lines[at]):
                around.append(at)
    if around:
        ends = _function_end(lines, around[0], last)
        fitting = [at for at in around if ends - at <= most] or around[:1]
        if last - fitting[-1] <= most:
            return _decorated(lines, fitting[-1])
    start, least = first, _indent(lines[first])
    for at in range(first, max(0, last - most) - 1, -1):
        if not lines[at].strip():
            break
        if _indent(lines[at]) <= least:
            start, least = at, _indent(lines[at])
    return start


def _function_end(lines: Sequence[str], begin: int, last: int) -> int:
    for at in range(max(begin + 1, last), len(lines)):
        if lines[at].strip() and _indent(lines[at]) <= _indent(lines[begin]):
            return at
    return len(lines)


def _decorated(lines: Sequence[str], at: int) -> int:
    while at > 0 and lines[at - 1].lstrip().startswith("@"):
        at -= 1
    return at


def _end(lines: Sequence[str], start: int, last: int, most: int, *, least: int) -> int:
    """One past the last line: where the whole ends after the window, or the last of what ends."""
    outside = (at for at in range(start + 1, len(lines)) if _is_outside(lines[at], lines[start]))
    furthest = min(len(lines), start + most, *itertools.islice(outside, 1))
    last = min(max(last, start + 1), furthest)
    ends = {end: _quality(lines, start, end) for end in range(start + 1, furthest + 1)}
    if whole := [end for end, quality in ends.items() if quality == _WHOLE and end >= last]:
        return whole[0]
    late = {
        end: quality for end, quality in ends.items() if end - start >= min(least, furthest - start)
    }
    best = max(late.values())
    return max(end for end, quality in late.items() if quality == best)


def _is_outside(line: str, first: str) -> bool:
    return bool(line.strip()) and _indent(line) < _indent(first)


def _quality(lines: Sequence[str], start: int, end: int) -> int:
    """How well the lines from ``start`` can end before the line ``end``."""
    kept = [line for line in lines[start:end] if line.strip()]
    following = next((line for line in lines[end:] if line.strip()), None)
    opens = _OPENER.search(lines[end - 1]) or _BEGINS.match(lines[end - 1])
    if opens or not _balanced(kept) or all(map(_PREAMBLE.match, kept)):
        return _NOWHERE
    if following is None:
        return _WHOLE
    if _CLOSER.match(following) and _indent(following) >= _indent(kept[0]):
        return _NOWHERE
    if _indent(following) <= _indent(kept[0]):
        return _WHOLE
    if _BEGINS.match(following):
        return _FUNCTION
    return _STATEMENT if lines[end].strip() else _PARAGRAPH


def _balanced(lines: Sequence[str]) -> bool:
    text = "\n".join(lines)
    return all(text.count(opening) <= text.count(closing) for opening, closing in _PAIRS)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())

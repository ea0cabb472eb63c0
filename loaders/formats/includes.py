"""What a page takes over from other files: mdBook's includes and MkDocs' snippets.

Only files inside the book's folder are read, and at most so many levels deep.
"""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from loaders.files import read_text

_DEEPEST: Final = 8
_MDBOOK: Final = re.compile(r"(\\?)\{\{[ \t]?#(\w+)[ \t]([^{}\n]*)\}\}")
_INCLUDES: Final = frozenset(("include", "rustdoc_include"))
_ANCHOR: Final = re.compile(r"\bANCHOR(_END)?:[ \t]?([\w-]+)")
_SNIPPET: Final = re.compile(r"""([ \t]*)(;?)-{1,3}8<-{1,3}[ \t]+(["'])([^"'\n]+)\3[ \t]*$""")
_SNIPPET_BLOCK: Final = re.compile(r"[ \t]*-{1,3}8<-{1,3}[ \t]*$")
_SNIPPET_MARK: Final = re.compile(r"-{1,3}8<-{1,3}[ \t]\[(start|end):[ \t]?([\w-]+)\]")
_LONGEST_LINE: Final = 2000

Read = Callable[[str], str | None]
"""Text of a file by the name that the page gives it; None when it cannot be taken over."""


def reader(root: Path, bases: Sequence[Path]) -> Read:
    """Reads names relative to the first of ``bases`` that has them, never outside ``root``."""
    inside = root.resolve()

    def read(name: str) -> str | None:
        for base in bases:
            path = base / name
            if path.is_file() and path.resolve().is_relative_to(inside):
                return read_text(path, name, lambda problem: None)
        return None

    return read


def expand_mdbook(text: str, folder: Path, root: Path, depth: int = 0) -> str:
    """``{{#include file:lines-or-anchor}}`` and its kin replaced by what they name.

    What cannot be read stays away: readers of the published book see an error there.
    """
    if "{{" not in text or depth > _DEEPEST:
        return text

    def replaced(match: re.Match[str]) -> str:
        escaped, directive, argument = match.groups()
        if escaped:
            return match[0][1:]
        if directive == "playground":
            code = reader(root, [folder])(argument.split()[0]) if argument.split() else None
            return f"```rust\n{code.rstrip()}\n```" if code else ""
        if directive not in _INCLUDES:
            return ""
        name, _, part = argument.strip().partition(":")
        source = reader(root, [folder])(name)
        if source is None:
            return ""
        taken = _part_of(source, part)
        return expand_mdbook(taken, (folder / name).parent, root, depth + 1).rstrip("\n")

    return _MDBOOK.sub(replaced, text)


def _part_of(source: str, part: str) -> str:
    """``2``, ``2:``, ``:9``, ``2:9`` are lines, counted from one; any other word is an anchor."""
    lines = source.splitlines()
    first, colon, last = part.partition(":")
    if not part or (first or last).isdigit():
        start = int(first) - 1 if first.isdigit() else 0
        end = int(last) if last.isdigit() else len(lines) if colon or not part else start + 1
        return "\n".join(line for line in lines[start:end] if not _ANCHOR.search(line))
    return "\n".join(_between(lines, first, _ANCHOR, "_END"))


def expand_snippets(text: str, read: Read, depth: int = 0) -> str:
    """``--8<-- "file"`` and blocks of file names replaced by the files (pymdownx.snippets)."""
    if "8<" not in text or depth > _DEEPEST:
        return text
    result: list[str] = []
    in_block = False
    for line in text.split("\n"):
        short = line[:_LONGEST_LINE]
        if _SNIPPET_BLOCK.match(short):
            in_block = not in_block
        elif in_block:
            result += _snippet(line.strip(), "", read, depth)
        elif match := _SNIPPET.match(short):
            indent, escape, _, name = match.groups()
            result += [line.replace(";", "", 1)] if escape else _snippet(name, indent, read, depth)
        elif not _SNIPPET_MARK.search(short):
            result.append(line)
    return "\n".join(result)


def _snippet(name: str, indent: str, read: Read, depth: int) -> list[str]:
    if not name or "://" in name or name.startswith(";"):
        return []
    path, _, part = name.partition(":")
    source = read(path)
    if source is None:
        return []
    if part and not part.replace(":", "").isdigit():
        lines = _between(source.splitlines(), part, _SNIPPET_MARK, "end")
    else:
        lines = _part_of(source, part).split("\n")
    taken = expand_snippets("\n".join(lines), read, depth + 1).rstrip("\n")
    return [indent + line if line else line for line in taken.split("\n")]


def _between(lines: Sequence[str], name: str, mark: re.Pattern[str], closing: str) -> list[str]:
    """Lines between the marks that open and close ``name``, without any marks."""
    found: list[str] = []
    inside = False
    for line in lines:
        match = mark.search(line[:_LONGEST_LINE])
        if match is None:
            found += [line] if inside else []
        elif match[2] == name:
            inside = match[1] != closing
    return found

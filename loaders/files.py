"""Finds and reads a book's files without trusting them: loops, sizes, encodings, escapes."""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path, PurePosixPath
from typing import Final

from langchain_core.documents import Document

from loaders.document import Address, Book, Problem, Report, SourceFile, key_of

MAX_BYTES: Final = 20_000_000
"""A page larger than this is generated data, not a chapter."""

ReadWhole = Callable[[str, bytes, Report], Iterable[Document]]

_SAMPLE: Final = 8192
_ODD_SHARE: Final = 0.1
_CONTROLS: Final = bytes(set(range(32)) - set(b"\t\n\r\f\v\x1b"))


def walk(
    root: Path,
    suffixes: Sequence[str],
    exclude: Sequence[str] = (),
    report: Report = lambda problem: None,
) -> Iterator[str]:
    """POSIX paths below ``root``, relative to it, sorted, folder by folder.

    Links to folders are followed once; a loop or a link that leaves ``root`` is reported.
    ``exclude`` holds glob patterns such as ``**/_*/**``. Hidden files stay out.
    """
    yield from _walk(root, root.resolve(), "", frozenset(), suffixes, exclude, report)


def _walk(
    folder: Path,
    root: Path,
    prefix: str,
    above: frozenset[Path],
    suffixes: Sequence[str],
    exclude: Sequence[str],
    report: Report,
) -> Iterator[str]:
    above = above | {folder.resolve()}
    try:
        entries = sorted(os.scandir(folder), key=lambda e: _natural(e.name))
    except OSError as error:
        report(Problem(prefix or ".", _reason(error), skipped=True, transient=True))
        return
    for entry in entries:
        name = f"{prefix}{entry.name}"
        if entry.name.startswith(".") or entry.name == "node_modules":
            continue
        wanted = entry.name.lower().endswith(tuple(suffixes))
        if entry.is_symlink() and (wanted or entry.is_dir()):
            trouble = _link_trouble(Path(entry.path), root, above)
            if trouble:
                report(Problem(name, trouble, skipped=True))
                continue
        if entry.is_dir():
            if not matches(f"{name}/x", exclude):
                yield from _walk(
                    Path(entry.path), root, f"{name}/", above, suffixes, exclude, report
                )
        elif wanted and not matches(name, exclude):
            yield name


def _link_trouble(link: Path, root: Path, above: frozenset[Path]) -> str | None:
    try:
        target = link.resolve(strict=True)
    except (OSError, RuntimeError):
        return "symbolic link that leads nowhere or in a circle"
    if target in above:
        return "symbolic link that leads back to a folder above it"
    if not target.is_relative_to(root):
        return "symbolic link that leads out of the book"
    return None


def _natural(name: str) -> list[tuple[int, int, str]]:
    """``chapter-2`` comes before ``chapter-10``; index pages come first."""
    stem = PurePosixPath(name).stem.lower()
    if stem in ("index", "readme"):
        return [(0, 0, "")]
    return [(2, int(p), "") if p.isdecimal() else (1, 0, p) for p in re.split(r"(\d+)", name) if p]


def read_text(path: Path, name: str, report: Report, limit: int = MAX_BYTES) -> str | None:
    """Text of a UTF-8 file; None and a problem if it cannot go in.

    Bytes that are not UTF-8 become U+FFFD, as the published page shows them, and are reported.
    """
    try:
        size = path.stat().st_size
    except OSError as error:
        report(Problem(name, _reason(error), skipped=True, transient=True))
        return None
    if size > limit:
        reason = f"{size / 1e6:.0f} MB, the limit for one file is {limit / 1e6:.0f} MB"
        report(Problem(name, reason, skipped=True))
        return None
    raw = read_bytes(path, name, report)
    if raw is None:
        return None
    if _is_binary(raw[:_SAMPLE]):
        report(Problem(name, "is not a text file", skipped=True))
        return None
    try:
        return raw.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        report(Problem(name, f"not valid UTF-8 in line {line}; the bad bytes are replaced"))
        return raw.decode("utf-8", errors="replace").replace("\r\n", "\n")


def read_bytes(path: Path, name: str, report: Report) -> bytes | None:
    """A file's content; None and a problem if it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        report(Problem(name, _reason(error), skipped=True, transient=True))
        return None


def whole_files(
    source: Path, suffixes: Sequence[str], kind: str, address: Address, read: ReadWhole
) -> Book:
    """A book of files that are read at once, such as PDFs.

    Args:
        source: such a file, or a folder of them.
        kind: names the loader, for the files' keys.
        read: the sections of a file, by its name and content.
    """
    book = Book(())
    report = book.problems.append
    folder = source.parent if source.is_file() else source
    paths = [source.name] if source.is_file() else list(walk(folder, suffixes, (), report))
    book.pages = len(paths)
    book.files = _WholeFiles(folder, paths, kind, address, read, report)
    return book


@dataclass(frozen=True)
class _WholeFiles:
    """Reads files one by one; can be iterated again."""

    folder: Path
    paths: Sequence[str]
    kind: str
    address: Address
    read: ReadWhole
    report: Report

    def __iter__(self) -> Iterator[SourceFile]:
        for path in self.paths:
            content = read_bytes(self.folder / path, path, self.report)
            if content is not None:
                key = key_of(content, self.kind, path, self.address.book_url)
                yield SourceFile(partial(self.read, path, content), key)


def _is_binary(start: bytes) -> bool:
    """Text has few control characters and is mostly valid UTF-8."""
    text = start.decode("utf-8", errors="replace")
    controls = len(start) - len(start.translate(None, _CONTROLS))
    return text.count("\ufffd") + controls > _ODD_SHARE * len(text)


def _reason(error: OSError) -> str:
    return f"cannot be read: {(error.strerror or 'error').lower()}"


def matches(path: str, patterns: Sequence[str]) -> bool:
    """Whether ``path`` matches one of the glob patterns (``**``, ``*``, ``?``, ``{a,b}``)."""
    return any(_compiled(pattern).fullmatch(path) for pattern in patterns)


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    source, i = "", 0
    while i < len(pattern):
        if pattern.startswith("**/", i):
            source, i = source + r"(?:[^/]+/)*", i + 3
        elif pattern.startswith("**", i):
            source, i = source + ".*", i + 2
        elif pattern[i] == "{" and "}" in pattern[i:]:
            end = pattern.index("}", i)
            options = "|".join(re.escape(o) for o in pattern[i + 1 : end].split(","))
            source, i = f"{source}(?:{options})", end + 1
        else:
            source += {"*": "[^/]*", "?": "[^/]"}.get(pattern[i], re.escape(pattern[i]))
            i += 1
    return re.compile(source)

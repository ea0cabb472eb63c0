"""Sections of EPUB books: a zip of XHTML chapters in the order of their spine."""

import posixpath
import re
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from langchain_core.documents import Document
from selectolax.lexbor import LexborHTMLParser

from loaders.document import Address, Book, Problem, Report
from loaders.files import whole_files
from loaders.formats.html_page import parse_html
from loaders.sections import Place, documents

SUFFIXES: Final = (".epub",)
_LARGEST: Final = 20_000_000
_SELF_CLOSED: Final = re.compile(r"<(a|div|i|b|p|script|span|style|title)\b([^<>]*)/>")
_XHTML: Final = ("application/xhtml+xml", "text/html")


def load_epub(source: Path, *, book_url: str = "") -> Book:
    """Sections of an EPUB file or a folder of them; URLs name the chapter inside the file."""
    address = Address(book_url)
    return whole_files(source, SUFFIXES, "epub", address, _Reader(address).sections)


class _UnreadableError(Exception):
    """The file is no EPUB, or one that nobody may read; the text says which."""


class _Reader:
    """Reads a file chapter by chapter."""

    def __init__(self, address: Address) -> None:
        self._address = address

    def sections(self, path: str, content: bytes, report: Report) -> Iterator[Document]:
        """Of one file."""
        try:
            with zipfile.ZipFile(BytesIO(content)) as archive:
                yield from self._chapters(path, archive)
        except _UnreadableError as error:
            report(Problem(path, str(error), skipped=True))
        except (OSError, zipfile.BadZipFile, RuntimeError, KeyError, ValueError) as error:
            reason = f"is no readable EPUB ({type(error).__name__})"
            report(Problem(path, reason, skipped=True))

    def _chapters(self, path: str, archive: zipfile.ZipFile) -> Iterator[Document]:
        if "META-INF/encryption.xml" in archive.namelist() and _is_locked(archive):
            raise _UnreadableError("is protected against copying and cannot be read")
        package = _package(archive)
        opf = LexborHTMLParser(_read(archive, package))
        title, language = _meta(opf, "title") or Path(path).stem, _meta(opf, "language") or "en"
        for name in _spine(opf, posixpath.dirname(package)):
            parsed = parse_html(_as_html(_read(archive, name)))
            inside = f"{path}/{name}"
            yield from documents(
                parsed.page,
                Place(
                    path=inside,
                    title=parsed.title or title,
                    folders=(title,) if parsed.title != title else (),
                    locale=(parsed.language or language).split("-")[0].lower(),
                    address=self._address,
                    route=inside,
                    reached_by=(inside, f"/{inside}"),
                ),
            )


def _is_locked(archive: zipfile.ZipFile) -> bool:
    """Obfuscated fonts are listed there, too; they lock nothing."""
    return b".xhtml" in _read(archive, "META-INF/encryption.xml")


def _read(archive: zipfile.ZipFile, name: str) -> bytes:
    if archive.getinfo(name).file_size > _LARGEST:
        raise _UnreadableError(f"{name} is larger than {_LARGEST / 1e6:.0f} MB")
    return archive.read(name)


def _as_html(source: bytes) -> str:
    """XHTML may close any element at once; HTML would read on to the end of the file."""
    encoding = "utf-16" if source[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    return _SELF_CLOSED.sub(r"<\1\2></\1>", source.decode(encoding, errors="replace"))


def _package(archive: zipfile.ZipFile) -> str:
    container = LexborHTMLParser(_read(archive, "META-INF/container.xml"))
    root = container.css_first("rootfile")
    path = root.attributes.get("full-path") if root is not None else None
    if not path:
        raise _UnreadableError("names no package document")
    return path


def _meta(opf: LexborHTMLParser, name: str) -> str:
    node = next((n for n in opf.css("*") if n.tag == f"dc:{name}"), None)
    return " ".join(node.text(deep=True).split()) if node is not None else ""


def _spine(opf: LexborHTMLParser, folder: str) -> Iterator[str]:
    """Names of the chapters inside the zip, in reading order, without the table of contents."""
    items = {
        item.attributes.get("id"): item.attributes
        for item in opf.css("item")
        if item.attributes.get("media-type") in _XHTML
    }
    for reference in opf.css("itemref"):
        item = items.get(reference.attributes.get("idref"))
        if item and "nav" not in (item.get("properties") or "").split():
            yield posixpath.normpath(posixpath.join(folder, unquote(item.get("href") or "")))

"""What an index run keeps of the chunks that go by: counts, and the words they use."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final, Self

from langchain_core.documents import Document

from loaders.index.links import Links
from text.outline import Outline
from text.outline_builder import OutlineBuilder
from text.vocabulary import Vocabulary
from text.words import is_urdu

_SAMPLE: Final = 64
_NOT_STORED: Final = ("embed_text", "sentence_vectors", "digest")


class IndexStats:
    """Counts, words, structure and links of a file's chunks; those of a book add up."""

    def __init__(self) -> None:
        self.chunks = self.sections = 0
        self.vocabulary = Vocabulary()
        self.links = Links()
        self._locales: Counter[str] = Counter()
        self._languages: Counter[str] = Counter()
        self._versions: dict[str, None] = {}
        self._sample: dict[str, str] = {}
        self._outline = OutlineBuilder()
        self._order: dict[str, int] = {}

    @property
    def pages(self) -> int:
        """Pages with text."""
        return len(self._order)

    def add_section(self, metadata: Mapping[str, object]) -> None:
        """Counts a section, before its chunks."""
        self.sections += 1
        self.links.add(metadata)

    def add(self, chunk: Document) -> None:
        """Counts a chunk."""
        metadata = chunk.metadata
        self.chunks += 1
        if metadata["path"] not in self._order:
            self._order[metadata["path"]] = len(self._order)
            # By pages, not by length: a translation often needs more words than its original.
            self._locales[metadata["locale"]] += 1
        self.vocabulary.add(" ".join([*metadata["breadcrumb"], chunk.page_content]))
        self._outline.add(chunk.page_content, metadata)
        # Most tools know one language for the whole site, whatever its pages are written in.
        urdu = is_urdu(chunk.page_content)
        self._languages["ur" if urdu else metadata["locale"].split("-")[0].lower()] += 1
        if version := metadata.get("version"):
            self._versions[version] = None
        if metadata["kind"] == "text":
            heading = metadata["heading"]
            self._keep({hashlib.sha256(heading.encode()).hexdigest(): heading})

    def merge(self, other: "IndexStats") -> None:
        """Counts what ``other`` counted, which comes after this."""
        self.chunks += other.chunks
        self.sections += other.sections
        for path in other._order:
            self._order.setdefault(path, len(self._order))
        self.vocabulary.merge(other.vocabulary)
        self._outline.merge(other._outline)
        self.links.merge(other.links)
        self._locales.update(other._locales)
        self._languages.update(other._languages)
        self._versions |= other._versions
        self._keep(other._sample)

    def state(self) -> list[Any]:
        """All of it, as JSON can hold it."""
        return [
            *(self.chunks, self.sections, self.vocabulary.state(), self.links.counts),
            *(self._locales, self._languages, list(self._versions), self._sample),
            *(self._outline.pages, list(self._order)),
        ]

    @classmethod
    def of_state(cls, state: Sequence[Any]) -> Self:
        """The inverse of ``state``."""
        stats = cls()
        stats.chunks, stats.sections, words, links, *more = state
        locales, languages, versions, sample, pages, order = more
        stats.vocabulary = Vocabulary(*words)
        stats.links.counts.update(links)
        stats._locales.update(locales)
        stats._languages.update(languages)
        stats._versions = dict.fromkeys(versions)
        stats._sample = sample
        stats._outline = OutlineBuilder(pages)
        stats._order = {path: number for number, path in enumerate(order)}
        return stats

    def _keep(self, headings: Mapping[str, str]) -> None:
        """The headings with the smallest hashes: the same sample of the same book."""
        self._sample |= headings
        if len(self._sample) > 2 * _SAMPLE:
            self._sample = dict(sorted(self._sample.items())[:_SAMPLE])

    def by_importance(self, chunks: Sequence[Document]) -> list[str]:
        """Ids of chunks, those of the best-linked pages first, each page in reading order."""
        links: dict[str, int] = {}

        def rank(chunk: Document) -> tuple[int, int, int]:
            path = chunk.metadata["path"]
            if path not in links:
                links[path] = self.links.to(path, chunk.metadata["url"])
            return -links[path], self._order.get(path, len(self._order)), chunk.metadata["index"]

        return [str(chunk.id) for chunk in sorted(chunks, key=rank)]

    def sample(self) -> list[str]:
        return [heading for _, heading in sorted(self._sample.items())[:_SAMPLE]]

    def language(self) -> str:
        return self._locales.most_common(1)[0][0] if self._locales else "en"

    def languages(self) -> list[str]:
        """Languages of the pages, the most frequent first."""
        return [language for language, _ in self._languages.most_common()]

    def outline(self) -> Outline:
        """The pages in the book's own language."""
        return self._outline.outline(self.language(), self.versions())

    def versions(self) -> list[str]:
        """Versions of the book as its loader orders them: the default one first."""
        return list(self._versions)


class BookVersion:
    """Names what a book holds: the same in whatever order its chunks come."""

    def __init__(self) -> None:
        self._sum = 0

    def add(self, chunk_id: str, payload: str) -> None:
        """Counts a chunk by its id and the digest of its payload."""
        digest = hashlib.sha256(f"{chunk_id}\0{payload}".encode()).digest()
        self._sum = (self._sum + int.from_bytes(digest[:16])) % (1 << 128)

    def __str__(self) -> str:
        return f"{self._sum:032x}"[:16]


def payload_digest(chunk: Document) -> str:
    """SHA-256 over what is stored of a chunk beside its vectors."""
    stored: dict[str, object] = {k: v for k, v in chunk.metadata.items() if k not in _NOT_STORED}
    text = json.dumps([chunk.page_content, stored], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:32]

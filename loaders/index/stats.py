"""What an index run keeps of the chunks that go by: counts, and the words they use."""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from langchain_core.documents import Document

from loaders.index.links import Links
from text.outline import Outline, OutlineBuilder
from text.vocabulary import Vocabulary
from text.words import is_urdu

_SAMPLE: Final = 64
_NOT_STORED: Final = ("embed_text", "sentence_vectors", "digest")


class IndexStats:
    """Counts, the book's version and a sample of its headings."""

    def __init__(self) -> None:
        self.chunks = 0
        self.pages: set[int] = set()
        self._sum = 0
        self._locales: Counter[str] = Counter()
        self._languages: Counter[str] = Counter()
        self._versions: dict[str, None] = {}
        self._sample: dict[str, str] = {}
        self.vocabulary = Vocabulary()
        self._outline = OutlineBuilder()
        self.links = Links()
        self._order: dict[str, int] = {}

    def add(self, chunk: Document) -> None:
        metadata = chunk.metadata
        self.chunks += 1
        self.pages.add(hash(metadata["path"]))
        self._order.setdefault(metadata["path"], len(self._order))
        self.vocabulary.add(" ".join([*metadata["breadcrumb"], chunk.page_content]))
        self._outline.add(chunk.page_content, metadata)
        self._locales[metadata["locale"]] += 1
        # Most tools know one language for the whole site, whatever its pages are written in.
        urdu = is_urdu(chunk.page_content)
        self._languages["ur" if urdu else metadata["locale"].split("-")[0].lower()] += 1
        if version := metadata.get("version"):
            self._versions[version] = None
        # A sum of hashes is the same in whatever order the chunks come.
        digest = hashlib.sha256(f"{chunk.id}\0{metadata['url']}".encode()).digest()
        self._sum = (self._sum + int.from_bytes(digest[:16])) % (1 << 128)
        if metadata["kind"] == "text":
            self._keep(metadata["heading"])

    def _keep(self, heading: str) -> None:
        """The headings with the smallest hashes: the same sample of the same book."""
        self._sample[hashlib.sha256(heading.encode()).hexdigest()] = heading
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

    def version(self) -> str:
        return f"{self._sum:032x}"[:16]


def payload_digest(chunk: Document) -> str:
    """SHA-256 over what is stored of a chunk beside its vectors."""
    stored: dict[str, Any] = {k: v for k, v in chunk.metadata.items() if k not in _NOT_STORED}
    text = json.dumps([chunk.page_content, stored], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:32]

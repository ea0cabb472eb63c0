"""Sections that were read lately: most questions are about a few of them."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Final

from langchain_core.documents import Document

SIZE: Final = 1000
"""Sections; 4 MB of text at the size that textbooks have."""


class SectionCache:
    """Chunks by section, of one version of the book. They are shared: nobody may change them."""

    def __init__(self, size: int = SIZE) -> None:
        self.version: str | None = None
        self._size = size
        self._sections: OrderedDict[str, list[Document]] = OrderedDict()

    def serve(self, version: str) -> None:
        """The book as it is now; what was kept of another one is forgotten."""
        if version != self.version:
            self.version = version
            self._sections.clear()

    def get(self, section_ids: Iterable[str]) -> dict[str, list[Document]]:
        """Those that are known."""
        known = {i: self._sections[i] for i in section_ids if i in self._sections}
        for section_id in known:
            self._sections.move_to_end(section_id)
        return known

    def put(self, read: Mapping[str, list[Document]], version: str | None) -> None:
        """Keeps sections that were read while ``version`` was served."""
        if version is None or version != self.version:
            return
        self._sections.update(read)
        while len(self._sections) > self._size:
            self._sections.popitem(last=False)

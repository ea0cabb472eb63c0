"""What the product asks of its models; of embeddings that they say what they are."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from langchain_core.documents import BaseDocumentCompressor
from langchain_core.language_models import BaseChatModel


class Embedder(Protocol):
    """LangChain ``Embeddings`` that declare their properties; raises ``BookChatError`` only."""

    @property
    def fingerprint(self) -> str:
        """What vectors must share to be compared."""

    @property
    def dimensions(self) -> int:
        """Length of a vector; a model that is not known may be asked once (one call)."""

    @property
    def max_tokens(self) -> int:
        """Length at which the model cuts a text."""

    @property
    def max_batch(self) -> int:
        """Texts in one call."""

    @property
    def multilingual(self) -> bool:
        """The model reads other languages than English."""

    @property
    def billable(self) -> bool:
        """Calls leave this process and may cost money."""

    def count_tokens(self, text: str) -> int:
        """Tokens of ``text``, rather too many than too few."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """One vector per text."""

    def embed_query(self, text: str) -> list[float]:
        """The vector of a question."""

    async def aembed_documents(self, texts: list[str]) -> list[list[float]]:
        """One vector per text."""

    async def aembed_queries(self, texts: list[str]) -> list[list[float]]:
        """The vectors of several questions, in as few calls as possible."""

    async def aembed_query(self, text: str) -> list[float]:
        """The vector of a question."""


async def _nothing() -> None:
    """Embedded models hold no connection."""


EXTRACTIVE: Final = "embedded-extractive"
"""Name of the answerer that needs no chat model."""


@dataclass
class BookModels:
    """The models of one process; ``fallback`` answers when ``chat`` cannot begin."""

    embeddings: Embedder
    chat: BaseChatModel
    chat_name: str
    fallback: BaseChatModel | None = None
    fallback_name: str = ""
    reranker: BaseDocumentCompressor | None = None
    condense: BaseChatModel | None = None
    local: Embedder | None = None
    """Embeds in this process at no cost, where ``embeddings`` may not."""
    names: dict[str, str] = field(default_factory=dict)
    """Role to model, for people."""
    aclose: Callable[[], Coroutine[Any, Any, None]] = _nothing

    @property
    def answers_here(self) -> bool:
        """The answering model runs in this process, and quotes what it is given."""
        return self.chat_name == EXTRACTIVE

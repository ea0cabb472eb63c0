"""``fastembed:…`` models: local ONNX embeddings and cross-encoders on this machine's CPU."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Protocol

from langchain_core.callbacks import Callbacks
from langchain_core.documents import BaseDocumentCompressor, Document
from langchain_core.embeddings import Embeddings
from pydantic import ConfigDict, PrivateAttr

from errors import FixConfiguration
from providers.failures import Vendor
from providers.known_models import Facts, facts_of
from providers.langchain.errors import translated
from providers.names import ModelName
from providers.rankings import passage_text, ranked

VENDOR: Final = Vendor(
    name="fastembed",
    label="fastembed",
    key="",
    address="",
    models={"embed": "EMBED_MODEL", "rerank": "RERANK_MODEL"},
)
_BATCH: Final = 8
"""Larger batches pay for padding and cost memory."""


class _Described(Protocol):
    @classmethod
    def list_supported_models(cls) -> list[dict[str, Any]]: ...


class FastEmbedEmbeddings(Embeddings):
    """Vectors of a local model, which is loaded, or downloaded first, at the first use.

    Args:
        folder: where models are kept.
    """

    def __init__(self, name: ModelName, folder: Path) -> None:
        text_embedding = _package(name).TextEmbedding
        self.dimensions = int(_known(name, text_embedding)["dim"])
        self._load: Callable[[], Any] = lambda: text_embedding(name.model, cache_dir=str(folder))
        # A question does not queue behind the chunks of an index job.
        self._documents = ThreadPoolExecutor(max_workers=1, thread_name_prefix="embed")
        self._query = ThreadPoolExecutor(max_workers=1, thread_name_prefix="embed-query")

    @cached_property
    def _model(self) -> Any:
        return self._load()

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """One vector per text."""
        return [vector.tolist() for vector in self._model.passage_embed(texts, batch_size=_BATCH)]

    def embed_query(self, text: str) -> list[float]:
        """The vector of a question."""
        return [float(x) for x in next(iter(self._model.query_embed(text)))]

    async def aembed_documents(self, texts: list[str]) -> list[list[float]]:
        """As ``embed_documents``, off the event loop."""
        loop = asyncio.get_running_loop()
        pool = self._query if len(texts) == 1 else self._documents
        return await loop.run_in_executor(pool, self.embed_documents, texts)

    async def aembed_query(self, text: str) -> list[float]:
        """As ``embed_query``, off the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self._query, self.embed_query, text)


class FastEmbedReranker(BaseDocumentCompressor):
    """Orders documents by a local cross-encoder; ``relevance_score`` is 0 to 1."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    _load: Callable[[], Any] = PrivateAttr()
    _pool: ThreadPoolExecutor = PrivateAttr(
        default_factory=lambda: ThreadPoolExecutor(max_workers=1, thread_name_prefix="rerank")
    )

    def __init__(self, name: ModelName, folder: Path) -> None:
        super().__init__()
        _package(name)
        from fastembed.rerank.cross_encoder import TextCrossEncoder

        _known(name, TextCrossEncoder)
        self._load = lambda: TextCrossEncoder(name.model, cache_dir=str(folder))

    @cached_property
    def _model(self) -> Any:
        return self._load()

    def compress_documents(
        self, documents: Sequence[Document], query: str, callbacks: Callbacks | None = None
    ) -> list[Document]:
        """Copies of ``documents``, best first."""
        if not documents:
            return []
        texts = [passage_text(document) for document in documents]
        scores = [float(x) for x in self._model.rerank(query, texts, batch_size=_BATCH)]
        return ranked(documents, sorted(enumerate(scores), key=lambda entry: -entry[1]))

    async def acompress_documents(
        self, documents: Sequence[Document], query: str, callbacks: Callbacks | None = None
    ) -> list[Document]:
        """As ``compress_documents``, off the event loop."""
        with translated(VENDOR, "rerank"):
            return await asyncio.get_running_loop().run_in_executor(
                self._pool, self.compress_documents, documents, query
            )


def facts(name: ModelName, embeddings: FastEmbedEmbeddings) -> Facts:
    """What is known of the model, its length from its description."""
    known = facts_of(name.model)
    return Facts(
        embeddings.dimensions, known.max_tokens, known.multilingual, known.query, known.document
    )


def _package(name: ModelName) -> Any:
    try:
        import fastembed
    except ImportError:
        raise FixConfiguration(
            f"{name.variable}: fastembed needs the package fastembed: "
            "pip install -r requirements-local.txt"
        ) from None
    return fastembed


def _known(name: ModelName, kind: type[_Described]) -> dict[str, Any]:
    for described in kind.list_supported_models():
        if described["model"].lower() == name.model.lower():
            return described
    raise name.refused("fastembed has no such model; its documentation lists them")

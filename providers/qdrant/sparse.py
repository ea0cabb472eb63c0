"""BM25 as sparse vectors: one encoder for the embedded engine and for a Qdrant server.

Term weights are made here; the inverse document frequency is the store's (IDF modifier).
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

import qdrant_edge
from langchain_qdrant.sparse_embeddings import SparseEmbeddings, SparseVector

from providers.embedded.word_ranks import english
from text.commonness import Commonness
from text.words import normalise, tokens

# Languages with a stemmer and stop words; any other text is split into words and lower-cased.
_NAMES: Final[Mapping[str, str]] = {
    "da": "danish",
    "de": "german",
    "en": "english",
    "es": "spanish",
    "fi": "finnish",
    "fr": "french",
    "hu": "hungarian",
    "it": "italian",
    "nl": "dutch",
    "no": "norwegian",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sv": "swedish",
    "tr": "turkish",
}


class Bm25Encoder(SparseEmbeddings):
    """Sparse vectors whose indices are hashes of stems; thread-safe, microseconds a query."""

    def __init__(self, language: str = "en") -> None:
        """Args: language: ISO 639-1 code, with or without a region, such as ``ur`` or ``pt-BR``."""
        name = _NAMES.get(language.lower().replace("_", "-").split("-")[0])
        self._commonness = english() if name == "english" else Commonness()
        if name is not None:
            config = qdrant_edge.Bm25Config(language=name)
        else:
            config = qdrant_edge.Bm25Config(
                stemmer=qdrant_edge.DisabledStemmer(), stopwords=qdrant_edge.StopwordsSet()
            )
        self._model = qdrant_edge.Bm25(config)

    def embed_documents(self, texts: list[str]) -> list[SparseVector]:
        """One vector of saturated term frequencies per text; empty for a text without words."""
        return [_plain(self._model.embed_document(normalise(text))) for text in texts]

    def embed_query(self, text: str) -> SparseVector:
        """Each distinct term of the query once: weight 1, and less for an everyday word.

        People ask how a robot "sees" or is "made" to walk; a book's terms say what they mean.
        """
        folded = normalise(text)
        whole = self._model.embed_query(folded)
        weights = dict(zip(whole.indices, whole.values, strict=True))
        for word in filter(self._commonness.__contains__, tokens(folded)):
            for term in self._model.embed_query(word).indices:
                weights[term] = min(weights.get(term, 1.0), self._commonness.rarity(word))
        return SparseVector(indices=list(weights), values=list(weights.values()))

    async def aembed_documents(self, texts: list[str]) -> list[SparseVector]:
        """As ``embed_documents``; too fast to be worth a thread."""
        return self.embed_documents(texts)

    async def aembed_query(self, text: str) -> SparseVector:
        """As ``embed_query``; too fast to be worth a thread."""
        return self.embed_query(text)


def _plain(vector: qdrant_edge.SparseVector) -> SparseVector:
    return SparseVector(indices=list(vector.indices), values=list(vector.values))


@lru_cache(maxsize=32)
def encoder_for(language: str) -> Bm25Encoder:
    """The shared encoder of a language."""
    return Bm25Encoder(language)

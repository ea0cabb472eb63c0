"""BM25 as sparse vectors: one encoder for the embedded engine and for a Qdrant server.

Term weights are made here; the inverse document frequency is the store's (IDF modifier).
"""

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

import qdrant_edge
from langchain_qdrant.sparse_embeddings import SparseEmbeddings, SparseVector

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
# Urdu is typed with Arabic keyboards too: one letter, two code points.
_LETTERS: Final = str.maketrans({"ي": "ی", "ى": "ی", "ك": "ک", "ه": "ہ", "ۀ": "ہ", "ة": "ہ"})
# Vowel signs of Arabic script and joiners; the marks of other scripts carry meaning and stay.
_MARKS: Final = "\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed\u00ad\u200b-\u200f\u2060\ufeff"
_IGNORED: Final = re.compile(f"[{_MARKS}]")


def normalise(text: str) -> str:
    """One spelling for what readers take for one: NFKC, no vowel signs, no joiners.

    ASCII is handed back as it is. Accents of Latin letters stay, vowel signs of Arabic script
    go, and the Arabic forms of yeh, kaf and heh become the Urdu ones.
    """
    if text.isascii():
        return text
    folded = unicodedata.normalize("NFKC", text).translate(_LETTERS)
    return _IGNORED.sub("", folded)


class Bm25Encoder(SparseEmbeddings):
    """Sparse vectors whose indices are hashes of stems; thread-safe, microseconds a query."""

    def __init__(self, language: str = "en") -> None:
        """Args: language: ISO 639-1 code, with or without a region, such as ``ur`` or ``pt-BR``."""
        name = _NAMES.get(language.lower().replace("_", "-").split("-")[0])
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
        """Each distinct term of the query once, with weight 1."""
        return _plain(self._model.embed_query(normalise(text)))

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

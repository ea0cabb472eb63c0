"""Published facts of embedding models that their APIs do not tell."""

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Facts:
    """What is known of an embedding model.

    Args:
        dimensions: length of a vector; None: not known.
        max_tokens: length at which the model cuts a text.
        multilingual: it reads other languages than English.
        query, document: what the model was trained to see before a question and a passage.
    """

    dimensions: int | None = None
    max_tokens: int = 512
    multilingual: bool = False
    query: str = ""
    document: str = ""


_BGE: Final = "Represent this sentence for searching relevant passages: "
_E5: Final = {"query": "query: ", "document": "passage: "}
_NOMIC: Final = {"query": "search_query: ", "document": "search_document: "}
# The first pattern found in the lower-case name holds, so the narrower ones stand first.
_KNOWN: Final = (
    ("text-embedding-3-large", Facts(3072, 8191, True)),
    ("text-embedding-3-small", Facts(1536, 8191, True)),
    ("text-embedding-ada-002", Facts(1536, 8191, True)),
    ("multilingual-e5-small", Facts(384, 512, True, **_E5)),
    ("multilingual-e5-base", Facts(768, 512, True, **_E5)),
    ("multilingual-e5-large", Facts(1024, 512, True, **_E5)),
    (r"\be5-small", Facts(384, 512, False, **_E5)),
    (r"\be5-base", Facts(768, 512, False, **_E5)),
    (r"\be5-large", Facts(1024, 512, False, **_E5)),
    ("nomic-embed-text-v2", Facts(768, 512, True, **_NOMIC)),
    ("nomic-embed-text", Facts(768, 2048, False, **_NOMIC)),
    ("bge-m3", Facts(1024, 8192, True)),
    ("bge-small-en", Facts(384, 512, False, _BGE)),
    ("bge-base-en", Facts(768, 512, False, _BGE)),
    ("bge-large-en", Facts(1024, 512, False, _BGE)),
    ("mxbai-embed-large", Facts(1024, 512, False, _BGE)),
    ("paraphrase-multilingual-minilm-l12", Facts(384, 128, True)),
    ("paraphrase-multilingual-mpnet", Facts(768, 128, True)),
    ("all-minilm", Facts(384, 256, False)),
    ("embeddinggemma", Facts(768, 2048, True)),
    (r"qwen3-embedding[:-]0\.6b", Facts(1024, 8192, True)),
    ("snowflake-arctic-embed2|arctic-embed-l-v2", Facts(1024, 8192, True, "query: ")),
    ("jina-embeddings-v3", Facts(1024, 8192, True)),
    ("multilingual|qwen3-embedding|jina-embeddings-v4", Facts(None, 512, True)),
)


def facts_of(model: str) -> Facts:
    """What is known of ``model``; of an unknown one: English, 512 tokens."""
    name = model.lower()
    return next((facts for pattern, facts in _KNOWN if re.search(pattern, name)), Facts())

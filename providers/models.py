"""Which models embed, rerank, condense and answer, by what the settings name."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from langchain_core.documents import BaseDocumentCompressor
from langchain_core.language_models import BaseChatModel

from extractive.chat import ExtractiveChat
from providers.embedded.minilm import MiniLMEmbeddings
from settings import Settings

EXTRACTIVE = "embedded-extractive"


async def _nothing() -> None:
    """Embedded models hold no connection."""


@dataclass
class BookModels:
    """The models of one process; ``fallback`` answers when ``chat`` cannot begin."""

    embeddings: Any
    """LangChain ``Embeddings`` with ``fingerprint``, ``dimensions`` and ``count_tokens``."""
    chat: BaseChatModel
    chat_name: str
    fallback: BaseChatModel | None = None
    fallback_name: str = ""
    reranker: BaseDocumentCompressor | None = None
    condense: BaseChatModel | None = None
    names: dict[str, str] = field(default_factory=dict)
    """Role to model, for people."""
    aclose: Callable[[], Awaitable[None]] = _nothing


def build_models(settings: Settings) -> BookModels:
    """Cohere's models with ``COHERE_API_KEY``, else the embedded ones; makes no request."""
    return _embedded() if settings.cohere_api_key is None else _cohere(settings)


def build_embeddings(settings: Settings) -> Any:
    """Only what embeds, for indexing."""
    return build_models(settings).embeddings


def _embedded() -> BookModels:
    embeddings = MiniLMEmbeddings()
    return BookModels(
        embeddings=embeddings,
        chat=ExtractiveChat(embeddings=embeddings),
        chat_name=EXTRACTIVE,
        names={"embeddings": embeddings.model, "chat": EXTRACTIVE},
    )


def _cohere(settings: Settings) -> BookModels:
    # Half a second and 33 MB that the embedded models need not pay.
    from providers.cohere import models as cohere

    http = cohere.build_http(settings)
    return BookModels(
        embeddings=cohere.build_embeddings(settings, http),
        chat=cohere.build_chat(settings, http),
        chat_name=settings.cohere_chat_model,
        # Its own small model is loaded only when it has to step in.
        fallback=ExtractiveChat(embeddings=MiniLMEmbeddings(), multilingual_search=True),
        fallback_name=EXTRACTIVE,
        reranker=cohere.build_reranker(settings, http),
        condense=cohere.build_condense(settings, http),
        names={
            "embeddings": settings.cohere_embed_model,
            "rerank": settings.cohere_rerank_model or "none",
            "condense": settings.cohere_condense_model,
            "chat": settings.cohere_chat_model,
        },
        aclose=http.aclose,
    )

"""Cohere's models as the settings name them, all over one HTTP client."""

from typing import Final

from providers.cohere.chat import BookChatCohere
from providers.cohere.embed import BookCohereEmbeddings
from providers.cohere.http import CohereHTTP
from providers.cohere.rerank import CohereReranker
from settings import Settings

# Shares of FIRST_TOKEN_SECONDS that a part may take when it hangs. What condensing, embedding and
# reranking take together leaves the chat model, or who stands in for it, a turn in time.
CONDENSE_SHARE: Final = 0.25
EMBED_SHARE: Final = 0.4
RERANK_SHARE: Final = 0.25
CHAT_SHARE: Final = 0.75
_REWRITE_TOKENS: Final = 512
"""A rewritten question has one line; one in Urdu takes some hundred tokens."""

__all__ = ["BookChatCohere", "BookCohereEmbeddings", "CohereHTTP", "CohereReranker"]


def build_http(settings: Settings) -> CohereHTTP:
    """The client that all of Cohere's models of one process share; no request is made."""
    assert settings.cohere_api_key is not None
    return CohereHTTP(
        settings.cohere_api_key.get_secret_value(),
        settings.cohere_base_url,
        max_bytes=settings.provider_max_bytes,
    )


def build_embeddings(settings: Settings, http: CohereHTTP) -> BookCohereEmbeddings:
    """``COHERE_EMBED_MODEL``."""
    return BookCohereEmbeddings(
        http=http,
        model=settings.cohere_embed_model,
        cohere_api_key=settings.cohere_api_key,
        base_url=settings.cohere_base_url,
        query_seconds=EMBED_SHARE * settings.first_token_seconds,
    )


def build_chat(settings: Settings, http: CohereHTTP) -> BookChatCohere:
    """``COHERE_CHAT_MODEL``, which answers."""
    chat = _chat(settings, http, settings.cohere_chat_model, "chat", CHAT_SHARE)
    return chat.model_copy(update={"max_tokens": settings.answer_max_tokens})


def build_condense(settings: Settings, http: CohereHTTP) -> BookChatCohere:
    """``COHERE_CONDENSE_MODEL``, which rewrites follow-ups."""
    model = settings.cohere_condense_model
    condense = _chat(settings, http, model, "condense", CONDENSE_SHARE)
    return condense.model_copy(update={"max_tokens": _REWRITE_TOKENS})


def build_reranker(settings: Settings, http: CohereHTTP) -> CohereReranker | None:
    """``COHERE_RERANK_MODEL``, or None when that is empty."""
    model = settings.cohere_rerank_model
    seconds = RERANK_SHARE * settings.first_token_seconds
    return CohereReranker(http=http, model=model, seconds=seconds) if model else None


def _chat(
    settings: Settings, http: CohereHTTP, model: str, operation: str, share: float
) -> BookChatCohere:
    return BookChatCohere(
        http=http,
        model=model,
        operation=operation,
        cohere_api_key=settings.cohere_api_key,
        base_url=settings.cohere_base_url,
        temperature=0.2,
        first_byte_seconds=share * settings.first_token_seconds,
    )

"""Which models embed, rerank, condense and answer, by what the settings name."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from langchain_core.documents import BaseDocumentCompressor
from langchain_core.language_models import BaseChatModel

from background_loop import BackgroundLoop
from extractive.chat import ExtractiveChat
from providers.embedded.minilm import MiniLMEmbeddings
from providers.interfaces import EXTRACTIVE, BookModels, Embedder
from providers.names import COHERE, EMBEDDED, FASTEMBED, NONE, OPENAI, ModelName
from settings import Settings

if TYPE_CHECKING:  # vendors are loaded by those who use them
    from providers.calls import Calls
    from providers.cohere.models import CohereHTTP
    from providers.langchain.chat import MarkingChat
    from providers.loops import PerLoop
    from providers.openai.models import OpenAIServer

__all__ = ["EXTRACTIVE", "BookModels", "build_embeddings", "build_models"]

# Shares of the time to the first token, as in providers/cohere/models.py.
_CONDENSE_SHARE: Final = 0.25
_EMBED_SHARE: Final = 0.4
_RERANK_SHARE: Final = 0.25
_CHAT_SHARE: Final = 0.75
_DOWNLOAD_SECONDS: Final = 3600.0


def build_models(settings: Settings) -> BookModels:
    """The models that ``CHAT_MODEL``, ``EMBED_MODEL`` and ``RERANK_MODEL`` name.

    Unset ones are Cohere's with ``COHERE_API_KEY``, else the embedded ones. Makes no request.

    Raises:
        FixConfiguration: one line that names the variable.
    """
    return _Builder(settings).models()


def build_embeddings(settings: Settings) -> Embedder:
    """Only what embeds, for indexing."""
    return _Builder(settings).embeddings


class _Builder:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        default = COHERE if settings.cohere_api_key else EMBEDDED
        self._chat = ModelName.parse("CHAT_MODEL", settings.chat_model or default)
        self._embed = ModelName.parse("EMBED_MODEL", settings.embed_model or default)
        self._rerank = ModelName.parse("RERANK_MODEL", settings.rerank_model or default)
        self._background = BackgroundLoop("models")
        self._closers: list[Callable[[], Awaitable[None]]] = []

    def models(self) -> BookModels:
        reranker = self._reranker()
        chosen = BookModels(
            self.embeddings,
            *self._answering(),
            reranker=reranker,
            condense=self._condense(),
            names={"embeddings": self._embed_name},
            aclose=self._aclose,
        )
        if self._chat.provider == EMBEDDED and reranker is None:
            return replace(chosen, names={**chosen.names, "chat": chosen.chat_name})
        chosen.names |= {
            "rerank": self._rerank_name if reranker else "none",
            "condense": self._condense_name,
            "chat": chosen.chat_name,
        }
        if self._chat.provider == EMBEDDED:
            return chosen
        return replace(
            chosen,
            fallback=self._extractive(),
            fallback_name=EXTRACTIVE,
            local=self._minilm,
        )

    @cached_property
    def embeddings(self) -> Embedder:
        name = self._embed
        if name.provider == EMBEDDED:
            return self._minilm
        if name.provider == COHERE:
            from providers.cohere import models as cohere

            return cohere.build_embeddings(self._cohere_settings(embed=name), self._cohere)
        from providers.langchain.embeddings import CheckedEmbeddings

        seconds = self._settings.first_token_seconds
        models, calls, facts, more = self._embedding_parts(name)
        if self._settings.embed_multilingual is not None:
            facts = replace(facts, multilingual=self._settings.embed_multilingual)
        more = {"query_seconds": _EMBED_SHARE * seconds, **more}
        return CheckedEmbeddings(
            models, calls, self._background, name=str(name), facts=facts, **more
        )

    def _embedding_parts(self, name: ModelName) -> Any:
        from providers.calls import Calls
        from providers.known_models import facts_of
        from providers.loops import PerLoop

        if name.provider == OPENAI:
            server, facts = self._openai, facts_of(name.model)
            return server.embeddings(name), server.calls, facts, {"one_kind": True}
        if name.provider == FASTEMBED:
            from providers.fastembed import models as fastembed

            local = fastembed.FastEmbedEmbeddings(name, self._local_folder)
            # The first use may have to download the model.
            waits = dict.fromkeys(("query_seconds", "documents_seconds"), _DOWNLOAD_SECONDS)
            calls, facts = Calls(fastembed.VENDOR), fastembed.facts(name, local)
            return PerLoop.of(local), calls, facts, {"billable": False, **waits}
        from providers.langchain.models import integration_embeddings, vendor_of

        made = PerLoop.of(integration_embeddings(name))
        return made, Calls(vendor_of(name)), facts_of(name.model), {}

    def _answering(self) -> tuple[BaseChatModel, str]:
        name = self._chat
        if name.provider == EMBEDDED:
            return self._extractive(), EXTRACTIVE
        if name.provider == COHERE:
            from providers.cohere import models as cohere

            settings = self._cohere_settings(chat=name)
            return cohere.build_chat(settings, self._cohere), settings.cohere_chat_model
        return self._marking("chat", _CHAT_SHARE), str(name)

    def _condense(self) -> BaseChatModel | None:
        if self._chat.provider == EMBEDDED:
            return None
        if self._chat.provider == COHERE:
            from providers.cohere import models as cohere

            return cohere.build_condense(self._settings, self._cohere)
        return self._marking("condense", _CONDENSE_SHARE)

    def _marking(self, operation: str, share: float) -> "MarkingChat":
        from providers.langchain.chat import MarkingChat

        models, calls = self._chat_parts
        return MarkingChat(
            models=models,
            calls=calls,
            background=self._background,
            operation=operation,
            first_byte_seconds=share * self._settings.first_token_seconds,
            finishes=self._chat.provider == OPENAI,
        )

    @cached_property
    def _chat_parts(self) -> "tuple[PerLoop[Any], Calls]":
        from providers.calls import Calls
        from providers.langchain.models import integration_chat, vendor_of
        from providers.loops import PerLoop

        name = self._chat
        if name.provider == OPENAI:
            return self._openai.chat(name), self._openai.calls
        if name.provider == FASTEMBED:
            raise name.refused("fastembed has no chat models")
        made = integration_chat(name, max_tokens=self._settings.answer_max_tokens)
        return PerLoop.of(made), Calls(vendor_of(name))

    def _reranker(self) -> BaseDocumentCompressor | None:
        name, seconds = self._rerank, _RERANK_SHARE * self._settings.first_token_seconds
        if name.provider in (EMBEDDED, NONE):
            return None
        if name.provider == COHERE:
            from providers.cohere import models as cohere

            return cohere.build_reranker(self._cohere_settings(rerank=name), self._cohere)
        if name.provider == OPENAI:
            return self._openai.reranker(name, seconds)
        if name.provider == FASTEMBED:
            from providers.fastembed.models import FastEmbedReranker

            return FastEmbedReranker(name, self._local_folder)
        raise name.refused("rerankers are of cohere, openai (a server with /rerank) or fastembed")

    def _extractive(self) -> ExtractiveChat:
        # Its own small model is loaded only when it has to step in.
        return ExtractiveChat(
            embeddings=self._minilm, multilingual_search=self.embeddings.multilingual
        )

    @cached_property
    def _minilm(self) -> MiniLMEmbeddings:
        return MiniLMEmbeddings()

    @cached_property
    def _cohere(self) -> "CohereHTTP":
        # Half a second and 33 MB that the other models need not pay.
        from providers.cohere import models as cohere

        http = cohere.build_http(self._settings)
        self._closers.append(http.aclose)
        return http

    @cached_property
    def _openai(self) -> "OpenAIServer":
        from providers.openai.models import OpenAIServer

        server = OpenAIServer(self._settings, self._background)
        self._closers.append(server.aclose)
        return server

    def _cohere_settings(self, **names: ModelName) -> Settings:
        """The settings with the model that a name such as ``cohere:command-a-03-2025`` names."""
        named = {f"cohere_{role}_model": n.model for role, n in names.items() if n.model}
        return self._settings.model_copy(update=named)

    @cached_property
    def _local_folder(self) -> Any:
        return self._settings.data_dir / "models"

    @property
    def _embed_name(self) -> str:
        if self._embed.provider == EMBEDDED:
            return self._minilm.model
        return self._embed.model or self._settings.cohere_embed_model

    @property
    def _rerank_name(self) -> str:
        return self._rerank.model or self._settings.cohere_rerank_model

    @property
    def _condense_name(self) -> str:
        if self._chat.provider == EMBEDDED:
            return "none"
        return (
            self._settings.cohere_condense_model
            if self._chat.provider == COHERE
            else str(self._chat)
        )

    async def _aclose(self) -> None:
        for close in self._closers:
            await close()
        self._background.close()

"""``openai:…`` models: OpenAI, or any server that speaks its API (Ollama, llama.cpp, vLLM)."""

from typing import Any, Final

from background_loop import BackgroundLoop
from providers.calls import Calls
from providers.failures import Vendor
from providers.langchain.models import integration_chat, integration_embeddings
from providers.loops import PerLoop
from providers.names import ModelName
from providers.openai.http import PUBLIC_URL, http_clients
from providers.openai.rerank import RerankEndpoint
from settings import Settings

VENDOR: Final = Vendor(
    name="The model server",
    label="openai",
    key="OPENAI_API_KEY",
    address="OPENAI_BASE_URL",
    models={
        "chat": "CHAT_MODEL",
        "condense": "CHAT_MODEL",
        "embed": "EMBED_MODEL",
        "rerank": "RERANK_MODEL",
    },
)
_NO_KEY: Final = "none"
"""Servers at home ask for no key, but the client sends one."""


class OpenAIServer:
    """The one server of a process: its connections, and models over them. Makes no request."""

    def __init__(self, settings: Settings, background: BackgroundLoop) -> None:
        self._settings = settings
        self._background = background
        self._url = settings.openai_base_url or PUBLIC_URL
        self._key = settings.openai_api_key.get_secret_value() if settings.openai_api_key else ""
        self._http = http_clients(self._url, settings.provider_max_bytes)
        self.calls = Calls(VENDOR)
        self.aclose = self._http.aclose

    def chat(self, name: ModelName) -> PerLoop[Any]:
        """LangChain's ``ChatOpenAI``, one for each event loop."""
        limit = self._settings.answer_max_tokens
        own: dict[str, Any] = {"max_tokens": limit}
        if self._settings.openai_base_url:
            # OpenAI's newer models refuse a temperature, and its newer name of the limit is not
            # known to every other server.
            own = {"extra_body": {"max_tokens": limit}, "temperature": 0.2}

        options = {"stream_usage": True, "use_responses_api": False, **own}
        integration_chat(name, **options, api_key=_NO_KEY)  # says now what would fail later
        return PerLoop(lambda: integration_chat(name, **options, **self._connection()), _nothing)

    def embeddings(self, name: ModelName) -> PerLoop[Any]:
        """LangChain's ``OpenAIEmbeddings``, one for each event loop."""

        options: dict[str, Any] = {
            # Or texts are sent as numbers that only OpenAI's own tokenizer can read.
            "check_embedding_ctx_length": False,
            "model_kwargs": {"encoding_format": "float"},
        }
        integration_embeddings(name, **options, api_key=_NO_KEY)

        def make() -> Any:
            return integration_embeddings(name, **options, **self._connection())

        return PerLoop(make, _nothing)

    def reranker(self, name: ModelName, seconds: float) -> RerankEndpoint:
        """The server's ``/rerank``."""
        return RerankEndpoint(
            http=self._http,
            calls=self.calls,
            background=self._background,
            url=self._url,
            headers={"Authorization": f"Bearer {self._key or _NO_KEY}"},
            model=name.model,
            seconds=seconds,
        )

    def _connection(self) -> dict[str, Any]:
        return {
            "base_url": self._url,
            "api_key": self._key or _NO_KEY,
            "http_async_client": self._http.get(),
            # Retries inside the SDK would be requests that nobody counts.
            "max_retries": 0,
        }


async def _nothing(_: object) -> None:
    """The connections are closed by their owner."""

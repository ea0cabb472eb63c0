"""Every knob of Book Chat: typed, bounded, unknown values refused.

``Settings()`` is made only in a program's root; everything else is handed values.
"""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

import settings_values
from errors import FixConfiguration

ROOT = Path(__file__).resolve().parent
_MOST_A_MINUTE = 1_000_000
_DATABASES = ("postgresql://", "postgres://", "postgresql+psycopg://", "sqlite")
_REDISES = ("redis://", "rediss://", "unix://")
_MAY_BE_EMPTY = {"cohere_rerank_model"}
_MODEL_NAMES = ("chat_model", "embed_model", "rerank_model")
_HOME_SECONDS = 60.0
"""A model at home reads the passages before its first token; on a CPU that takes a while."""


class Settings(BaseSettings):
    """Environment of the service; see ``docs/configuration.md`` for the table."""

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", extra="ignore", frozen=True
    )

    cohere_api_key: SecretStr | None = Field(
        None, description="set: Cohere embeds, reranks and answers; unset: the embedded models do"
    )
    cohere_base_url: str | None = Field(None, description="another endpoint with Cohere's API")
    cohere_chat_model: str = Field("command-a-03-2025", description="answers")
    cohere_embed_model: str = Field("embed-v4.0", description="embeds questions and chunks")
    cohere_rerank_model: str = Field(
        "rerank-v4.0-fast", description="orders the hits; empty: no reranking"
    )
    cohere_condense_model: str = Field(
        "command-r7b-12-2024", description="rewrites follow-ups as standalone questions"
    )
    chat_model: str | None = Field(
        None, description="answers: `provider:model`; default: `cohere` with a key, else `embedded`"
    )
    embed_model: str | None = Field(
        None, description="embeds questions and chunks: `provider:model`; default as CHAT_MODEL"
    )
    rerank_model: str | None = Field(
        None, description="orders the hits: `provider:model`, or `none`; default as CHAT_MODEL"
    )
    embed_multilingual: bool | None = Field(
        None, description="EMBED_MODEL reads other languages than English; default: by its name"
    )
    openai_api_key: SecretStr | None = Field(
        None, description="key for `openai:…` models; servers at home need none"
    )
    openai_base_url: str | None = Field(
        None, description="server that speaks OpenAI's API, such as `http://localhost:11434/v1`"
    )
    qdrant_url: str | None = Field(
        None, description="Qdrant server, cluster or cloud; unset: embedded under DATA_DIR"
    )
    qdrant_api_key: SecretStr | None = Field(None, description="key for QDRANT_URL")
    qdrant_collection: str = Field(
        "physical-ai-book",
        min_length=1,
        max_length=200,
        pattern=r"^[A-Za-z0-9._-]+$",
        description="name (alias) of the served collection",
    )
    qdrant_shards: int = Field(1, ge=1, le=256, description="shards of a new collection (server)")
    qdrant_replicas: int = Field(1, ge=1, le=32, description="copies of each shard (cluster)")
    qdrant_quantization: Literal["none", "scalar", "binary"] = Field(
        "none", description="compresses the dense vectors of a new collection"
    )
    qdrant_on_disk: bool = Field(
        False, description="keep dense vectors of a new collection on disk instead of in memory"
    )
    database_url: SecretStr | None = Field(
        None, description="sessions, turns, feedback; default: an SQLite file under DATA_DIR"
    )
    redis_url: SecretStr | None = Field(
        None,
        description="limits, running answers and answers to repeated questions are shared between "
        "replicas; unset: in process",
    )
    host: str = Field("0.0.0.0", description="address to listen on")  # noqa: S104 - a container listens on every address
    port: int = Field(7860, ge=1, le=65535, description="port to listen on")
    book_dir: Path = Field(ROOT / "book", description="the book's sources")
    book_url: str = Field("", description="public base URL that citations link to")
    page_title: str = Field(
        "", max_length=120, description="of page and widget; default: the book's"
    )
    page_greeting: str = Field(
        "", max_length=200, description="what stands above the first question"
    )
    page_lead: str = Field("", max_length=400, description="the line below the greeting")
    page_suggestions: Annotated[list[str], NoDecode] = Field(
        [], max_length=5, description="first questions, separated by `|`; default: the book's own"
    )
    page_languages: Annotated[list[Literal["en", "ur"]], NoDecode] = Field(
        [], description="languages of page and widget, comma-separated; default: the book's"
    )
    page_accent: str = Field(
        "",
        max_length=64,
        pattern=r"^[A-Za-z0-9#(),.%/ -]*$",
        description="a CSS colour; default: the site's own",
    )
    page_logo: str = Field("", max_length=2000, description="address of a picture beside the title")
    data_dir: Path = Field(Path(".data"), description="everything the embedded default writes")
    allowed_origins: Annotated[list[str], NoDecode] = Field(
        ["*"], description="browsers' origins, comma-separated; for CORS and WebSocket"
    )
    allowed_hosts: Annotated[list[str], NoDecode] = Field(
        ["*"], description="names under which the service may be addressed, comma-separated"
    )
    admin_api_key: SecretStr | None = Field(
        None, description="at least 16 characters; unset: admin routes answer 404"
    )
    rate_limit: str = Field(
        "30/minute",
        description="questions per client: a number a minute, or such as `5/second` or "
        "`200 per hour`; 0: off",
    )
    max_concurrent_answers: int | None = Field(
        None,
        ge=1,
        le=10_000,
        description="per process; default: 64 with the embedded answerer, else 512",
    )
    max_connections: int = Field(
        4000, ge=10, le=100_000, description="open sockets per process; more get 503"
    )
    max_connections_per_client: int = Field(
        2000,
        ge=2,
        le=100_000,
        description="open sockets of one address, trusted proxies aside",
    )
    monthly_call_budget: int = Field(0, ge=0, description="provider calls a month; 0: no limit")
    web_concurrency: int = Field(1, ge=1, le=64, description="worker processes")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="least severe level that is logged"
    )
    log_format: Literal["json", "text"] | None = Field(
        None, description="default: text on a terminal, else json"
    )
    log_questions: bool = Field(False, description="log question texts")
    trusted_proxies: Annotated[list[str], NoDecode] = Field(
        [], description="addresses or networks whose X-Forwarded-For is believed"
    )
    session_secret: SecretStr | None = Field(
        None,
        validation_alias="SPACE_SIGNING_SECRET",
        description="signs session ids; default: a random one kept under DATA_DIR",
    )
    first_token_seconds: float = Field(
        3.0,
        gt=0,
        le=600,
        description="from the question to the first token, then degrade; "
        "60 with a CHAT_MODEL that is neither `cohere` nor `embedded`",
    )
    answer_max_tokens: int = Field(
        2048, ge=16, le=131_072, description="longest answer that a chat model is asked for"
    )
    answer_max_characters: int = Field(
        20_000, ge=200, le=1_000_000, description="longest answer that is passed on; then it is cut"
    )
    answer_max_seconds: float = Field(
        120.0,
        ge=1,
        le=3600,
        description="longest time that an answer may be written; then it is cut",
    )
    provider_max_bytes: int = Field(
        32 << 20,
        ge=1 << 16,
        le=1 << 30,
        description="largest response of a provider that is read, in bytes",
    )
    retention_days: int = Field(90, ge=0, le=36_500, description="keep turns so long; 0: for ever")

    @property
    def page_cache(self) -> Path:
        """The folder that keeps what was read of the book's files."""
        return self.data_dir / "pages"

    @model_validator(mode="before")
    @classmethod
    def _drop_empty(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Container platforms hand over unset variables as empty strings."""
        kept = {
            k: v
            for k, v in values.items()
            if k in _MAY_BE_EMPTY or not (isinstance(v, str) and v.strip() == "")
        }
        provider = str(kept.get("chat_model") or "embedded").partition(":")[0].strip().lower()
        if provider not in ("cohere", "embedded"):
            kept.setdefault("first_token_seconds", _HOME_SECONDS)
        return kept

    @field_validator(
        "allowed_origins", "allowed_hosts", "trusted_proxies", "page_languages", mode="before"
    )
    @classmethod
    def _split(cls, value: object) -> object:
        return settings_values.parts(value, ",")

    @field_validator("page_suggestions", mode="before")
    @classmethod
    def _questions(cls, value: object) -> object:
        return settings_values.parts(value, "|")

    @field_validator("rate_limit", mode="before")
    @classmethod
    def _limit(cls, value: object) -> object:
        text = str(value).strip()
        if not text.isdecimal():
            from limits import parse  # a tenth of a second that few starts need

            try:
                parse(text)
                return text
            except ValueError:
                raise ValueError("must be a number or such as 30/minute") from None
        if int(text) > _MOST_A_MINUTE:
            raise ValueError(f"must be at most {_MOST_A_MINUTE} a minute")
        return f"{int(text)}/minute" if int(text) else "0"

    @field_validator("allowed_origins")
    @classmethod
    def _origins(cls, value: list[str]) -> list[str]:
        return settings_values.origins(value)

    @field_validator("allowed_hosts")
    @classmethod
    def _hosts(cls, value: list[str]) -> list[str]:
        return settings_values.hosts(value)

    @field_validator("trusted_proxies")
    @classmethod
    def _proxies(cls, value: list[str]) -> list[str]:
        return settings_values.network_names(value)

    @field_validator("cohere_api_key", "openai_api_key", "qdrant_api_key", "admin_api_key")
    @classmethod
    def _header(cls, value: SecretStr | None) -> SecretStr | None:
        if value:
            settings_values.header_value(value.get_secret_value())
        return value

    @field_validator("*")
    @classmethod
    def _secrets(cls, value: object) -> object:
        if isinstance(value, SecretStr):
            settings_values.on_one_line(value.get_secret_value())
        return value

    @field_validator("admin_api_key", "session_secret")
    @classmethod
    def _guessed(cls, value: SecretStr | None) -> SecretStr | None:
        if value:
            settings_values.hard_to_guess(value.get_secret_value())
        return value

    @field_validator("cohere_base_url", "openai_base_url", "qdrant_url", "book_url", "page_logo")
    @classmethod
    def _http_url(cls, value: str | None) -> str | None:
        return settings_values.http_url(value) if value else value

    @field_validator("log_level", "log_format", "qdrant_quantization", mode="before")
    @classmethod
    def _lower(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: SecretStr | None) -> SecretStr | None:
        if value:
            settings_values.connection_url(value.get_secret_value(), _DATABASES)
        return value

    @field_validator("redis_url")
    @classmethod
    def _redis(cls, value: SecretStr | None) -> SecretStr | None:
        if value:
            settings_values.connection_url(value.get_secret_value(), _REDISES)
        return value

    @model_validator(mode="after")
    def _pairs(self) -> Self:
        if self.qdrant_api_key and not self.qdrant_url:
            raise ValueError("QDRANT_API_KEY is set but QDRANT_URL is not")
        if self.cohere_base_url and not self.cohere_api_key:
            raise ValueError("COHERE_BASE_URL is set but COHERE_API_KEY is not")
        self._check_model_pairs()
        if self.web_concurrency > 1 and not self.qdrant_url:
            raise ValueError(
                "WEB_CONCURRENCY above 1 needs QDRANT_URL: embedded Qdrant serves one process"
            )
        return self

    def _check_model_pairs(self) -> None:
        named = {name: str(getattr(self, name) or "").lower() for name in _MODEL_NAMES}
        for name, value in named.items():
            if value.partition(":")[0] == "cohere" and not self.cohere_api_key:
                raise ValueError(f"{name.upper()} names cohere but COHERE_API_KEY is not set")
            if value.startswith("openai:") and not (self.openai_base_url or self.openai_api_key):
                raise ValueError(
                    f"{name.upper()} names openai but neither OPENAI_API_KEY nor "
                    "OPENAI_BASE_URL is set"
                )
        if self.openai_base_url and not any(v.startswith("openai:") for v in named.values()):
            raise ValueError(
                "OPENAI_BASE_URL is set but none of CHAT_MODEL, EMBED_MODEL and RERANK_MODEL "
                "begins with openai:"
            )


def load_settings(**overrides: Any) -> Settings:
    """Settings from the environment and ``.env``.

    Raises:
        FixConfiguration: one line that names the variable; never a value, it may be a secret.
    """
    known = (str(f.validation_alias or n.upper()) for n, f in Settings.model_fields.items())
    if wrong := settings_values.misspelt(known):
        raise FixConfiguration(wrong)
    try:
        return Settings(**overrides)
    except ValidationError as error:
        raise FixConfiguration(_one_line(error)) from None


def _one_line(error: ValidationError) -> str:
    lines = []
    for item in error.errors(include_input=False, include_url=False):
        name = str(item["loc"][0]).upper() if item["loc"] else ""
        message = item["msg"].removeprefix("Value error, ")
        lines.append(f"{name}: {message}" if name else message)
    return "; ".join(lines)

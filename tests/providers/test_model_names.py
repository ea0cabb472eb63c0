"""Which models a start chooses, and what it says when it cannot."""

import asyncio
import os
import subprocess
import sys
from typing import Any

import pytest

from errors import FixConfiguration
from providers.models import EXTRACTIVE, BookModels, build_models
from settings import ROOT, Settings, load_settings

KEY = "a-key-that-is-a-secret"


def built(**given: Any) -> BookModels:
    return build_models(Settings(**{"_env_file": None, **given}))


def names(**given: Any) -> dict[str, str]:
    models = built(**given)
    asyncio.run(models.aclose())
    return models.names


def test_without_a_key_the_embedded_models_answer() -> None:
    assert names() == {"embeddings": "all-MiniLM-L6-v2", "chat": EXTRACTIVE}
    assert names(chat_model="embedded", embed_model="Embedded", rerank_model="none") == names()


def test_with_a_key_cohere_answers_and_its_older_variables_keep_working() -> None:
    assert names(cohere_api_key=KEY, cohere_embed_model="embed-english-v3.0") == {
        "embeddings": "embed-english-v3.0",
        "rerank": "rerank-v4.0-fast",
        "condense": "command-r7b-12-2024",
        "chat": "command-a-03-2025",
    }
    assert names(cohere_api_key=KEY, cohere_rerank_model="")["rerank"] == "none"


def test_roles_can_be_mixed() -> None:
    chosen = names(
        cohere_api_key=KEY,
        chat_model="cohere:command-a-plus-05-2026",
        embed_model="embedded",
        rerank_model="none",
    )
    assert chosen["chat"] == "command-a-plus-05-2026"
    assert chosen["embeddings"] == "all-MiniLM-L6-v2"
    assert chosen["rerank"] == "none"
    embedded = built(cohere_api_key=KEY, chat_model="embedded")
    assert embedded.chat_name == EXTRACTIVE
    assert embedded.fallback is None
    assert embedded.embeddings.billable


@pytest.mark.parametrize(
    ("model", "reads"),
    [
        ("embed-v4.0", True),
        ("embed-multilingual-v3.0", True),
        ("embed-english-v3.0", False),
        ("embed-english-light-v3.0", False),
    ],
)
def test_an_english_model_is_not_taken_for_one_of_every_language(model: str, reads: bool) -> None:
    models = built(cohere_api_key=KEY, embed_model=f"cohere:{model}")
    assert models.embeddings.multilingual is reads
    assert models.fallback is not None
    assert models.fallback.multilingual_search is reads  # type: ignore[attr-defined]  # extractive


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"CHAT_MODEL": "cohere:x"}, "CHAT_MODEL names cohere but COHERE_API_KEY is not set"),
        ({"EMBED_MODEL": "cohere"}, "EMBED_MODEL names cohere but COHERE_API_KEY is not set"),
        ({"CHAT_MODEL": "openai:x"}, "CHAT_MODEL names openai but neither OPENAI_API_KEY nor"),
        ({"OPENAI_BASE_URL": "http://localhost:1/v1"}, "OPENAI_BASE_URL is set but none of"),
        ({"CHAT_MODEL": "gpt-5"}, "CHAT_MODEL: must be `embedded` or provider:model"),
        ({"CHAT_MODEL": "ollama:"}, "CHAT_MODEL: must be `embedded` or provider:model"),
        ({"CHAT_MODEL": ":x"}, "CHAT_MODEL: must be `embedded` or provider:model"),
        ({"CHAT_MODEL": "none"}, "CHAT_MODEL: `none` is for RERANK_MODEL alone"),
        ({"EMBED_MODEL": "embedded:x"}, "EMBED_MODEL: `embedded` takes no name"),
        ({"CHAT_MODEL": "nobody:x"}, "CHAT_MODEL: there is no such provider"),
        ({"EMBED_MODEL": "nobody:x"}, "EMBED_MODEL: there is no such provider"),
        ({"RERANK_MODEL": "nobody:x"}, "RERANK_MODEL: rerankers are of cohere, openai"),
        ({"CHAT_MODEL": "fastembed:x"}, "CHAT_MODEL: fastembed has no chat models"),
        ({"CHAT_MODEL": "mistralai:x"}, "needs the package langchain-mistralai: pip install"),
        ({"EMBED_MODEL": "ollama:x"}, "needs the package langchain-ollama: pip install"),
        ({"OPENAI_API_KEY": "two\nlines", "CHAT_MODEL": "openai:x"}, "OPENAI_API_KEY: must be one"),
        ({"OPENAI_BASE_URL": "http://me:hunter2@x/v1"}, "OPENAI_BASE_URL: must not hold"),
    ],
)
def test_what_cannot_work_stops_the_start_with_one_line(
    variables: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(FixConfiguration) as raised:
        build_models(load_settings())
    assert said in raised.value.detail
    assert "\n" not in raised.value.detail
    assert "hunter2" not in raised.value.detail


@pytest.mark.parametrize(
    ("variables", "package"),
    [
        ({"CHAT_MODEL": "openai:x", "OPENAI_API_KEY": KEY}, "langchain_openai"),
        ({"EMBED_MODEL": "openai:x", "OPENAI_API_KEY": KEY}, "langchain_openai"),
        ({"EMBED_MODEL": "fastembed:BAAI/bge-small-en-v1.5"}, "fastembed"),
        ({"RERANK_MODEL": "fastembed:BAAI/bge-reranker-base"}, "fastembed"),
    ],
)
def test_a_missing_extra_says_what_to_install(variables: dict[str, str], package: str) -> None:
    program = (
        f"import sys; sys.modules[{package!r}] = None\n"
        "from errors import FixConfiguration\n"
        "from providers.models import build_models\n"
        "from settings import load_settings\n"
        "try: build_models(load_settings())\n"
        "except FixConfiguration as error: print(error.detail)\n"
    )
    path = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", program], env=path | variables, capture_output=True, text=True
    )
    (line,) = done.stdout.splitlines()
    assert line.startswith(f"{next(iter(variables))}: ")
    assert line.endswith("pip install -r requirements-local.txt"), done.stderr
    assert KEY not in line


def test_a_model_at_home_gets_more_time_for_its_first_token() -> None:
    given: dict[str, Any] = {"_env_file": None, "openai_base_url": "http://localhost:1/v1"}
    assert Settings(**given, chat_model="openai:x").first_token_seconds == 60
    assert Settings(**given, embed_model="openai:x").first_token_seconds == 3
    chosen = Settings(**given, chat_model="openai:x", first_token_seconds=5)
    assert chosen.first_token_seconds == 5

"""Models of any installed LangChain integration, by ``init_chat_model`` and ``init_embeddings``."""

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, TypeVar

from langchain_core.embeddings import Embeddings
from langchain_core.language_models import BaseChatModel

from errors import BookChatError, FixConfiguration
from providers.failures import Vendor
from providers.names import ModelName

T = TypeVar("T")

_PACKAGE: Final = re.compile(r"pip install ([\w-]{1,60})")


def vendor_of(name: ModelName) -> Vendor:
    """An integration in the operator's words; its key has a variable of its own."""
    models = {"chat": "CHAT_MODEL", "condense": "CHAT_MODEL", "embed": "EMBED_MODEL"}
    return Vendor(name=name.provider, label=name.provider, key="", address="", models=models)


def integration_chat(name: ModelName, **options: Any) -> BaseChatModel:
    """The chat model that ``name`` names.

    Raises:
        FixConfiguration: no such provider, its package is missing, or it cannot be set up.
    """

    def make() -> BaseChatModel:
        from langchain.chat_models import init_chat_model  # half a second that few starts need

        made: BaseChatModel = init_chat_model(name.model, model_provider=name.provider, **options)
        return made

    return _made(name, make)


def integration_embeddings(name: ModelName, **options: Any) -> Embeddings:
    """The embeddings that ``name`` names.

    Raises:
        FixConfiguration: as ``integration_chat``.
    """

    def make() -> Embeddings:
        from langchain.embeddings import init_embeddings

        return init_embeddings(name.model, provider=name.provider, **options)

    return _made(name, make)


def _made(name: ModelName, make: Callable[[], T]) -> T:
    try:
        return make()
    except BookChatError:
        raise
    except ImportError as error:
        raise missing_package(name, error) from None
    except ValueError as error:
        # pydantic's errors are ValueErrors too, and their text may hold a key.
        unknown = str(error).startswith(("Unsupported provider", "Provider "))
        raise name.refused(_UNKNOWN if unknown else _NOT_SET_UP) from None
    except Exception:  # noqa: BLE001 - any installed integration may be behind this
        raise name.refused(_NOT_SET_UP) from None


_UNKNOWN: Final = "there is no such provider"
_NOT_SET_UP: Final = "the provider cannot be set up; check its key and its package"


def missing_package(name: ModelName, error: ImportError) -> FixConfiguration:
    """The one line that says what to install."""
    package = f"langchain-{name.provider.replace('_', '-')}"
    with suppress(AttributeError):
        found = _PACKAGE.search(str(error))
        package = found[1] if found else package
    how = "-r requirements-local.txt" if package in ("langchain-openai", "fastembed") else package
    return name.refused(f"{name.provider} needs the package {package}: pip install {how}")

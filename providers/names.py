"""Model names in LangChain's notation: ``provider:model``."""

from dataclasses import dataclass
from typing import Self

from errors import FixConfiguration

EMBEDDED = "embedded"
COHERE = "cohere"
OPENAI = "openai"
FASTEMBED = "fastembed"
NONE = "none"
_ALONE = (EMBEDDED, COHERE, NONE)


@dataclass(frozen=True)
class ModelName:
    """One of ``CHAT_MODEL``, ``EMBED_MODEL`` and ``RERANK_MODEL``; ``variable`` says which."""

    variable: str
    provider: str
    model: str = ""

    @classmethod
    def parse(cls, variable: str, text: str) -> Self:
        """Reads ``provider:model``, or a provider alone where it has a default.

        Raises:
            FixConfiguration: it is neither.
        """
        provider, _, model = text.strip().partition(":")
        name = cls(variable, provider.strip().lower().replace("-", "_"), model.strip())
        if not name.provider or (not name.model and name.provider not in _ALONE):
            raise name.refused("must be `embedded` or provider:model, such as openai:gpt-4.1-mini")
        if name.model and name.provider in (EMBEDDED, NONE):
            raise name.refused(f"`{name.provider}` takes no name of a model")
        if name.provider == NONE and variable != "RERANK_MODEL":
            raise name.refused("`none` is for RERANK_MODEL alone")
        return name

    def refused(self, why: str) -> FixConfiguration:
        """The one line that ends the start."""
        return FixConfiguration(f"{self.variable}: {why}")

    def __str__(self) -> str:
        return f"{self.provider}:{self.model}" if self.model else self.provider

"""A working stand-in for Cohere's API: ``python -m standins.cohere --port N``."""

from standins.cohere_exchange import CohereExchange
from standins.provider import KEY, ProviderStandIn, run

__all__ = ["KEY", "CohereStandIn"]


class CohereStandIn(ProviderStandIn):
    """Cohere's ``/v2/chat``, ``embed``, ``rerank`` and ``models``."""

    exchange = CohereExchange


if __name__ == "__main__":
    run(CohereStandIn())

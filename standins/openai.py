"""A working stand-in for OpenAI's API and servers like it: ``python -m standins.openai --port N``.

``/v1/chat/completions``, ``embeddings``, ``models`` and ``rerank``; the models are ``small-chat``,
``small-embed``, ``text-embedding-3-small``, ``bge-m3`` and ``small-rerank``.
"""

from collections.abc import Callable
from typing import Final

from standins import openai_shapes as shapes
from standins.exchange import Body, Exchange, Fault, RefusedError
from standins.provider import KEY, ProviderStandIn, run

__all__ = ["KEY", "OpenAIStandIn"]

_ROUTES: Final[dict[str, Callable[[Body], Body]]] = {
    "/v1/embeddings": shapes.embeddings,
    "/v1/rerank": shapes.rerank,
    "/v1/models": shapes.list_models,
}


class OpenAIExchange(Exchange):
    """One request to OpenAI's API."""

    async def reply(self, body: Body, fault: Fault | None) -> None:
        """Chat, or one of the other routes."""
        latency = self._app.latency
        if self._path == "/v1/chat/completions":
            await self._chat(body, fault)
        elif self._path in _ROUTES:
            answer = _ROUTES[self._path](body)
            rerank = self._path.endswith("rerank")
            await self._pause(latency.rerank_ms if rerank else latency.embed_ms)
            await self._json(200, answer)
        else:
            raise RefusedError(404, "Invalid URL")

    def error(self, refused: RefusedError) -> Body:
        """OpenAI's error body."""
        kind = "invalid_request_error" if refused.status < 500 else "server_error"
        error = {"message": refused.message, "type": kind, "param": None, "code": None}
        return {"error": error}

    async def _chat(self, body: Body, fault: Fault | None) -> None:
        latency = self._app.latency
        response = shapes.chat(body, latency.tokens, obedient=self._app.obedient)
        await self._pause(latency.first_token_ms)
        if not body.get("stream"):
            await self._pause(latency.token_ms * response["usage"]["completion_tokens"])
            await self._json(200, response)
            return
        usage = bool((body.get("stream_options") or {}).get("include_usage"))
        await self._stream(shapes.stream_events(response, usage=usage), fault)


class OpenAIStandIn(ProviderStandIn):
    """OpenAI's API over HTTP."""

    exchange = OpenAIExchange


if __name__ == "__main__":
    run(OpenAIStandIn())

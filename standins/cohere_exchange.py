"""Cohere's routes over the wire."""

from collections.abc import Callable, Iterator
from typing import Final

from standins import cohere_shapes as shapes
from standins.exchange import Body, Exchange, Fault, RefusedError

_ROUTES: Final[dict[str, Callable[[Body], Body]]] = {
    "/v1/embed": shapes.embed_v1,
    "/v2/embed": shapes.embed_v2,
    "/v1/rerank": shapes.rerank,
    "/v2/rerank": shapes.rerank,
    "/v1/models": shapes.list_models,
}


class CohereExchange(Exchange):
    """One request to Cohere's API."""

    async def reply(self, body: Body, fault: Fault | None) -> None:
        """Chat, or one of the other routes."""
        latency = self._app.latency
        if self._path == "/v2/chat":
            await self._chat(body, fault)
        elif self._path in _ROUTES:
            answer = _ROUTES[self._path](body)
            await self._pause(latency.embed_ms if "embed" in self._path else latency.rerank_ms)
            await self._json(200, answer)
        else:
            raise RefusedError(404, "page not found")

    def error(self, refused: RefusedError) -> Body:
        """Cohere's error body."""
        return {"id": "00000000-0000-4000-8000-000000000000", "message": refused.message}

    async def _chat(self, body: Body, fault: Fault | None) -> None:
        latency = self._app.latency
        response = shapes.chat(body, latency.tokens, obedient=self._app.obedient)
        await self._pause(latency.first_token_ms)
        if not body.get("stream"):
            await self._pause(latency.token_ms * response["usage"]["tokens"]["output_tokens"])
            await self._json(200, response)
            return
        fast = (body.get("citation_options") or {}).get("mode") == "FAST"
        await self._stream(_events(response, fast), fault)


def _events(response: Body, fast: bool) -> Iterator[tuple[bytes, bool]]:
    for event in shapes.stream_events(response, fast):
        yield shapes.as_sse(event), event["type"] == "content-delta"

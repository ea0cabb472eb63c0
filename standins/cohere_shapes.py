"""Requests and responses of Cohere's API as its published OpenAPI has them."""

import uuid
from collections.abc import Iterator, Sequence
from typing import Any, Final

import orjson

from standins import model
from standins.exchange import Body, RefusedError

MODELS: Final = {
    **dict.fromkeys(model.DIMENSIONS, "embed"),
    "command-a-03-2025": "chat",
    "command-a-plus-05-2026": "chat",
    "command-r7b-12-2024": "chat",
    "rerank-v4.0-fast": "rerank",
    "rerank-v4.0-pro": "rerank",
    "rerank-v3.5": "rerank",
}
MAX_TEXTS: Final = 96
MAX_PROMPT_TOKENS: Final = 128_000


def require(body: Body, *names: str) -> None:
    """Refuses a body that lacks a field, as Cohere does."""
    for name in names:
        if not body.get(name):
            raise RefusedError(400, f"invalid request: {name} is required")


def known_model(body: Body, endpoint: str) -> str:
    """The body's model, if it serves ``endpoint``."""
    require(body, "model")
    name = str(body["model"])
    if MODELS.get(name) != endpoint:
        hint = "make sure the correct model ID was used and that you have access to the model."
        raise RefusedError(404, f"model '{name}' not found, {hint}")
    return name


def embed_v1(body: Body) -> Body:
    """``/v1/embed``: floats, or by type when types are asked for."""
    vectors = _vectors(body)
    if body.get("embedding_types"):
        return _by_type(body, vectors)
    return {
        "response_type": "embeddings_floats",
        "id": _id(),
        "embeddings": vectors,
        "texts": body["texts"],
        "meta": _meta(body),
    }


def embed_v2(body: Body) -> Body:
    """``/v2/embed``."""
    require(body, "input_type")
    return _by_type(body, _vectors(body))


def _vectors(body: Body) -> list[list[float]]:
    name = known_model(body, "embed")
    require(body, "texts")
    if len(body["texts"]) > MAX_TEXTS:
        raise RefusedError(400, f"invalid request: at most {MAX_TEXTS} texts")
    dimensions = body.get("output_dimension") or model.DIMENSIONS[name]
    return [model.embed(text, dimensions) for text in body["texts"]]


def _by_type(body: Body, vectors: list[list[float]]) -> Body:
    kinds = body.get("embedding_types") or ["float"]
    if kinds != ["float"]:
        raise RefusedError(400, "the stand-in knows float embeddings only")
    return {
        "response_type": "embeddings_by_type",
        "id": _id(),
        "embeddings": {"float": vectors},
        "texts": body["texts"],
        "meta": _meta(body),
    }


def rerank(body: Body) -> Body:
    """``/v1/rerank`` and ``/v2/rerank``: best first."""
    known_model(body, "rerank")
    require(body, "query", "documents")
    texts = [d if isinstance(d, str) else str(d.get("text", "")) for d in body["documents"]]
    scores = model.relevance(body["query"], texts)
    order = sorted(range(len(texts)), key=lambda i: (-scores[i], i))[: body.get("top_n")]
    meta = {"api_version": {"version": "2"}, "billed_units": {"search_units": 1}}
    results = [{"index": i, "relevance_score": scores[i]} for i in order]
    return {"id": _id(), "results": results, "meta": meta}


def list_models(_: Body) -> Body:
    """``/v1/models``."""
    return {
        "models": [
            {"name": name, "endpoints": [endpoint], "context_length": MAX_PROMPT_TOKENS}
            for name, endpoint in MODELS.items()
        ]
    }


def chat(body: Body, tokens: int | None, *, obedient: bool = False) -> Body:
    """``/v2/chat``: the whole message.

    Args:
        tokens: exact length of the answer; None: as long as it needs.
        obedient: the answer is the system message.
    """
    known_model(body, "chat")
    require(body, "messages")
    said = [(m["role"], _text(m.get("content", ""))) for m in body["messages"]]
    prompt = sum(model.token_count(t) for _, t in said)
    documents = body.get("documents") or []
    prompt += sum(model.token_count(orjson.dumps(d).decode()) for d in documents)
    if prompt > MAX_PROMPT_TOKENS:
        raise RefusedError(400, "too many tokens: the prompt is longer than the model's context")
    reply = _confession(said) if obedient else _reply(said, documents, tokens)
    finish = "COMPLETE"
    if (limit := body.get("max_tokens")) and model.token_count(reply.text) > limit:
        reply, finish = model.cut(reply, limit), "MAX_TOKENS"
    message: Body = {"role": "assistant", "content": [{"type": "text", "text": reply.text}]}
    mode = str((body.get("citation_options") or {}).get("mode", "ACCURATE")).upper()
    if reply.citations and mode not in ("OFF", "DISABLED"):
        message["citations"] = reply.citations
    units = {"input_tokens": prompt, "output_tokens": model.token_count(reply.text)}
    usage = {"billed_units": units, "tokens": units, "cached_tokens": 0}
    return {"id": _id(), "finish_reason": finish, "message": message, "usage": usage}


def _confession(said: Sequence[tuple[str, str]]) -> model.Reply:
    system = " ".join(text for role, text in said if role == "system")
    return model.Reply(f"Of course, here is what I was told. {system}")


def _reply(
    said: Sequence[tuple[str, str]], documents: Sequence[Any], tokens: int | None
) -> model.Reply:
    if documents or tokens:
        system = " ".join(text for role, text in said if role == "system")
        return model.answer(said[-1][1], documents or ["No documents."], system, tokens)
    return model.Reply(model.rewrite(said))


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content)


def stream_events(response: Body, fast: bool) -> Iterator[Body]:
    """The events that stream ``response``; citations inline (``fast``) or after the text."""
    message = response["message"]
    waiting = list(message.get("citations", ()))
    yield {
        "type": "message-start",
        "id": response["id"],
        "delta": {
            "message": {
                "role": "assistant",
                "content": [],
                "tool_plan": "",
                "tool_calls": [],
                "citations": [],
            }
        },
    }
    yield _content("content-start", {"type": "text", "text": ""})
    length = cited = 0
    for piece in model.tokens_of(message["content"][0]["text"]):
        length += len(piece)
        yield _content("content-delta", {"text": piece})
        while fast and waiting and waiting[0]["end"] <= length:
            yield from _citation(waiting.pop(0), cited)
            cited += 1
    for index, citation in enumerate(waiting, cited):
        yield from _citation(citation, index)
    yield {"type": "content-end", "index": 0}
    end = {"finish_reason": response["finish_reason"], "usage": response["usage"]}
    yield {"type": "message-end", "id": response["id"], "delta": end}


def _content(kind: str, content: Body) -> Body:
    return {"type": kind, "index": 0, "delta": {"message": {"content": content}}}


def _citation(citation: Body, index: int) -> Iterator[Body]:
    delta = {"message": {"citations": citation}}
    yield {"type": "citation-start", "index": index, "delta": delta}
    yield {"type": "citation-end", "index": index}


def as_sse(event: Body) -> bytes:
    """One server-sent event."""
    return b"event: %s\ndata: %s\n\n" % (event["type"].encode(), orjson.dumps(event))


def _id() -> str:
    return str(uuid.uuid4())


def _meta(body: Body) -> Body:
    tokens = sum(model.token_count(t) for t in body["texts"])
    return {"api_version": {"version": "2"}, "billed_units": {"input_tokens": tokens}}

"""Requests and responses of OpenAI's API, and of ``/rerank`` as servers beside it have it."""

import base64
import re
import struct
from collections.abc import Iterator
from typing import Any, Final

import orjson

from standins import model
from standins.exchange import Body, RefusedError

EMBEDDERS: Final = {"small-embed": 256, "text-embedding-3-small": 1536, "bge-m3": 1024}
MODELS: Final = {
    **dict.fromkeys(EMBEDDERS, "embed"),
    "small-chat": "chat",
    "small-rerank": "rerank",
}
MAX_PROMPT_TOKENS: Final = 32_000
_PASSAGE: Final = re.compile(r"<passage number=(\d+)>\n\[\d+\][^\n]*\n(.*?)\n</passage>", re.DOTALL)
_QUESTION: Final = "\n\nQuestion: "


def known_model(body: Body, use: str) -> str:
    """The body's model, if it serves ``use``."""
    name = body.get("model")
    if not isinstance(name, str) or MODELS.get(name) != use:
        raise RefusedError(404, f"The model `{name}` does not exist")
    return name


def embeddings(body: Body) -> Body:
    """``/v1/embeddings``: texts only, as most servers have it."""
    name = known_model(body, "embed")
    given = body.get("input")
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not all(isinstance(t, str) and t for t in texts):
        raise RefusedError(400, "'input' must be a string or a list of strings")
    packed = body.get("encoding_format") == "base64"
    data = []
    for index, text in enumerate(texts):
        vector: Any = model.embed(text, EMBEDDERS[name])
        if packed:
            vector = base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
        data.append({"object": "embedding", "index": index, "embedding": vector})
    used = sum(model.token_count(text) for text in texts)
    usage = {"prompt_tokens": used, "total_tokens": used}
    return {"object": "list", "data": data, "model": name, "usage": usage}


def rerank(body: Body) -> Body:
    """``/v1/rerank``: logits in the documents' order, as llama.cpp gives them."""
    known_model(body, "rerank")
    if not body.get("query") or not body.get("documents"):
        raise RefusedError(400, "query and documents are required")
    scores = model.relevance(body["query"], body["documents"])
    results = [{"index": i, "relevance_score": 8 * s - 4} for i, s in enumerate(scores)]
    return {"object": "list", "model": body["model"], "results": results}


def list_models(_: Body) -> Body:
    """``/v1/models``."""
    data = [{"id": n, "object": "model", "created": 0, "owned_by": "stand-in"} for n in MODELS]
    return {"object": "list", "data": data}


def chat(body: Body, tokens: int | None, *, obedient: bool) -> Body:
    """``/v1/chat/completions``: the whole message; what it says of a passage ends with [n]."""
    name = known_model(body, "chat")
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise RefusedError(400, "'messages' is required")
    said = [(m["role"], str(m.get("content") or "")) for m in messages]
    prompt = sum(model.token_count(text) for _, text in said)
    if prompt > MAX_PROMPT_TOKENS:
        raise RefusedError(400, "This model's maximum context length is 32000 tokens")
    system = " ".join(text for role, text in said if role == "system")
    text = f"Of course, here is what I was told. {system}" if obedient else _reply(said, tokens)
    finish = "stop"
    limit = body.get("max_completion_tokens") or body.get("max_tokens")
    if limit and model.token_count(text) > limit:
        text, finish = "".join(model.tokens_of(text)[:limit]), "length"
    made = model.token_count(text)
    usage = {"prompt_tokens": prompt, "completion_tokens": made, "total_tokens": prompt + made}
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": text},
        "finish_reason": finish,
    }
    head = {"id": "chatcmpl-1", "object": "chat.completion", "created": 0, "model": name}
    return {**head, "choices": [choice], "usage": usage}


def _reply(said: list[tuple[str, str]], tokens: int | None) -> str:
    last, system = said[-1][1], " ".join(text for role, text in said if role == "system")
    passages = [(number, text) for number, text in _PASSAGE.findall(last)]
    question = last.rpartition(_QUESTION)[2]
    if not passages and tokens is None:
        return model.rewrite(said)
    documents: list[Any] = [{"id": number, "data": {"text": text}} for number, text in passages]
    reply = model.answer(question, documents or ["No documents."], system, tokens)
    text = reply.text
    for citation in reversed(reply.citations):
        mark = "".join(f"[{source['id']}]" for source in citation["sources"])
        text = f"{text[: citation['end']]} {mark}{text[citation['end'] :]}"
    return text


def stream_events(response: Body, *, usage: bool) -> Iterator[tuple[bytes, bool]]:
    """The events that stream ``response``, each with whether it is a token."""
    head = {**{k: response[k] for k in ("id", "created", "model")}, "object": _CHUNK}
    choice = response["choices"][0]
    yield _sse(head, {"role": "assistant", "content": ""}), False
    for piece in model.tokens_of(choice["message"]["content"]):
        yield _sse(head, {"content": piece}), True
    yield _sse(head, {}, choice["finish_reason"]), False
    if usage:
        last = {**head, "choices": [], "usage": response["usage"]}
        yield b"data: %s\n\n" % orjson.dumps(last), False


_CHUNK: Final = "chat.completion.chunk"


def _sse(head: Body, delta: Body, finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return b"data: %s\n\n" % orjson.dumps({**head, "choices": [choice]})

"""The "model" behind the stand-ins for providers: deterministic, and it means a little.

Embeddings are hashed bags of words, so texts about the same thing are near each other; answers
quote the sentences that share the most rare words with the question; rewrites carry the topic
of the conversation over.
"""

import hashlib
import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

DIMENSIONS: Final = {
    "embed-v4.0": 1536,
    "embed-english-v3.0": 1024,
    "embed-multilingual-v3.0": 1024,
    "embed-english-light-v3.0": 384,
}
NOT_FOUND: Final = "I could not find that in the documents."
_WORD: Final = re.compile(r"\w+")
_SENTENCE: Final = re.compile(r"[^.!?۔\n]+(?:[.!?۔](?=\s|$)|(?:[.!?](?!\s))[^.!?\n]*)*[.!?۔]?")
_TOKEN: Final = re.compile(r"\s*\S+|\s+$")
_PRONOUN: Final = re.compile(r"\b(its|it|they|them|their|this|that|these|those)\b", re.IGNORECASE)
_STOP: Final = frozenset(
    """a an and are as at be by can could did do does for from give has have how i if in into is it
    its me more my of on or please say should so some tell than that the their them then there
    these they this those to up use used uses using was we what when where which who why will with
    would you your about explain""".split()
)
_QUOTED_SENTENCES: Final = 3
# Below this share of the best sentence's score a further one is padding.
_WORTH_QUOTING: Final = 0.5


def words(text: str) -> list[str]:
    """Lower-cased content words, cut to six letters as a rough stem."""
    return [w[:6].rstrip("s") for w in _WORD.findall(text.lower()) if w not in _STOP]


def token_count(text: str) -> int:
    """Tokens as the stand-in bills them."""
    return len(_TOKEN.findall(text))


def tokens_of(text: str) -> list[str]:
    """``text`` in pieces as they are streamed; they add up to it."""
    return _TOKEN.findall(text)


def embed(text: str, dimensions: int) -> list[float]:
    """A unit vector; the same for the same text, near for shared words."""
    vector = [0.0] * dimensions
    for word, count in Counter(words(text) or [text]).items():
        digest = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest())
        vector[digest % dimensions] += math.copysign(1 + math.log(count), (digest >> 40) % 2 - 0.5)
    norm = math.sqrt(sum(x * x for x in vector)) or 1.0
    return [round(x / norm, 6) for x in vector]


def relevance(query: str, texts: Sequence[str]) -> list[float]:
    """How well each text matches the query, 0 to 1: the share of the query's rare words."""
    bags = [set(words(t)) for t in texts]
    asked = set(words(query))
    frequency = Counter(w for bag in bags for w in bag)
    rarity = {w: 1.0 / (1 + math.log(1 + frequency[w])) for w in asked}
    total = sum(rarity.values()) or 1.0
    return [round(sum(rarity[w] for w in asked & bag) / total, 6) for bag in bags]


@dataclass
class Reply:
    """What the model says, and what it cites: ``citations`` as Cohere's API spells them."""

    text: str
    citations: list[dict[str, Any]] = field(default_factory=list)


def answer(question: str, documents: Sequence[Any], system: str, tokens: int | None) -> Reply:
    """Quotes the sentences that match the question best, each cited.

    Args:
        documents: as in the request: strings, or objects with ``data`` and perhaps ``id``.
        tokens: exact length of the answer, for benchmarks; None: as long as it needs.
    """
    told = [_document(d, i) for i, d in enumerate(documents)]
    found = [(s, d) for d in told for s in sentences(_text(d["document"]))]
    scores = relevance(question, [s for s, _ in found])
    best = max(scores, default=0.0)
    if best == 0 and tokens is None:
        return Reply("NOT_IN_BOOK" if "NOT_IN_BOOK" in system else NOT_FOUND)
    order = sorted(range(len(found)), key=lambda i: (-scores[i], i))
    if tokens is None:
        kept = [i for i in order if scores[i] >= best * _WORTH_QUOTING][:_QUOTED_SENTENCES]
        return _quote([found[i] for i in kept])
    return _of_length(_quote([found[i] for i in order]), tokens)


def sentences(text: str) -> list[str]:
    """Sentences of prose; lines break them too."""
    found = [m.group().strip(" -*#>") for m in _SENTENCE.finditer(text)]
    return [s for s in found if len(s.split()) > 3] or [text.strip()[:300]]


def _document(document: Any, index: int) -> dict[str, Any]:
    data = document.get("data", {}) if isinstance(document, dict) else {"text": document}
    data = {"text": data} if isinstance(data, str) else data
    identity = (document.get("id") if isinstance(document, dict) else None) or f"doc:{index}"
    return {"type": "document", "id": identity, "document": {"id": identity, **data}}


def _text(data: dict[str, Any]) -> str:
    return str(data.get("text") or " ".join(str(v) for k, v in data.items() if k != "id"))


def _quote(quotes: Sequence[tuple[str, dict[str, Any]]]) -> Reply:
    reply = Reply("From the book:")
    for sentence, source in quotes:
        start = len(reply.text) + 1
        reply.text += f" {sentence}"
        reply.citations.append(_citation(reply.text, start, len(reply.text), source))
    return reply


def _citation(text: str, start: int, end: int, source: dict[str, Any]) -> dict[str, Any]:
    return {
        "start": start,
        "end": end,
        "text": text[start:end],
        "sources": [source],
        "content_index": 0,
        "type": "TEXT_CONTENT",
    }


def _of_length(reply: Reply, tokens: int) -> Reply:
    missing = tokens - token_count(reply.text)
    filler = "".join(" and" if i % 9 else " so," for i in range(missing))
    return cut(Reply(reply.text + filler, reply.citations), tokens)


def cut(reply: Reply, tokens: int) -> Reply:
    """The first ``tokens`` tokens, with the citations that lie within them."""
    text = "".join(tokens_of(reply.text)[:tokens])
    return Reply(text, [c for c in reply.citations if c["end"] <= len(text)])


def rewrite(messages: Sequence[tuple[str, str]]) -> str:
    """The last question with its pronoun replaced by the conversation's topic.

    Args:
        messages: (role, text); a text may hold a whole transcript in lines "Reader: …".
    """
    asked = [text for role, text in messages if role == "user"]
    transcript = [
        t.removeprefix("Reader:").strip() for t in asked[-1].splitlines() if "Reader:" in t
    ]
    questions = transcript or asked
    question = questions[-1]
    earlier = next((q for q in questions[:-1] if words(q)), "")
    topic = " ".join(w for w in _WORD.findall(earlier) if w.lower() not in _STOP)
    if not topic:
        return question
    if _PRONOUN.search(question):
        return _PRONOUN.sub(topic, question, count=1)
    return f"{question.rstrip('?')} in {topic}?"

"""How well each sentence answers: half cosine, half overlap, and what the question asks for."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from langchain_core.documents import Document

from providers.embedded import MiniLMEmbeddings
from providers.extractive_passages import Candidate
from providers.extractive_question import Query

_EMBEDDED: Final = 24
"""Without stored vectors only this many sentences are embedded: each costs about 5 ms."""
_UNKNOWN_COSINE: Final = 0.2
_AROUND: Final = 0.45
"""A word of the heading or lead-in counts this much of a word of the sentence itself."""
_NEAR: Final = 0.15
_CUES: Final = {
    "define": 0.25,
    "number": 0.12,
    "why": 0.08,
    "how": 0.05,
    "code": 0.08,
    "list": 0.06,
    "compare": 0.12,
}
_DOING: Final = re.compile(
    r"`[^`]+`|\b(run|set|use|call|add|install|put|write|start|create)\b", re.I
)
_ENUMERATION: Final = re.compile(r"[^,]{2,60}, [^,]{2,60}(,| and | or )")


def score(
    query: Query,
    candidates: Sequence[Candidate],
    passages: Sequence[Document],
    embeddings: MiniLMEmbeddings,
) -> None:
    """Sets ``score`` of every candidate; about 0 to 1.3, good answers lie above 0.5."""
    weights = _idf(query.words, candidates)
    overlaps = [_overlap(weights, c) for c in candidates]
    _embed_missing(candidates, overlaps, embeddings)
    asked = embeddings.encode([query.text])[0]
    prior = _prior(passages)
    for candidate, overlap in zip(candidates, overlaps, strict=True):
        cosine = _UNKNOWN_COSINE if candidate.vector is None else float(candidate.vector @ asked)
        base = 0.5 * max(0.0, cosine) + 0.5 * overlap
        candidate.score = base + _cues(query, candidate) + prior[candidate.passage]
    _share_with_neighbours(candidates)


def _idf(words: Iterable[str], candidates: Sequence[Candidate]) -> Mapping[str, float]:
    weights = {}
    for word in words:
        held = sum(word in c.words for c in candidates)
        # A word that no sentence holds says little about which one answers.
        weights[word] = math.log(1 + len(candidates) / (held + 0.5)) * (1.0 if held else 0.4)
    return weights


def _overlap(weights: Mapping[str, float], candidate: Candidate) -> float:
    total = sum(weights.values())
    if not total:
        return 0.0
    own = sum(w for word, w in weights.items() if word in candidate.words)
    near = sum(
        w for word, w in weights.items() if word in candidate.around and word not in candidate.words
    )
    return (own + _AROUND * near) / total


def _embed_missing(
    candidates: Sequence[Candidate], overlaps: Sequence[float], embeddings: MiniLMEmbeddings
) -> None:
    missing = [i for i, c in enumerate(candidates) if c.vector is None]
    likely = sorted(missing, key=lambda i: -overlaps[i])[:_EMBEDDED]
    if likely:
        vectors = embeddings.encode([candidates[i].raw for i in likely])
        for i, vector in zip(likely, vectors, strict=True):
            candidates[i].vector = vector


def _prior(passages: Sequence[Document]) -> list[float]:
    """The retriever saw whole chunks: what it put first is a little likelier."""
    similarities = [p.metadata.get("similarity") or 0.0 for p in passages]
    best = max(similarities, default=0.0)
    return [0.25 * (s - best) - 0.01 * rank for rank, s in enumerate(similarities)]


def _cues(query: Query, candidate: Candidate) -> float:
    kinds, text, bonus = query.kinds, candidate.raw, 0.0
    if "define" in kinds and candidate.kind == "prose" and query.defined_by(text):
        bonus += _CUES["define"]
    if "number" in kinds:
        bonus += _CUES["number"] * (query.quantity_in(text) - 0.3)
    if "why" in kinds and query.reason_in(text):
        bonus += _CUES["why"]
    if "how" in kinds and (candidate.kind == "code" or _DOING.search(text)):
        bonus += _CUES["how"]
    if "code" in kinds and (candidate.kind == "code" or "`" in text):
        bonus += _CUES["code"]
    if "list" in kinds and (candidate.kind in ("item", "row") or _ENUMERATION.search(text)):
        bonus += _CUES["list"]
    if query.sides and all(side & candidate.words for side in query.sides):
        bonus += _CUES["compare"]
    if candidate.echo or text.rstrip("*_ ").endswith(("?", "؟")):
        # Exercises and knowledge checks ask what others answer.
        bonus -= 0.35
    return bonus


def _share_with_neighbours(candidates: Sequence[Candidate]) -> None:
    """A good sentence lifts the next of its paragraph, which often goes on with "It …"."""
    own = [c.score for c in candidates]
    for i in range(1, len(candidates)):
        here, before = candidates[i], candidates[i - 1]
        if here.passage == before.passage and here.block == before.block and own[i - 1] > own[i]:
            here.score += _NEAR * (own[i - 1] - own[i])

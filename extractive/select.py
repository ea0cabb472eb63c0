"""How well each sentence answers: half cosine, half overlap, and what the question asks for."""

import math
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from langchain_core.documents import Document

from extractive.encoder import SentenceEncoder
from extractive.passages import Candidate
from extractive.question import Query, reason_in

_EMBEDDED: Final = 24
"""Without stored vectors only this many sentences are embedded: each costs about 5 ms."""
_UNKNOWN_COSINE: Final = 0.2
_AROUND: Final = 0.45
"""A word of the heading or lead-in counts this much of a word of the sentence itself."""
_NEAR: Final = 0.15
_LISTED: Final = ("item", "row")
_OF_LIST: Final = 0.8
"""A word of its list counts this much of a word of the item."""
_SHORT_CODE: Final = 12
_DOUBTFUL: Final = -0.25
_DOING: Final = re.compile(
    r"`[^`]+`|\b(run|set|use|call|add|install|put|write|start|create)\b", re.I
)
_ENUMERATION: Final = re.compile(r"[^,]{2,60}, [^,]{2,60}(,| and | or )")
_ABOUT_THE_BOOK: Final = re.compile(
    r"\b(this|the (?:next|previous|last|following))"
    r" (chapter|module|section|page|lesson|part|tutorial|guide|course|unit)\b"
    r"|\b(you|we)(['’]ll| will) (also )?(learn|explore|cover|discover|look at|see how)\b"
    r"|^\W*let['’]?s\b|\bbefore (starting|beginning|proceeding|continuing)\b",
    re.I,
)
_ECHO_HEADINGS: Final = re.compile(
    r"(learning (goals|objectives|outcomes)|what you will learn|exercises?|knowledge check|quiz"
    r"|review questions|further reading|references|next steps)\b",
    re.I,
)
_SUMMARY_HEADINGS: Final = re.compile(
    r"(summary|conclusions?|recap|key (points|takeaways)|in short)\b", re.I
)


def score(
    query: Query,
    candidates: Sequence[Candidate],
    passages: Sequence[Document],
    embeddings: SentenceEncoder,
    *,
    hurried: bool = False,
) -> None:
    """Sets ``score`` of every candidate for the part of the question that it answers best.

    Scores run from about 0 to 1.3; good answers lie above 0.5. ``hurried`` embeds no sentence:
    those without a stored vector are judged by their words.
    """
    parts = query.parts
    overlaps = [_overlaps(part, candidates) for part in parts]
    if not hurried:
        best = [max(per_part) for per_part in zip(*overlaps, strict=True)]
        _embed_missing(candidates, best, embeddings)
    prior = _prior(query, candidates, passages)
    compared = any(c.vector is not None for c in candidates)
    asked = embeddings.encode([part.whole for part in parts]) if compared else [None] * len(parts)
    for number, part in enumerate(parts):
        scores = [
            0.5 * _cosine(c, asked[number]) + 0.5 * overlap + _cues(part, c) + prior[c.passage]
            for c, overlap in zip(candidates, overlaps[number], strict=True)
        ]
        _share_with_neighbours(candidates, scores)
        for candidate, value in zip(candidates, scores, strict=True):
            if number == 0 or value > candidate.score:
                candidate.score, candidate.part = value, number
    for candidate in candidates:
        candidate.doubtful = _doubts(query, candidate) <= _DOUBTFUL


def _cosine(
    candidate: Candidate, asked: np.ndarray[tuple[int], np.dtype[np.float32]] | None
) -> float:
    if candidate.vector is None or asked is None:
        return _UNKNOWN_COSINE
    return max(0.0, float(candidate.vector @ asked))


def _overlaps(query: Query, candidates: Sequence[Candidate]) -> list[float]:
    weights = _weights(query, candidates)
    found = [_overlap(weights, c) for c in candidates]
    return _pooled(candidates, weights, found) if "list" in query.kinds else found


def _weights(query: Query, candidates: Sequence[Candidate]) -> dict[str, float]:
    """Inverse document frequency of the question's words over the sentences."""
    weights = {}
    for word, share in query.words.items():
        held = sum(word in c.words for c in candidates)
        # A word that no sentence holds says little about which one answers.
        weights[word] = share * math.log(1 + len(candidates) / (held + 0.5)) * (1 if held else 0.4)
    return weights


def _overlap(weights: Mapping[str, float], candidate: Candidate) -> float:
    total = sum(weights.values())
    if not total:
        return 0.0
    own = sum(weight for word, weight in weights.items() if word in candidate.words)
    near = sum(
        weight
        for word, weight in weights.items()
        if word in candidate.around and word not in candidate.words
    )
    return (own + _AROUND * near) / total


def _pooled(
    candidates: Sequence[Candidate], weights: Mapping[str, float], own: Sequence[float]
) -> list[float]:
    """Who asks for a list asks for all of it: items and rows count the words of their block."""
    held: dict[tuple[int, int], set[str]] = defaultdict(set)
    total = sum(weights.values()) or 1.0
    for candidate in candidates:
        if candidate.kind in _LISTED:
            held[candidate.passage, candidate.block] |= candidate.words | candidate.around
    return [
        max(
            overlap,
            _OF_LIST * sum(weights[w] for w in held[c.passage, c.block] & weights.keys()) / total,
        )
        if c.kind in _LISTED
        else overlap
        for c, overlap in zip(candidates, own, strict=True)
    ]


def _embed_missing(
    candidates: Sequence[Candidate], overlaps: Sequence[float], embeddings: SentenceEncoder
) -> None:
    missing = [i for i, c in enumerate(candidates) if c.vector is None]
    likely = sorted(missing, key=lambda i: -overlaps[i])[:_EMBEDDED]
    if likely:
        vectors = embeddings.encode([candidates[i].raw for i in likely])
        for i, vector in zip(likely, vectors, strict=True):
            candidates[i].vector = vector


def _prior(
    query: Query, candidates: Sequence[Candidate], passages: Sequence[Document]
) -> list[float]:
    """What a sentence inherits: its passage was found first, or holds more of the question."""
    weights = _weights(query, candidates)
    held: list[set[str]] = [set() for _ in passages]
    for candidate in candidates:
        held[candidate.passage] |= candidate.words | candidate.around
    covered = [sum(weights[word] for word in words & weights.keys()) for words in held]
    total = sum(weights.values()) or 1.0
    similarities = [p.metadata.get("similarity") or 0.0 for p in passages]
    return [
        0.25 * (similarity - max(similarities)) + 0.1 * (cover - max(covered)) / total - 0.01 * rank
        for rank, (similarity, cover) in enumerate(zip(similarities, covered, strict=True))
    ]


def _cues(query: Query, candidate: Candidate) -> float:
    kinds, text, bonus = query.kinds, candidate.raw, _doubts(query, candidate)
    if "define" in kinds and candidate.kind == "prose":
        bonus += 0.25 if query.defined_by(text) else 0.12 if query.is_about(text) else 0.0
    if "number" in kinds:
        bonus += 0.12 * (query.quantity_in(text) - 0.3)
    if "why" in kinds and reason_in(text):
        bonus += 0.08
    if "how" in kinds and (candidate.kind == "code" or _DOING.search(text)):
        bonus += 0.05
    if "code" in kinds and (candidate.kind == "code" or "`" in text):
        bonus += 0.08
    if "list" in kinds and (candidate.kind in _LISTED or _ENUMERATION.search(text)):
        bonus += 0.06
    if query.sides and all(side & candidate.words for side in query.sides):
        bonus += 0.12
    return bonus


def _doubts(query: Query, candidate: Candidate) -> float:
    """What speaks against a sentence whatever the question."""
    text, malus = candidate.raw, 0.0
    if candidate.echo or text.rstrip("*_ ").endswith(("?", "؟")):
        # Exercises and knowledge checks ask what others answer.
        malus -= 0.6
    elif _ECHO_HEADINGS.match(candidate.heading):
        malus -= 0.15
    elif _SUMMARY_HEADINGS.match(candidate.heading):
        malus -= 0.05
    if candidate.kind == "prose" and _ABOUT_THE_BOOK.search(text):
        malus -= 0.0 if _ABOUT_THE_BOOK.search(query.text) else 0.25
    if candidate.kind == "code" and not query.kinds & {"how", "code"}:
        malus -= 0.1 if text.count("\n") <= _SHORT_CODE else 0.2
    return malus


def _share_with_neighbours(candidates: Sequence[Candidate], scores: list[float]) -> None:
    """A good sentence lifts the next of its paragraph, which often goes on with "It …"."""
    own = list(scores)
    for i in range(1, len(candidates)):
        here, before = candidates[i], candidates[i - 1]
        if here.passage == before.passage and here.block == before.block and own[i - 1] > own[i]:
            scores[i] += _NEAR * (own[i - 1] - own[i])

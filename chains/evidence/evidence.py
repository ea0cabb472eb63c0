"""What speaks for and against a passage answering a question, as numbers between 0 and 1.

Two things are asked of them (see ``abstention``): is the question foreign to the book,
and does a passage say exactly what is asked? The first needs nearness in meaning and shared words;
the second also looks for what a near miss gets wrong: a name, a number or a negation of the
question that the best sentence does not hold.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final

from langchain_core.documents import Document

from text.commonness import Commonness
from text.sentences import split_units
from text.vocabulary import Vocabulary
from text.words import STOP_WORDS, content_words, stem, tokens, word_set

_UNCALIBRATED: Final[Mapping[str, float]] = {"off_topic": 0.28, "heading": 0.70}
_NARROWEST: Final = 0.325
"""Of the way from an off-topic cosine to 1: headings that say nothing make a narrower scale."""
_SENTENCES: Final = 16
"""So many of the nearest sentences are read word by word."""
_WORD: Final = re.compile(r"[^\W_]+(?:[.'’][^\W_]+)*")
_CAPITAL: Final = re.compile(r"(?<=[a-z0-9,;:] )[A-Z][a-z]+")
_NEGATION: Final = re.compile(
    r"\b(?:not|never|no|none|nor|neither|cannot|without|unable|except|least|fail(?:s|ed)?)\b"
    r"|n['’]t\b",
    re.I,
)
_PERSONAL: Final = re.compile(r"\b(?:i|i['’]m|im|my|me|we|our|us|you|your)\b", re.I)
_CONTEXT: Final = 0.5
"""What stands around a sentence counts this much of what it says itself."""


@dataclass(frozen=True)
class Evidence:
    """How well the passages fit a question; shares are 0 to 1, weighed by how rare a word is."""

    nearness: float
    """Best cosine of a chunk, from off-topic (0) to 1."""
    sentence: float
    """Best cosine of a sentence, on the same scale."""
    scaled: float
    """``nearness`` on the collection's own scale: its headings lie at 1."""
    scaled_sentence: float
    covered: float
    """Share of the question's words that one passage holds."""
    covered_first: float
    """The same, by the first passage."""
    unknown: float
    """Share of the question's words that the book never uses."""
    names: float
    """Share of its words that look like names and that the book never uses."""
    missing: float
    """Weight of the words that the best passage lacks."""
    missing_most: float
    """Weight of the heaviest of them."""
    capitals: float
    """Share of its capitalised words that the best sentence lacks."""
    negated: float
    """1: it has a negation that the best sentence lacks."""
    pairs: float
    """Share of its neighbouring words that are neighbours in the best passage, too."""
    lead: float
    """How far the first passage is ahead of the last."""
    length: float
    """How many words the best sentence has: a long one holds some of any question."""
    words: float
    """How many words the question has."""
    personal: float
    """1: it speaks of "I", "we" or "you"."""
    compared: bool = True
    """Vectors of sentences were there to compare with."""


def gather(
    question: str,
    passages: Sequence[Document],
    vocabulary: Vocabulary,
    calibration: Mapping[str, float],
    commonness: Commonness,
) -> Evidence:
    """The evidence of passages as ``BookRetriever`` gives them, best first, at least one."""
    scale = {**_UNCALIBRATED, **calibration}
    words = weights_of(question, vocabulary, commonness)
    held = [_words_of(passage) for passage in passages]
    covers = [_share(words, there) for there in held]
    fullest = max(range(len(held)), key=lambda i: covers[i])
    lacking = [weight for word, weight in words.items() if word not in held[fullest]]
    similarities = [s for p in passages if (s := p.metadata["similarity"]) is not None]
    nearest = max(similarities, default=None)
    best = _best_sentence(passages, words)
    middle = (scale["off_topic"] + scale["heading"]) / 2
    chunk = middle if nearest is None else nearest
    sentence = best.cosine if best.cosine is not None else chunk
    own = best.words
    capitals = {stem(w.lower()) for w in _CAPITAL.findall(question)} & words.keys()
    scores = [float(p.metadata.get("score") or 0.0) for p in passages]
    unknown_names = names_unknown(question, vocabulary)
    return Evidence(
        nearness=_above(chunk, scale),
        sentence=_above(sentence, scale),
        scaled=_scaled(chunk, scale),
        scaled_sentence=_scaled(sentence, scale),
        covered=covers[fullest],
        covered_first=covers[0],
        unknown=_share(words, {word for word in words if word not in vocabulary}),
        names=len(unknown_names) / max(1, len(words)),
        missing=sum(lacking),
        missing_most=max(lacking, default=0.0),
        capitals=len(capitals - own) / max(1, len(capitals)),
        negated=float(bool(_NEGATION.search(question)) and not _NEGATION.search(best.text)),
        pairs=_pairs(question, passages[best.passage].page_content),
        lead=scores[0] - scores[-1],
        length=float(len(own)),
        words=float(len(question.split())),
        personal=float(bool(_PERSONAL.search(question))),
        compared=best.cosine is not None,
    )


def weights_of(question: str, vocabulary: Vocabulary, commonness: Commonness) -> dict[str, float]:
    """Stems of the content words with what each says: rare in the book and in English at large."""
    weights: dict[str, float] = {}
    for token in tokens(question):
        stems = content_words(token)
        rarity = commonness.rarity(token) if len(stems) == 1 else 1.0
        for word in stems:
            weight = vocabulary.weight(word) * rarity**2
            weights[word] = min(weights.get(word, weight), weight)
    return weights


def names_unknown(question: str, vocabulary: Vocabulary) -> set[str]:
    """Stems of words that look like names and that the book never uses.

    A name has a digit, a capital inside, or a capital that does not begin a sentence.
    """
    found = set()
    for match in _WORD.finditer(question):
        word = match.group()
        before = question[max(0, match.start() - 8) : match.start()]
        begins = not before.strip(" \"'(¿¡\t") or before.rstrip(" \t")[-1:] in ".!?:\n"
        named = (
            any(c.isdigit() for c in word)
            or word[1:] != word[1:].lower()
            or (word[0].isupper() and not begins)
        )
        parts = content_words(word)
        if named and parts and not all(part in vocabulary for part in parts):
            found.update(parts)
    return found


@dataclass(frozen=True)
class _Sentence:
    passage: int = 0
    text: str = ""
    words: frozenset[str] = frozenset()
    cosine: float | None = None


def _best_sentence(passages: Sequence[Document], words: Mapping[str, float]) -> _Sentence:
    """The sentence that answers best, half by meaning and half by words.

    Its ``cosine`` is that of the nearest sentence of all; None without vectors.
    """
    found: list[tuple[float, int, str, frozenset[str]]] = []
    for number, passage in enumerate(passages):
        cosines = passage.metadata.get("cosines") or {}
        for chunk in passage.metadata["chunks"]:
            near = cosines.get(chunk.id)
            units = _units(chunk.page_content)
            if near is None or len(near) != len(units):
                continue
            around = word_set(" ".join(passage.metadata["breadcrumb"]))
            echo = chunk.metadata.get("kind") == "echo"
            for (kind, text), cosine in zip(units, near.tolist(), strict=True):
                if kind not in ("heading", "markup") and not echo:
                    found.append((cosine, number, text, around))
    if not found:
        return _Sentence(text=passages[0].page_content, words=_words_of(passages[0]))
    found.sort(key=lambda one: -one[0])

    def worth(one: tuple[float, int, str, frozenset[str]]) -> float:
        own = _share(words, word_set(one[2]))
        both = _share(words, word_set(one[2]) | one[3])
        return one[0] + _CONTEXT * (own + both)

    best = max(found[:_SENTENCES], key=worth)
    return _Sentence(best[1], best[2], word_set(best[2]), found[0][0])


@lru_cache(maxsize=4096)
def _units(text: str) -> tuple[tuple[str, str], ...]:
    """Kind and text of a chunk's units; the same chunks are found again and again."""
    return tuple((unit.kind, unit.text) for unit in split_units(text))


def _words_of(passage: Document) -> frozenset[str]:
    return word_set(" ".join([*passage.metadata["breadcrumb"], passage.page_content]))


def _share(weights: Mapping[str, float], held: frozenset[str] | set[str]) -> float:
    total = sum(weights.values())
    return sum(w for word, w in weights.items() if word in held) / total if total else 0.0


def _pairs(question: str, text: str) -> float:
    asked = _neighbours(question)
    return len(asked & _neighbours(text)) / len(asked) if asked else 0.0


def _neighbours(text: str) -> set[tuple[str, str]]:
    words = tokens(text)
    return {
        (stem(a), stem(b)) for a, b in pairwise(words) if not (a in STOP_WORDS and b in STOP_WORDS)
    }


def _above(cosine: float, scale: Mapping[str, float]) -> float:
    return (cosine - scale["off_topic"]) / (1 - scale["off_topic"])


def _scaled(cosine: float, scale: Mapping[str, float]) -> float:
    width = max(scale["heading"] - scale["off_topic"], _NARROWEST * (1 - scale["off_topic"]))
    return (cosine - scale["off_topic"]) / width

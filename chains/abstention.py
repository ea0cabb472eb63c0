"""Does the book answer this question at all?

One cosine separates "not in this corpus" well and near misses badly, so three signs are added up:
how near the best hit is, how much of the question's vocabulary one passage holds (rare words
weigh more), and how many names the question uses that the book never does. The weights were
fitted on the ``dev`` questions of the sample book (see ``docs/quality.md``); similarities are put
on the collection's own scale, measured when it was indexed.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from langchain_core.documents import Document

from schema import Confidence
from text.urdu_words import COMMON
from text.vocabulary import Vocabulary
from text.words import content_words, language_of, word_set

_NEARNESS: Final = 2.3
_COVERAGE: Final = 10.5
_NAMES: Final = -12.0
_OFFSET: Final = -4.4
_TRANSLATED: Final = -1.5
"""Words found by sound or by list are weaker evidence than those that were asked."""
_UNCALIBRATED: Final[Mapping[str, float]] = {"off_topic": 0.28, "heading": 0.70}
_TO_THE_ASSISTANT: Final = re.compile(
    r"\b(ignore|disregard|forget|override|bypass)\b.{0,30}\b(previous|prior|above|earlier|all|your|"
    r"these|the)\b.{0,20}\b(instructions?|rules?|prompts?|guidelines|restrictions)\b"
    r"|\b(print|reveal|show|repeat|output|tell me|what (is|are)|give me)\b.{0,25}"
    r"\b(your|system|hidden|initial)\b.{0,15}\b(prompt|instructions|rules)\b"
    r"|\byou are (now|no longer)\b|\b(pretend|act) (to be|as if|as an?|like)\b.{0,40}"
    r"\b(unrestricted|without (rules|limits)|different|another|admin|developer|dan)\b"
    r"|\b(jailbreak|developer mode|dan mode)\b",
    re.I,
)
_WORD: Final = re.compile(r"[^\W_]+(?:[.'’][^\W_]+)*")


@dataclass(frozen=True)
class Verdict:
    """What the passages are worth as an answer to one question."""

    score: float
    """Evidence: above 0 the book answers."""
    answerable: bool
    confidence: Confidence = "high"


def weigh(
    question: str,
    passages: Sequence[Document],
    vocabulary: Vocabulary,
    calibration: Mapping[str, float],
) -> Verdict:
    """The verdict on one reading of a question and its passages.

    A request to the assistant itself, such as for its prompt, is no question about the book.
    """
    if not passages or _TO_THE_ASSISTANT.search(question):
        return Verdict(float("-inf"), answerable=False)
    evidence = score(question, passages, vocabulary, calibration)
    return Verdict(evidence, answerable=evidence >= 0)


def answers(
    question: str,
    passages: Sequence[Document],
    vocabulary: Vocabulary,
    calibration: Mapping[str, float],
) -> bool:
    """True when the passages may hold the answer."""
    return weigh(question, passages, vocabulary, calibration).answerable


def score(
    question: str,
    passages: Sequence[Document],
    vocabulary: Vocabulary,
    calibration: Mapping[str, float],
) -> float:
    """Evidence that the book answers: above 0 it does, below it does not (log-odds, roughly)."""
    asked = set(content_words(question))
    unknown_names = names_unknown(question, vocabulary)
    language = language_of(question)
    if language == "ur":
        return _score_urdu(question, passages, vocabulary)
    foreign = language != "en"
    if foreign:
        # Words of another language than the book's say nothing; its terms and names do.
        asked = {word for word in asked if word in vocabulary} | unknown_names
    if not asked:
        return -1.0
    best = max(vocabulary.coverage(asked, _words_of(passage)) for passage in passages)
    similarities = [p.metadata["similarity"] for p in passages if p.metadata["similarity"]]
    nearness = 0.5 if foreign or not similarities else _scaled(max(similarities), calibration)
    share = len(unknown_names) / len(asked)
    return _NEARNESS * nearness + _COVERAGE * best + _NAMES * share + _OFFSET


def _score_urdu(question: str, passages: Sequence[Document], vocabulary: Vocabulary) -> float:
    """As ``score``, by the question's own words or by the English ones that it stands for."""
    terms, left = vocabulary.loanwords.read(question)
    read = set(content_words(" ".join(terms)))
    own = set(content_words(question)) - COMMON
    held = [_words_of(passage) for passage in passages]
    translated = max(vocabulary.coverage(read, words) for words in held)
    best = max(
        translated * len(read) / (len(read) + len(left)) if read else 0.0,
        max(vocabulary.coverage(own, words) for words in held),
    )
    return _NEARNESS * 0.5 + _COVERAGE * best + _OFFSET + _TRANSLATED


def names_unknown(question: str, vocabulary: Vocabulary) -> set[str]:
    """Stems of words that look like names and that the book never uses.

    A name has a digit, a capital inside, or a capital that does not begin a sentence.
    """
    found = set()
    for match in _WORD.finditer(question):
        word = match.group()
        begins = not question[: match.start()].rstrip(" \"'(¿¡").strip() or re.search(
            r"[.!?:\n]\s*$", question[: match.start()]
        )
        named = (
            any(c.isdigit() for c in word)
            or word[1:] != word[1:].lower()
            or (word[0].isupper() and not begins)
        )
        parts = content_words(word)
        if named and parts and not all(part in vocabulary for part in parts):
            found.update(parts)
    return found


def _scaled(similarity: float, calibration: Mapping[str, float]) -> float:
    scale = {**_UNCALIBRATED, **calibration}
    width = max(0.05, scale["heading"] - scale["off_topic"])
    return (similarity - scale["off_topic"]) / width


def _words_of(passage: Document) -> frozenset[str]:
    return word_set(" ".join([*passage.metadata["breadcrumb"], passage.page_content]))

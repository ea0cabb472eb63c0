"""Does the book answer this question: surely, perhaps, or not at all?

Two sums of evidence decide, each a logistic regression whose weights lie in ``gate.json`` beside
what they were fitted on (``python -m evals.fit``). One asks whether the question is foreign to the
book: then it is refused. The other asks whether a passage says exactly what is asked: if not, the
answer begins by saying so. A chat model that can judge the passages itself is asked unless the
question is clearly foreign, and its answer is taken as sure.
"""

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Final

from langchain_core.documents import Document

from chains.evidence.evidence import Evidence, gather
from schema import Confidence
from text.abbreviations import written_out
from text.code import asks_for_code, code_words, holds_code, subject_of_code
from text.commonness import Commonness
from text.headings import GENERIC, name_in
from text.sentences import split_sentences
from text.urdu_words import COMMON
from text.values import value_asked
from text.vocabulary import Vocabulary
from text.words import content_words, language_of, tokens, word_set

WEIGHTS: Final = Path(__file__).parent / "gate.json"
_WELL_COVERED: Final = 0.55
_TURN: Final = 0.08
_FIRST: Final = 3
"""So many of the best passages may name a question in their heading."""
_FEW: Final = 3
_ABOUT: Final = 0.6
"""Nearness of a passage that is about a question, where headings lie at 1."""
_LENIENT: Final = 2.0
"""How much less evidence is needed where a chat model judges after the gate."""
_VALUELESS: Final = 4.0
"""What it says against passages that they hold no price where one is asked for (fitted: 4.1)."""
_SURE_BY_WORDS: Final = 0.5
"""Without vectors of sentences, a passage that holds this share of a question is sure."""
_OTHER_LANGUAGE: Final = (10.5, -3.25, -1.5)
"""Weight of the shared words and offset for questions that only share terms with the book;
less for words found by sound or by list."""
_TO_THE_ASSISTANT: Final = re.compile(
    r"\b(ignore|disregard|forget|override|bypass)\b.{0,30}\b(previous|prior|above|earlier|all|your|"
    r"these|the)\b.{0,20}\b(instructions?|rules?|prompts?|guidelines|restrictions)\b"
    r"|\b(print|reveal|show|repeat|output|tell me|what (is|are)|give me)\b.{0,25}"
    r"\b(your|system|hidden|initial)\b.{0,15}\b(prompt|instructions|rules)\b"
    r"|\byou are (now|no longer)\b|\b(pretend|act) (to be|as if|as an?|like)\b.{0,40}"
    r"\b(unrestricted|without (rules|limits)|different|another|admin|developer|dan)\b"
    r"|\b(jailbreak|developer mode|dan mode)\b"
    r"|\b(make up|invent|fabricate|fake)\b.{0,20}\b(page|quote|quotation|citation|source)s?\b"
    r"|\b(write|tell|compose|sing)( me)? an? (poem|joke|song|story|rap)\b",
    re.I,
)
_HARM: Final = re.compile(
    r"\b(?:how (?:can|do|could|should) (?:i|we)|make|rig|build|program|help me)\b.{0,60}"
    r"\b(injur\w{0,3}|attack|kill|hurt|stab|shoot|murder|assault)s?\b.{0,20}"
    r"\b(people|persons?|someone|somebody|humans?|child|children|him|her|my \w{2,12})\b",
    re.I,
)
_HARMLESS: Final = re.compile(
    r"\b(avoid|prevent|never|not|n['’]t|protect|without|stop\w{0,4} (it|the|a) from|safe|safely"
    r"|risk|danger|why|can a|could a|does|law|rule)\b",
    re.I,
)
_OF_THE_BOOK: Final = re.compile(
    r"\bwho (?:is|are|was|were) (?:the )?(?:author|writer|publisher|editor)s?\b"
    r"|\bwho (?:has )?(?:wrote|written|published|made|created) (?:this|the|it)\b"
    r"|\b(?:author|writer|publisher|isbn|copyright|edition) of (?:this|the) (?:book|course)\b",
    re.I,
)
_MADE_BY: Final = re.compile(
    r"\b(?:authors?|written by|wrote this|edited by|copyright|isbn)\b|©",
    re.I,
)


@dataclass(frozen=True)
class Verdict:
    """What the passages are worth as an answer to one question."""

    score: float
    """Evidence that the book answers (log-odds, roughly): below 0 the question is refused."""
    answerable: bool
    sure: bool = True
    """A passage says what is asked."""
    confidence: Confidence = "high"
    """What the reader is told: a model that reads the passages knows better than the evidence."""
    titled: bool = False
    """A heading is the name of what is asked for."""
    judged: bool = False
    """A model that reads the passages has the last word."""

    def refused(self) -> "Verdict":
        """The same, but no answer, unless a model that reads the passages finds one."""
        return replace(self, answerable=self.judged, sure=False)

    def doubted(self) -> "Verdict":
        """The same, but not sure."""
        return replace(self, sure=False, confidence=self.confidence if self.judged else "low")


@dataclass(frozen=True)
class Weights:
    """A weighted sum of evidence; ``well_covered`` are added as a passage holds the question."""

    plain: Mapping[str, float]
    well_covered: Mapping[str, float]
    offset: float
    offset_well_covered: float = 0.0

    def sum(self, evidence: Evidence) -> float:
        """Above 0: yes."""
        values = asdict(evidence)
        full = well_covered(evidence)
        plain = sum(weight * values[name] for name, weight in self.plain.items())
        extra = sum(weight * values[name] for name, weight in self.well_covered.items())
        return float(plain + full * (extra + self.offset_well_covered) + self.offset)


def well_covered(evidence: Evidence) -> float:
    """0 to 1: one passage holds most of the question, so what it lacks is telling.

    A near miss shares nearly all words with a passage; a question in other words shares few.
    """
    return 1 / (1 + math.exp((_WELL_COVERED - evidence.covered) / _TURN))


@cache
def fitted() -> tuple[Weights, Weights]:
    """Of the gate's file: whether the book answers at all, and whether it does so surely."""
    read = json.loads(WEIGHTS.read_text("utf-8"))
    return Weights(**read["answered"]), Weights(**read["sure"])


class Gate:
    """An ``EvidenceScorer``.

    Args:
        commonness: of words in general English.
        judged: a chat model reads the passages and may refuse by itself.
    """

    def __init__(self, commonness: Commonness | None = None, *, judged: bool = False) -> None:
        self._commonness = commonness or Commonness()
        self._judged = judged

    def __call__(
        self,
        question: str,
        passages: Sequence[Document],
        vocabulary: Vocabulary,
        calibration: Mapping[str, float],
    ) -> Verdict:
        """The verdict on one reading of a question and its passages.

        A request to the assistant itself, such as for its prompt, is no question about the book.
        """
        unsaid = _OF_THE_BOOK.search(question) and not _tells_who(passages)
        if not passages or unsaid or is_refused(question):
            return Verdict(float("-inf"), answerable=False, sure=False)
        if language_of(question) != "en":
            score = _in_another_language(question, passages, vocabulary)
            return Verdict(score, answerable=self._allows(score))
        code = asks_for_code(question)
        asked = subject_of_code(question) if code else question
        evidence = gather(asked, passages, vocabulary, calibration, self._commonness)
        if not content_words(question):
            return Verdict(-1.0, answerable=self._judged, sure=False)
        answered, sure = fitted()
        score = answered.sum(evidence)
        certain = (
            sure.sum(evidence) >= 0 if evidence.compared else evidence.covered >= _SURE_BY_WORDS
        )
        written = code and _is_written(asked, passages[0])
        certain |= written
        named = _is_named(asked, passages)
        titled = _is_titled(asked, passages)
        if titled:
            certain, score = True, max(score, 0.0)
        term = titled and not self._is_ordinary(asked)
        if _is_vague(asked, evidence) and not (named or written or term):
            certain = False
        if _is_valueless(question, passages):
            certain, score = False, score - _VALUELESS
        told: Confidence = "high" if certain or self._judged else "low"
        sure_enough = certain and score >= 0
        return Verdict(score, self._allows(score), sure_enough, told, named, self._judged)

    def _is_ordinary(self, asked: str) -> bool:
        """It names nothing but what everybody speaks of."""
        return all(word in self._commonness for word in tokens(asked) if content_words(word))

    def _allows(self, score: float) -> bool:
        return score >= (-_LENIENT if self._judged else 0.0)


def is_refused(question: str) -> bool:
    """It is no question about a book: it is put to the assistant itself, or plans harm."""
    harm = _HARM.search(question) and not _HARMLESS.search(question)
    return bool(harm or _TO_THE_ASSISTANT.search(question))


def _is_valueless(question: str, passages: Sequence[Document]) -> bool:
    """A price or a year is asked for, and no passage on that thing holds one."""
    value = value_asked(question)
    asked = word_set(question)
    return value is not None and not any(
        value.search(p.page_content) and asked & word_set(p.page_content) for p in passages
    )


def _tells_who(passages: Sequence[Document]) -> bool:
    """Prose or a heading speaks of those who made something; code has variables of that name."""
    return any(
        _MADE_BY.search(" ".join([p.metadata["breadcrumb"][-1], *split_sentences(p.page_content)]))
        for p in passages
        if not holds_code(p.page_content)
    )


def _is_vague(asked: str, evidence: Evidence) -> bool:
    """A few words that some passage holds, but that none is about: "what's the catch?".

    Of 1,400 questions of four sets one that was answered rightly is so.
    """
    near = max(evidence.scaled, evidence.scaled_sentence)
    return evidence.compared and near < _ABOUT and len(content_words(asked)) <= _FEW


def _is_titled(asked: str, passages: Sequence[Document]) -> bool:
    """A heading names all that is asked for: of 2,000 questions of five sets, only right ones."""
    words = set(content_words(asked))
    words = words - GENERIC or words
    return any(words <= word_set(p.metadata["breadcrumb"][-1]) for p in passages[:_FIRST])


def _is_named(asked: str, passages: Sequence[Document]) -> bool:
    short, long = written_out(asked)
    forms = [word_set(short), *([word_set(long)] if long else [])]
    headings = (name_in(p.metadata["breadcrumb"][-1]) for p in passages[:_FIRST])
    return any(word_set(heading) in forms for heading in headings)


def _is_written(asked: str, passage: Document) -> bool:
    """The passage holds code, and in it or above it all words of what is asked for."""
    above = " ".join(str(passage.metadata.get(key, "")) for key in ("title", "heading"))
    text = passage.page_content
    return holds_code(text) and code_words(asked) <= code_words(f"{above} {text}")


def _in_another_language(
    question: str, passages: Sequence[Document], vocabulary: Vocabulary
) -> float:
    """Evidence by the words that a question in another language shares with the book.

    Urdu counts by its own words on pages in Urdu, or by the English ones that it stands for; of
    other languages only terms and names are known.
    """
    weight, offset, by_sound = _OTHER_LANGUAGE
    held = [word_set(" ".join([*p.metadata["breadcrumb"], p.page_content])) for p in passages]
    if language_of(question) != "ur":
        known = {word for word in content_words(question) if word in vocabulary}
        return weight * max(vocabulary.coverage(known, there) for there in held) + offset
    terms, left = vocabulary.loanwords.read(question)
    read = set(content_words(" ".join(terms)))
    own = set(content_words(question)) - COMMON
    translated = max(vocabulary.coverage(read, words) for words in held)
    best = max(
        translated * len(read) / (len(read) + len(left)) if read else 0.0,
        max(vocabulary.coverage(own, words) for words in held),
    )
    return weight * best + offset + by_sound

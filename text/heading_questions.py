"""Questions that a section answers, made of its heading and its first sentences."""

import re
from collections.abc import Sequence
from typing import Final

from text.words import content_words, language_of, stem

_MARKS: Final = re.compile(r"(?<![^\w)?؟])[^\w)?؟]++$|[`*_]|^\W+")
_NUMBERED: Final = re.compile(r"^(?:(?:chapter|module|part|step|lesson)\s)?[\d.]+[:.)\s-]+", re.I)
_ASIDE: Final = re.compile(r"[`*]|\([^()]*\)|\[|\]\([^()]*\)")
_ASKS: Final = ("what", "why", "how", "when", "which", "who", "where")
_VERBS: Final = ("is", "are", "was", "were")
_ARTICLES: Final = ("a", "an", "the")
_MOST_WORDS: Final = 10
_MOST_NAME: Final = 4
_TELLING: Final = frozenset(
    "allow answer apply base begin belong build calculate carry combine come compare compute"
    " connect consist contain control convert cover create decide define depend describe"
    " determine divide enable estimate explain extend find form gather generate get give grow"
    " handle help hold improve include join keep lead learn let look make manage map maximise"
    " maximize mean measure move need offer perform plan play produce protect provide publish"
    " read receive reduce refer represent return run say search send separate serve show"
    " simulate solve specify split start state store supply support take teach tell track train"
    " transform translate turn update use work write".split()
)
"""What a sentence does with a thing that it introduces, beside "is" and "has"."""
_VAGUE: Final = frozenset(
    content_words(
        "overview introduction summary conclusion goals example note task result exercise step part"
        " background prerequisites question topic concept content resource references outcome"
        " purpose project module course week lesson assessment setup installation"
    )
)
_PERSONAL: Final = frozenset(
    "you your we our us i me my this these that it they them book chapter".split()
)


def question_for(heading: str, sentences: Sequence[str]) -> str:
    """A question in plain words that the section surely answers, or an empty string.

    It does so when its heading asks it, or when one of its first ``sentences`` tells of what
    the heading names ("A costmap is …").
    """
    name = " ".join(_NUMBERED.sub("", _MARKS.sub("", heading.strip())).split())
    words = name.split()
    if not 1 <= len(words) <= _MOST_WORDS or language_of(name) != "en" or _is_personal(words):
        return ""
    if name.endswith("?"):
        fits = words[0].lower() in _ASKS and len(words) > 3
        return name[:1].upper() + name[1:] if fits else ""
    return _turned(words) or _told(name.partition(":")[0], sentences)


def _turned(words: Sequence[str]) -> str:
    """ "What X is", "How X works", "Why X matters" as questions."""
    first, last, inner = words[0].lower(), words[-1].lower(), words[1:-1]
    if not inner or any(word.lower() in (*_VERBS, "not", "the") for word in inner):
        return ""
    subject = _uncapped(" ".join(inner))
    if first == "what" and last in _VERBS:
        return f"What {last} {subject}?"
    if (first, last.removesuffix("s")) in (("how", "work"), ("why", "matter")):
        does = "does" if last.endswith("s") else "do"
        return f"{first.title()} {does} {subject} {last.removesuffix('s')}?"
    return ""


def _told(name: str, sentences: Sequence[str]) -> str:
    """ "What is X?" where a sentence begins with the X of the heading and goes on with a verb."""
    named = _plain(_ASIDE.sub("", name).split()) or _plain(name.split())
    if not named or len(named) > _MOST_NAME or _VAGUE & set(content_words(name)):
        return ""
    for sentence in sentences:
        words = _ASIDE.sub("", sentence).split()
        at = len(named) + (words[:1] != [] and words[0].lower() in _ARTICLES)
        verb = _verb(words[at]) if at < len(words) - 1 else ""
        if verb and _plain(words[:at]) == named:
            return f"What {verb} {_subject(words[:at], verb, sentences)}?"
    return ""


def _plain(words: Sequence[str]) -> list[str]:
    """Stems of all words without the article before them."""
    bare = words[words[:1] != [] and words[0].lower() in _ARTICLES :]
    return [stem(word.lower()) for word in bare]


def _verb(word: str) -> str:
    """ "is" or "are", as the sentence's own verb has it; empty when it is no verb."""
    if word in _VERBS:
        return word
    if word in ("has", "can") or (word.endswith("s") and word[:-1] in _TELLING):
        return "is"
    if word.endswith("ies") and f"{word[:-3]}y" in _TELLING:
        return "is"
    return "are" if word in _TELLING or word == "have" else ""


def _subject(words: Sequence[str], verb: str, sentences: Sequence[str]) -> str:
    """As it stands in the middle of a sentence; a name keeps its capitals."""
    text = " ".join(words)
    rest = " ".join(" ".join(sentence.split()[1:]) for sentence in sentences)
    if len(words) == 1 and text.istitle() and (verb == "are" or text.lower() in rest.split()):
        return text.lower()
    return _uncapped(text)


def _uncapped(text: str) -> str:
    """Without the capital of a sentence's first word, unless it is a name's."""
    first, _, rest = text.partition(" ")
    if rest and (first.lower() in _ARTICLES or (first.istitle() and rest.islower())):
        return f"{first.lower()} {rest}"
    return text


def _is_personal(words: Sequence[str]) -> bool:
    """It speaks of its reader or of the book: "What you will learn", "How a chapter works"."""
    return any(word.lower().strip("?,") in _PERSONAL for word in words)

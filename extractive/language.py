"""Readers of another language than the book's: what they asked, and what they are told."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from langchain_core.documents import Document

from extractive.question import Query
from text.transliteration import Loanwords
from text.words import LANGUAGE_CODES, language_of, spoken_language, tokens

_SEARCHED: Final = {
    "ur": "تلاش کا ماڈل اردو نہیں پڑھتا، اس لیے کتاب میں آپ کے سوال کے الفاظ ڈھونڈے گئے ہیں۔",
    "roman-ur": "Talash ka model Urdu nahin parhta, is liye kitab mein aap ke sawal ke alfaaz "
    "dhoonde gaye hain.",
}
_QUOTED: Final = {
    "en": "This answer quotes the book in the book's own language:",
    "ur": "یہ اقتباسات کتاب کی اپنی زبان میں ہیں:",
    "roman-ur": "Yeh iqtibasat kitab ki apni zaban mein hain:",
}
_ALL: Final = {
    "en": "I have quoted all that the book says about this. Ask about a part of it, or go on with "
    "one of the sections below.",
    "ur": "کتاب میں اس بارے میں جو کچھ ہے وہ میں بتا چکا ہوں۔ "
    "اس کے کسی حصے کے بارے میں پوچھیں، یا نیچے دیے گئے حصے دیکھیں۔",
    "roman-ur": "Kitab mein is baare mein jo kuch hai woh main bata chuka hoon. "
    "Is ke kisi hisse ke baare mein poochhein, ya neeche diye gaye hisse dekhein.",
}


def all_there_is(question: str, wanted: str | None) -> str:
    """Said when everything that the passages hold was an earlier answer."""
    return _ALL[spoken_language(question, wanted)]


def understood(question: str, passages: Sequence[Document]) -> Query:
    """The question; one in Urdu script with the words of the passages that it stands for."""
    if language_of(question) != "ur":
        return Query(question)
    words = Counter(word for p in passages for word in tokens(p.page_content))
    return Query(question, terms=" ".join(Loanwords(words).english(question)))


def introduction(question: str, wanted: str | None, answer: str, *, searched: bool) -> str:
    """Said before an answer that is not in the reader's language; empty when there is no need.

    Args:
        wanted: the language that was asked for, by name or code; default: the question's.
        searched: the search model reads every language, so the question was found by meaning.
    """
    asked = language_of(question)
    # Of other languages no sentence is known here; the English one says what is the case.
    reader = LANGUAGE_CODES.get(wanted.strip().lower(), "en") if wanted else asked
    other = wanted is not None and wanted.strip().lower() not in LANGUAGE_CODES
    said = "" if searched else _SEARCHED.get(asked, "")
    quoted = _QUOTED[reader] if other or language_of(answer) != reader else ""
    return " ".join(filter(None, (said, quoted)))

"""What the reader wrote, as the book would write it: typing errors and abbreviations."""

import asyncio
import re
from typing import Final

from chains.evidence.store import BookStore
from text.commonness import Commonness
from text.spelling import Speller
from text.vocabulary import Vocabulary
from text.words import content_words, language_of

_SHORT: Final = 3
"""Content words; a longer question says enough beside its abbreviation."""
_ABBREVIATION: Final = re.compile(r"(?<![\w-])[A-Za-z][A-Za-z0-9]{1,7}(?![\w-])")


_WISH: Final = re.compile(
    r"[,;]?(?<!\s)\s++(?:"
    r"like i['’]?\s?a?m (?:an? )?(?:\d{1,2}|five|ten|kid|child|beginner)(?: years? old)?"
    r"|in (?:one|two|three|a few|a couple of|\d|very|simple|plain|easy|short|layman['’]?s?)"
    r" (?:short |simple |easy )?(?:sentences?|words?|terms?|lines?|english|language|way)"
    r"|for (?:dummies|beginners|a (?:child|kid|beginner)|kids|children)|step by step|in detail"
    r"|in short|briefly|eli5|pls|plz|please)(?=\W*$)",
    re.I,
)


_LANGUAGE: Final = re.compile(
    r"(?:^|[,;]?(?<!\s)\s++)(?:(?:translate|say|explain|write|tell|give|answer|me|it|this|that|please"
    r"|can|could|you|now|and)\s+){0,6}+(?:in|into|to)\s+(?P<name>roman urdu|urdu|english|hindi"
    r"|spanish|french|german|arabic|punjabi|chinese)(?:\s+(?:language|please|pls))?(?=\W*$)",
    re.I,
)


_IN_A_PLACE: Final = re.compile(
    r"(?P<asked>\W*(?:what(?:['’]?s| is| are)|define|explain) [\w -]{2,40}?)"
    r" in (?P<place>[\w .+-]{2,40}?)\W*",
    re.I,
)


def language_wished(question: str) -> tuple[str, str | None]:
    """ "What is ZMP in Urdu?" as "What is ZMP" and "Urdu"; None where no language is named."""
    match = _LANGUAGE.search(question)
    if match is None or (
        question.lower().startswith("translate ") and match.start() > len("translate")
    ):
        return question, None
    return question[: match.start()], match["name"].title()


def without_place(question: str) -> str | None:
    """ "What is a topic in ROS 2?" as "What is a topic"; None where no such place is named."""
    match = _IN_A_PLACE.fullmatch(question)
    short = match and len(content_words(match["place"])) <= _SHORT
    return match["asked"] if match and short and content_words(match["asked"]) else None


def without_wish(question: str) -> str:
    """The question without how it is to be answered: "in one sentence", "like I'm five"."""
    rest = _WISH.sub("", question)
    return rest if content_words(rest) else question


class QuestionReader:
    """Reads a question with the vocabulary of the served book.

    Args:
        commonness: of words in general English; they are left as they are.
    """

    def __init__(self, store: BookStore, commonness: Commonness | None = None) -> None:
        self._store = store
        self._commonness = commonness or Commonness()
        self._speller: tuple[str, Speller] | None = None

    async def mended(self, question: str, book_version: str) -> str:
        """The question without its typing errors; as it is in other languages than English."""
        if language_of(question) != "en":
            return question
        return (await self._speller_of(book_version)).mended(question)

    async def written_out(self, question: str, book_version: str) -> str:
        """A short question with what its abbreviations stand for, if the book says it."""
        if len(content_words(question)) > _SHORT or language_of(question) != "en":
            return question
        vocabulary = await self._store.vocabulary(book_version)
        return _ABBREVIATION.sub(lambda match: self._long(match, question, vocabulary), question)

    def _long(self, match: re.Match[str], question: str, vocabulary: Vocabulary) -> str:
        short = match[0]
        long = vocabulary.long_form(short)
        meant = short.isupper() or short.lower() not in self._commonness
        if long is None or not meant or long.lower() in question.lower():
            return short
        return f"{short.upper() if short.islower() else short} ({long})"

    async def _speller_of(self, book_version: str) -> Speller:
        if self._speller is None or self._speller[0] != book_version:
            vocabulary = await self._store.vocabulary(book_version)
            made = await asyncio.to_thread(Speller, vocabulary, self._commonness)
            self._speller = book_version, made
        return self._speller[1]

"""Content words of a text: what lexical comparisons in chains and providers count.

Unicode tokens, lower-cased and NFKC-folded, without function words, English ones stemmed
with Snowball, so that "walks" in a question meets "walking" in the book.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final, Literal

import snowballstemmer

_TOKEN: Final = re.compile(r"[^\W_]+(?:[.'’][^\W_]+)*")
_PARTS: Final = re.compile(r"\d+(?:\.\d+)+|[^\W_.'’]+")
_JOINED: Final = re.compile(r"([^\W\d_]{2,})(\d+)([^\W\d_]{2,})?|(\d+)([^\W\d_]{2,})")
_ARABIC: Final = re.compile(r"[\u0600-\u06ff]")
_URDU_ONLY: Final = frozenset("ٹڈڑںےہ")
"""Letters that Arabic and Persian do not have."""

_ENGLISH: Final = """
a about after again all also am an and any are as at be because been before being between both but
by can could did do does doing done down during each few for from further get gets give given go
had has have having he her here hers him his how i if in into is it its itself just let like make
makes many may me might more most much must my need needed needs no nor not now of off on once one
only or other our ours out over own per please really same say says shall she should show so some
such take takes tell than that the their theirs them then there these they thing things this those
through to too under until up upon us use used uses using very want wants was way we well were what
what's when where which while who whom whose why will with without would you your yours
actually basically explain explained describe define mean means meant work works working
difference compare example examples question answer book chapter section
im ive id dont doesnt didnt isnt arent wasnt cant couldnt wont wouldnt shouldnt havent hasnt whats
thats hows wheres whos theres lets youre pls plz thx u vs versus
""".split()
_URDU: Final = """
کا کی کے کو میں سے پر ہے ہیں اور یہ وہ کیا کیوں کیسے کس کون کب کہاں تھا تھے تھی ہو ہوتا ہوتی ہوتے
نے تو بھی ایک اس ان جو کہ لیے لئے کرتا کرتی کرتے کرنا کریں کر دیا گیا جاتا جاتی جاتے بتائیں
مجھے ہم آپ
""".split()
_ROMAN_URDU: Final = """
kya kia hai hain ka ki ke ko mein se aur ye yeh wo woh kyun kyu kaise kaisay kis kon kaun
kab kahan tha thay thi ho hota hoti hotay nay ne bhi ek iss uss jo keh liye liay karta karti kartay
karna karen kar batao bataen samjhao mujhe hum aap kitna kitni kitne chahiye matlab farq wala
""".split()
_NEGATED: Final = ("n't", "n’t")
STOP_WORDS: Final = frozenset(_ENGLISH) | frozenset(_URDU) | frozenset(_ROMAN_URDU)
_ROMAN: Final = frozenset(_ROMAN_URDU) - frozenset(_ENGLISH)

_stemmer = snowballstemmer.stemmer("english")

# Urdu is typed with Arabic keyboards too: one letter, two code points.
_LETTERS: Final = str.maketrans({"ي": "ی", "ى": "ی", "ك": "ک", "ه": "ہ", "ۀ": "ہ", "ة": "ہ"})
# Vowel signs of Arabic script and joiners; the marks of other scripts carry meaning and stay.
_MARKS: Final = "\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed\u00ad\u200b-\u200f\u2060\ufeff"
_IGNORED: Final = re.compile(f"[{_MARKS}]")

Language = Literal["en", "ur", "roman-ur"]


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """Snowball (Porter 2) stem of an English word; other words come back as they are."""
    if not word.isascii() or not word.isalpha():
        return word
    stemmed: str = _stemmer.stemWord(word)
    return stemmed


def normalise(text: str) -> str:
    """One spelling for what readers take for one: NFKC, no vowel signs, no joiners.

    ASCII is handed back as it is. Accents of Latin letters stay, vowel signs of Arabic script
    go, and the Arabic forms of yeh, kaf and heh become the Urdu ones.
    """
    if text.isascii():
        return text
    folded = unicodedata.normalize("NFKC", text).translate(_LETTERS)
    return _IGNORED.sub("", folded)


def tokens(text: str) -> list[str]:
    """All words and numbers, folded, in order; compounds such as ``ros2`` stay whole."""
    return _TOKEN.findall(normalise(text).lower())


def word_spans(text: str) -> Iterator[tuple[str, int]]:
    """The words of a text, lower-cased, each with the place after it."""
    for match in _TOKEN.finditer(text):
        yield match[0].lower(), match.end()


def content_words(text: str) -> list[str]:
    """Stems of the words that carry meaning, in order, repeats kept.

    Names are taken apart, so that "ros2" meets "ROS 2", "sim2real" "sim-to-real" and "spin"
    "rclpy.spin".
    """
    return list(_content_words(text))


# One question is asked for its words, and for those of its words, two dozen times.
@lru_cache(maxsize=1_000)
def _content_words(text: str) -> tuple[str, ...]:
    found: list[str] = []
    for token in tokens(text):
        if token in STOP_WORDS or token.endswith(_NEGATED):
            continue
        for part in _PARTS.findall(token):
            joined = _JOINED.fullmatch(part)
            found += filter(None, joined.groups()) if joined else [part]
    return tuple(stem(w) for w in found if w not in STOP_WORDS and (len(w) > 1 or w.isdigit()))


@lru_cache(maxsize=2_000)
def word_set(text: str) -> frozenset[str]:
    """The distinct content words; kept, as the same passages are looked at again and again."""
    return frozenset(content_words(text))


LANGUAGE_CODES: Final[Mapping[str, Language]] = {
    "urdu": "ur", "ur": "ur", "english": "en", "en": "en", "roman urdu": "roman-ur"
}  # fmt: skip
"""Languages that Book Chat speaks itself, by what a client may call them, in lower case."""


def spoken_language(question: str, wanted: str | None) -> Language:
    """The language to speak to a reader: ``wanted`` if it is spoken, else the question's."""
    return LANGUAGE_CODES.get((wanted or "").strip().lower()) or language_of(question)


def is_urdu(text: str) -> bool:
    """Whether most of its letters are of Arabic script, and some of Urdu alone."""
    letters = sum(map(str.isalpha, text))
    return len(_ARABIC.findall(text)) * 2 > letters > 0 and not _URDU_ONLY.isdisjoint(text)


@lru_cache(maxsize=2_000)
def language_of(text: str) -> Language:
    """The reader's language as far as script and function words tell it."""
    letters = sum(c.isalpha() for c in text)
    if letters and len(_ARABIC.findall(text)) * 2 > letters:
        return "ur"
    found = tokens(text)
    roman = sum(w in _ROMAN for w in found)
    return "roman-ur" if roman >= 2 and roman * 5 >= len(found) else "en"

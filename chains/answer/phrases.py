"""The few sentences that Book Chat says itself, in the reader's language."""

import re
from typing import Final

from text.words import LANGUAGE_CODES, spoken_language

_NAMES: Final = {"en": "English", "ur": "Urdu", "roman-ur": "Roman Urdu (Urdu in Latin letters)"}
_NOT_IN_BOOK: Final = {
    "en": "I could not find an answer to this in the book.",
    "ur": "مجھے اس سوال کا جواب کتاب میں نہیں ملا۔",
    "roman-ur": "Mujhe is sawal ka jawab kitab mein nahin mila.",
}
_NEAREST: Final = {
    "en": " The nearest sections are listed below; they may still help.",
    "ur": " قریب ترین حصے نیچے دیے گئے ہیں، شاید وہ مدد کریں۔",
    "roman-ur": " Qareeb tareen hisse neeche diye gaye hain, shayad woh madad karein.",
}
_NOT_FROM_BOOK: Final = {
    "en": "The selected text does not stand in this book, so this goes by the text as given. ",
    "ur": "منتخب متن اس کتاب میں نہیں ہے، اس لیے یہ جواب صرف دیے گئے متن پر ہے۔ ",
    "roman-ur": "Muntakhib matn is kitab mein nahin hai, "
    "is liye yeh jawab sirf diye gaye matn par hai. ",
}
_STILL_INDEXING: Final = {
    "en": "The book is still being indexed ({share} %), so a better passage may be missing. ",
    "ur": "کتاب ابھی انڈیکس ہو رہی ہے ({share} %)، اس لیے بہتر حصہ رہ سکتا ہے۔ ",
    "roman-ur": "Kitab abhi index ho rahi hai ({share} %), is liye behtar hissa reh sakta hai. ",
}
_FROM_VERSION: Final = {
    "en": "Version {own} of the book does not answer this, so this is from version {other}. ",
    "ur": "کتاب کے ورژن {own} میں اس کا جواب نہیں، اس لیے یہ ورژن {other} سے ہے۔ ",
    "roman-ur": "Kitab ke version {own} mein is ka jawab nahin, is liye yeh version {other} "
    "se hai. ",
}
_CUT_OFF: Final = {
    "en": " …\n\n*This answer became too long and was cut off here.*",
    "ur": " …\n\n*یہ جواب بہت لمبا ہو گیا تھا، اس لیے یہاں روک دیا گیا۔*",
    "roman-ur": " …\n\n*Yeh jawab bohat lamba ho gaya tha, is liye yahan rok diya gaya.*",
}
_UNSURE: Final = {
    "en": "The book may not answer exactly this. What comes nearest:\n\n",
    "ur": "ہو سکتا ہے کتاب بالکل اس سوال کا جواب نہ دیتی ہو۔ قریب ترین یہ ہے:\n\n",
    "roman-ur": "Ho sakta hai kitab bilkul is sawal ka jawab na deti ho. "
    "Qareeb tareen yeh hai:\n\n",
}
_IN_PARTS: Final = {
    "en": "These parts of the book are about this. For an answer, ask more exactly.\n\n",
    "ur": "کتاب کے یہ حصے اس بارے میں ہیں۔ جواب کے لیے ذرا واضح سوال پوچھیں۔\n\n",
    "roman-ur": "Kitab ke yeh hisse is baare mein hain. Jawab ke liye zara wazeh sawal "
    "poochhein.\n\n",
}
_READ_AS: Final = "*I read this as “{}”*\n\n"
_NAME: Final = re.compile(
    r"((Simplified|Traditional|Brazilian|Canadian|Modern|Roman|Latin American|British|American)\s)?"
    r"[^\W\d_]{2,20}(-[^\W\d_]{2,8})?( \([^\W\d_]{2,20}\))?",
    re.I,
)
"""One word, such as a code or a name, perhaps with its variety."""


def answer_language(question: str, wanted: str | None) -> str:
    """Name of the answer's language for the prompt: ``wanted``, else the question's.

    The name is written by the client and goes into the rules: what is no name is ignored.
    """
    if wanted and wanted.lower() not in LANGUAGE_CODES and _NAME.fullmatch(wanted):
        return wanted
    return _NAMES[spoken_language(question, wanted)]


def not_in_book(question: str, wanted: str | None, *, nearest: bool = True) -> str:
    """What is said of a question beyond the book; ``nearest``: sections are listed with it."""
    code = spoken_language(question, wanted)
    return _NOT_IN_BOOK[code] + (_NEAREST[code] if nearest else "")


def is_refusal(answer: str) -> bool:
    """True for an answer of ours that says that the book has none."""
    return answer.strip().startswith(tuple(_NOT_IN_BOOK.values()))


def unsure(question: str, wanted: str | None) -> str:
    """Said before an answer that may not be exactly what was asked."""
    return _UNSURE[spoken_language(question, wanted)]


def in_parts(question: str, wanted: str | None) -> str:
    """Said before the parts of the book that are about a word, where nothing else was asked."""
    return _IN_PARTS[spoken_language(question, wanted)]


def read_as(question: str) -> str:
    """Said before the answer to a question whose typing errors were mended."""
    return _READ_AS.format(question)


def not_from_book(question: str, wanted: str | None) -> str:
    """Said before an answer about a selection that the book does not hold."""
    return _NOT_FROM_BOOK[spoken_language(question, wanted)]


def still_indexing(question: str, wanted: str | None, embedded: float) -> str:
    """Said before an answer from a book whose vectors are not all in yet."""
    return _STILL_INDEXING[spoken_language(question, wanted)].format(share=int(100 * embedded))


def from_version(question: str, wanted: str | None, own: str, other: str) -> str:
    """Said before an answer from another version of the book than the reader's."""
    return _FROM_VERSION[spoken_language(question, wanted)].format(own=own, other=other)


def cut_off(question: str, wanted: str | None) -> str:
    """Said where an answer ends that would not end by itself."""
    return _CUT_OFF[spoken_language(question, wanted)]

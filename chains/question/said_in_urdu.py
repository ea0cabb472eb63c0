"""What is said in Urdu, in either script, of the book or of the answer before, in English."""

import re
from typing import Final

from chains.question import roman_urdu

_END: Final = r"[\s؟?۔.!]*"
_SAID: Final = [
    (re.compile(pattern + _END), english)
    for pattern, english in (
        (r"یہ (?:کتاب|کورس) کس کے (?:لیے|لئے) (?:ہے)?", "who is this book for"),
        (r"یہ (?:کتاب|کورس) کس (?:بارے میں|کے بارے میں) (?:ہے)?", "what is this book about"),
        (
            r"(?:میں |مجھے )?کہاں سے (?:شروع|آغاز) (?:کروں|کریں|کرنا چاہیے|کرنا چاہئے)",
            "where do i start",
        ),
        (r"(?:اس میں )?کتنا (?:وقت|ٹائم) (?:لگے گا|لگتا ہے)", "how long does it take"),
        (r"(?:مجھے )?(?:اور|مزید)(?: بھی)? (?:بتائیں|بتاؤ|بتائیے)", "tell me more"),
        (r"(?:مجھے )?(?:کوئی |اس کی )?مثال (?:دیں|دو|دیجیے|دیجئے)", "give me an example"),
        (r"کیوں", "why is it important"),
        (r"یہ کیسے کام کرتا ہے|یہ کیسے کام کرتی ہے", "how does it work"),
        (r"(?:مجھے )?آسان (?:الفاظ|زبان) میں (?:سمجھائیں|بتائیں)", "explain it in simple words"),
    )
]


def in_english(question: str) -> str | None:
    """ "میں کہاں سے شروع کروں؟" as "where do i start"; None for all that is not known."""
    asked = " ".join(question.split())
    said = next((english for form, english in _SAID if form.fullmatch(asked)), None)
    return said or roman_urdu.in_english(asked)

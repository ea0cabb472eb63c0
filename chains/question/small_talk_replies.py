"""What the assistant says to small talk, in seven languages."""

from typing import Final

from chains.question.small_talk import Kind, SmallTalk

_CODES: Final = {
    "english": "en", "urdu": "ur", "roman urdu": "roman-ur", "spanish": "es", "french": "fr",
    "german": "de", "hindi": "hi", "español": "es", "français": "fr", "deutsch": "de",
}  # fmt: skip
_ABOUT: Final = {
    "en": "I answer questions about “{title}” from its own text and show where each answer stands. "
    "I am a program, not a person.",
    "ur": "میں کتاب “{title}” کے سوالوں کا جواب اسی کے متن سے دیتا ہوں اور دکھاتا ہوں کہ "
    "جواب کہاں ہے۔ "
    "میں ایک پروگرام ہوں، انسان نہیں۔",
    "roman-ur": "Main kitab “{title}” ke sawalon ka jawab usi ke matn se deta hoon aur "
    "dikhata hoon "
    "ke jawab kahan hai. Main ek program hoon, insan nahin.",
    "es": "Respondo preguntas sobre “{title}” con su propio texto y muestro dónde está cada "
    "respuesta. Soy un programa, no una persona.",
    "fr": "Je réponds aux questions sur « {title} » à partir de son texte et je montre où "
    "se trouve "
    "chaque réponse. Je suis un programme, pas une personne.",
    "de": "Ich beantworte Fragen zu „{title}“ aus dem Text des Buches und zeige, wo jede Antwort "
    "steht. Ich bin ein Programm, kein Mensch.",
    "hi": "मैं “{title}” के बारे में प्रश्नों के उत्तर उसी के पाठ से देता हूँ और दिखाता हूँ "
    "कि उत्तर कहाँ है। "
    "मैं एक प्रोग्राम हूँ, इंसान नहीं।",
}
_ASK: Final = {
    "en": "You can ask me anything about “{title}”, for example one of the questions below.",
    "ur": "آپ “{title}” کے بارے میں کچھ بھی پوچھ سکتے ہیں، مثلاً نیچے دیے گئے سوالوں میں سے ایک۔",
    "roman-ur": "Aap “{title}” ke baare mein kuch bhi pooch sakte hain, maslan neeche ka "
    "koi sawal.",
    "es": "Puedes preguntarme lo que quieras sobre “{title}”, por ejemplo una de estas preguntas.",
    "fr": "Posez-moi vos questions sur « {title} », par exemple l’une de celles-ci.",
    "de": "Frag mich alles über „{title}“, zum Beispiel eine der Fragen unten.",
    "hi": "आप “{title}” के बारे में कुछ भी पूछ सकते हैं, जैसे नीचे दिए गए प्रश्नों में से एक।",
}
_OPENINGS: Final[dict[Kind, dict[str, str]]] = {
    "greeting": {
        "en": "Hello!", "ur": "السلام علیکم!", "roman-ur": "Assalam o alaikum!", "es": "¡Hola!",
        "fr": "Bonjour !", "de": "Hallo!", "hi": "नमस्ते!",
    },
    "thanks": {
        "en": "You are welcome.", "ur": "خوشی ہوئی۔", "roman-ur": "Khushi hui.", "es": "De nada.",
        "fr": "Avec plaisir.", "de": "Gern geschehen.", "hi": "आपका स्वागत है।",
    },
    "fine": {"en": "All right.", "ur": "ٹھیک ہے۔", "roman-ur": "Theek hai."},
    "bye": {
        "en": "Goodbye, and enjoy reading.", "ur": "خدا حافظ۔", "roman-ur": "Khuda hafiz.",
        "es": "Adiós.", "fr": "Au revoir.", "de": "Auf Wiedersehen.", "hi": "फिर मिलेंगे।",
    },
    "how": {
        "en": "I am ready to help, thank you.", "ur": "میں حاضر ہوں، شکریہ۔",
        "roman-ur": "Main haazir hoon, shukriya.", "es": "Listo para ayudar, gracias.",
        "fr": "Prêt à vous aider, merci.", "de": "Bereit zu helfen, danke.",
        "hi": "मैं मदद के लिए तैयार हूँ।",
    },
    "who": {},
    "check": {
        "en": "I say only what the book says. The sources below each answer open their place in "
        "the book, so that you can read it there.",
    },
    "no_answer": {
        "en": "There is no answer yet that I could go on from.",
        "ur": "ابھی کوئی جواب نہیں جس سے میں آگے بڑھوں۔",
        "roman-ur": "Abhi koi jawab nahin jis se main aage barhoon.",
    },
    "not_found": {
        "en": "I found nothing about that in the book, so there is nothing to go on from.",
        "ur": "اس بارے میں کتاب میں کچھ نہیں ملا، اس لیے آگے بتانے کو کچھ نہیں۔",
        "roman-ur": "Is baare mein kitab mein kuch nahin mila, is liye aage batane ko kuch nahin.",
    },
    "of_what": {
        "en": "Of what? Name it, and I look for it in the book.",
        "ur": "کس چیز کا؟ نام لکھیں تو میں کتاب میں دیکھتا ہوں۔",
        "roman-ur": "Kis cheez ka? Naam likhein to main kitab mein dekhta hoon.",
    },
    "lost": {
        "en": "That happens to everybody. Name the word or the step that is unclear, and I show "
        "what the book says about it.",
        "ur": "ایسا سب کے ساتھ ہوتا ہے۔ جو لفظ یا قدم مشکل لگے اس کا نام لکھیں، میں دکھاتا ہوں کہ "
        "کتاب کیا کہتی ہے۔",
        "roman-ur": "Aisa sab ke saath hota hai. Jo lafz ya qadam mushkil lage us ka naam likhein, "
        "main dikhata hoon ke kitab kya kehti hai.",
    },
    "rude": {"en": "I am sorry that this did not help. Please try it in other words."},
}  # fmt: skip
_THE_BOOK: Final = {
    "en": "this book", "ur": "یہ کتاب", "roman-ur": "yeh kitab", "es": "este libro",
    "fr": "ce livre", "de": "dieses Buch", "hi": "यह पुस्तक",
}  # fmt: skip


def reply(talk: SmallTalk, title: str, wanted: str | None) -> str:
    """A kind sentence or two in the reader's language."""
    asked = (wanted or "").strip().lower()
    language = _CODES.get(asked, asked)
    language = language if language in _ABOUT else talk.language
    opening = _OPENINGS[talk.kind].get(language, "")
    told = _ABOUT if talk.kind in ("greeting", "who") else _ASK
    if talk.kind == "bye":
        return opening
    return f"{opening} {told[language].format(title=title or _THE_BOOK[language])}".strip()

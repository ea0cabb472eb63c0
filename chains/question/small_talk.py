"""Greetings, thanks and questions about the assistant: what needs no book.

A message is small talk when all of it is made of the phrases below; one more word, such as in
"hi, what is ZMP?", makes it a question.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final, Literal

from text.words import tokens, word_spans

Kind = Literal[
    "greeting", "thanks", "fine", "bye", "how", "who", "check", "rude", "lost",
    "no_answer", "not_found", "of_what",
]  # fmt: skip
_PHRASES: Final[dict[tuple[str, Kind], str]] = {
    ("en", "greeting"): "hi|hello|hey|hiya|yo|howdy|greetings|good morning|good afternoon"
    "|good evening|good day|hi there|hello there|hey there|welcome",
    ("en", "thanks"): "thanks|thank you|thank u|thx|ty|thanks a lot|thank you very much"
    "|thank you so much|thanks so much|many thanks|cheers|much appreciated|that helped"
    "|that was helpful|great answer|good job|well done|you are great|you are awesome|i love you"
    "|love you|i love it|love it|i like you",
    ("en", "fine"): "ok|okay|k|kk|fine|alright|cool|nice|great|good|perfect|awesome|wow|lol|haha"
    "|got it|i see|i understand|understood|makes sense|sounds good|yes|yeah|yep|no|nope|sure"
    "|test|testing|hmm|nvm|never mind|nevermind|forget it|another question|one more question"
    "|one more thing|stop|wait|next question|quick question|i have a question|can i ask a question"
    "|can i ask you something",
    ("en", "bye"): "bye|goodbye|bye bye|good bye|good night|see you|see you later|see ya|later"
    "|take care|have a nice day|have a good day",
    (
        "en",
        "how",
    ): "how are you|how are u|how r u|how are you doing|how are you today|how is it going"
    "|how's it going|what's up|whats up|sup|how do you do|are you ok|are you there|you there",
    ("en", "who"): "who are you|who r u|what are you|who is this|what is your name|what's your name"
    "|whats your name|your name|who made you|who built you|who created you|are you a person"
    "|are you a human|are you human|are you a real person|are you real|are you a robot"
    "|are you a bot"
    "|are you an ai|are you ai|are you chatgpt|am i talking to a human|am i talking to a person"
    "|what can you do|what do you do|what can i ask|what can i ask you|what should i ask"
    "|what can you help with|what can you help me with|how can you help|how can you help me"
    "|can you help me|can you help|help|help me|i need help|how do you work|how does this work"
    "|tell me about yourself|introduce yourself|what is this|what languages do you speak",
    ("en", "check"): "are you sure|you sure|really|is that true|is this true|is that right"
    "|is that correct|is this correct|how do you know|how do you know that|can i trust you"
    "|can i trust this|says who|who says so|who said that|i don't believe you|i dont believe you"
    "|i don't believe that|i don't believe it|i doubt it|i doubt that|which page|what page"
    "|which page is that|what page is that on|which chapter|which chapter is that"
    "|where does it say that|where is that from|where did you get that|where is that in the book"
    "|what is your source|what's your source|source|sources|source please|citation|citations"
    "|prove it",
    (
        "en",
        "rude",
    ): "stupid|stupid bot|dumb bot|idiot|you idiot|useless|shut up|you suck|u suck|this sucks"
    "|fuck you|fuck off|fuck|shit|bullshit|i hate you|i hate this|bad bot|bad answer|moron|crap"
    "|damn|wtf|go away|nonsense|wrong|wrong answer|not what i asked|not helpful|that did not help"
    "|that didn't help|this did not help|this didn't help|you don't understand me"
    "|you did not understand|you didn't understand",
    (
        "en",
        "lost",
    ): "i don't get it|i dont get it|i don't get this|i dont get this|i don't understand"
    "|i dont understand|i do not understand|i don't understand it|i don't understand this"
    "|i dont understand this|i understand nothing|i did not understand|i didn't understand"
    "|i can't do this|i cant do this|i give up|no clue|i have no idea|i have no clue|no idea",
    ("roman-ur", "lost"): "samajh nahi aaya|samajh nahi aya|samajh nahin aaya|samajh nahi aa raha"
    "|samajh nahi aarahi|mujhe samajh nahi aaya|mujhe samajh nahi aya|mujhe samajh nahin aaya"
    "|mujhe samajh nahi aa raha|mujhe samajh nahi aa rahi|mujhe kuch samajh nahi aaya"
    "|mujhe kuch samajh nahi aya|mujhe kuch samajh nahi aa raha|kuch samajh nahi aaya"
    "|kuch samajh nahi aya|main confuse hoon|mushkil hai|bohat mushkil hai|bahut mushkil hai"
    "|yeh mushkil hai|yeh bohat mushkil hai",
    ("ur", "lost"): "سمجھ نہیں آیا|سمجھ نہیں آئی|مجھے سمجھ نہیں آیا|مجھے سمجھ نہیں آئی"
    "|مجھے کچھ سمجھ نہیں آیا|کچھ سمجھ نہیں آیا|یہ مشکل ہے|یہ بہت مشکل ہے",
    ("roman-ur", "greeting"): "assalam o alaikum|assalamu alaikum|assalam alaikum|aslam o alaikum"
    "|salam alaikum|walaikum assalam|adaab|asalam o alaikum|aoa|salam|salaam",
    ("roman-ur", "thanks"): "shukriya|bohat shukriya|bahut shukriya|boht shukriya|meharbani"
    "|jazakallah|jazak allah",
    (
        "roman-ur",
        "fine",
    ): "theek hai|thik hai|acha|achha|accha|sahi hai|samajh gaya|samajh gayi|haan|ji haan|nahi|ji",
    ("roman-ur", "bye"): "khuda hafiz|allah hafiz|phir milenge",
    ("roman-ur", "how"): "kaise ho|kaise hain|aap kaise hain|kya haal hai|kia haal hai|kaisay ho"
    "|kya hal hai|tum kaise ho",
    ("roman-ur", "who"): "aap kaun hain|aap kaun ho|tum kaun ho|ap kon hain|tum kon ho|kaun ho tum"
    "|aap kya kar sakte hain|tum kya kar sakte ho|aap kya kar sakte ho|kya tum insan ho"
    "|kya aap insan hain|madad karo|meri madad karo",
    ("ur", "greeting"): "سلام|السلام علیکم|اسلام علیکم|ہیلو|آداب|صبح بخیر|وعلیکم السلام",
    ("ur", "thanks"): "شکریہ|بہت شکریہ|آپ کا شکریہ|مہربانی|جزاک اللہ",
    ("ur", "fine"): "ٹھیک ہے|ٹھیک|اچھا|جی|جی ہاں|ہاں|نہیں|سمجھ گیا",
    ("ur", "bye"): "خدا حافظ|اللہ حافظ|شب بخیر",
    ("ur", "how"): "آپ کیسے ہیں|کیسے ہو|کیا حال ہے|کیسے ہیں",
    ("ur", "who"): "آپ کون ہیں|تم کون ہو|آپ کیا کر سکتے ہیں|کیا آپ انسان ہیں|آپ کا نام کیا ہے|مدد",
    ("es", "greeting"): "hola|buenos días|buenos dias|buenas tardes|buenas noches|buenas",
    ("es", "thanks"): "gracias|muchas gracias",
    ("es", "bye"): "adiós|adios|hasta luego|hasta pronto",
    ("es", "how"): "cómo estás|como estas|qué tal|que tal",
    ("es", "who"): "quién eres|quien eres|qué puedes hacer|que puedes hacer|eres una persona|ayuda",
    ("fr", "greeting"): "bonjour|salut|bonsoir|coucou",
    ("fr", "thanks"): "merci|merci beaucoup",
    ("fr", "bye"): "au revoir|à bientôt|bonne nuit",
    ("fr", "how"): "ça va|ca va|comment ça va|comment allez vous|comment vas tu",
    ("fr", "who"): "qui es tu|qui êtes vous|que peux tu faire|es tu humain|aide",
    ("de", "greeting"): "hallo|guten morgen|guten tag|guten abend|servus|moin|grüß gott",
    ("de", "thanks"): "danke|vielen dank|danke schön|dankeschön",
    ("de", "bye"): "tschüss|tschüß|auf wiedersehen|gute nacht",
    ("de", "how"): "wie geht's|wie geht es dir|wie gehts|wie geht es ihnen",
    ("de", "who"): "wer bist du|was bist du|was kannst du|bist du ein mensch|hilfe",
    ("hi", "greeting"): "नमस्ते|नमस्कार|हैलो|हेलो|सुप्रभात|namaste|namaskar",
    ("hi", "thanks"): "धन्यवाद|शुक्रिया|बहुत धन्यवाद|dhanyavaad|dhanyavad",
    ("hi", "bye"): "अलविदा|फिर मिलेंगे",
    ("hi", "how"): "कैसे हो|आप कैसे हैं|क्या हाल है",
    ("hi", "who"): "तुम कौन हो|आप कौन हैं|आप क्या कर सकते हैं|क्या तुम इंसान हो|मदद",
}
_REMARKS: Final[dict[Kind, str]] = {
    "rude": "stupid|dumb|an idiot|idiotic|useless|bad|terrible|awful|wrong|not right|not true"
    "|incorrect|nonsense|rubbish|garbage|trash|crap|bullshit|shit|annoying|ridiculous|not helpful"
    "|unhelpful|not useful|no help|a joke|a waste of time|not what i asked|not an answer"
    "|not the answer|the worst",
    "thanks": "great|helpful|useful|good|awesome|amazing|perfect|nice|cool|brilliant|wonderful"
    "|fantastic|excellent|smart|the best|what i needed|clear",
    "lost": "hard|difficult|tough|confusing|complicated|complex|overwhelming|hard for me"
    "|difficult for me|too much|hard to understand|hard to follow|over my head|beyond me",
}
"""What is said of the answers after a subject: "this is really helpful"."""
_FEELINGS: Final = frozenset(
    "lost confused stuck overwhelmed frustrated bored tired dumb stupid sad desperate".split()
)
"""What readers say of themselves: "I am so lost"."""
_SELVES: Final = frozenset({("i", "am"), ("i'm",), ("im",), ("i", "feel")})
_SUBJECTS: Final = frozenset(
    tuple(tokens(subject))
    for subject in "this is|that is|that's|thats|it is|it's|you are|you're|youre|are u|u r|ur"
    "|this bot is|your answer is|your answers are|this answer is|that answer is|that was|this was"
    "|this chat is".split("|")
)
_DEGREES: Final = frozenset("so really very just totally pretty too".split())
_VERDICTS: Final[dict[tuple[str, ...], Kind]] = {
    tuple(tokens(verdict)): kind
    for kind, verdicts in _REMARKS.items()
    for verdict in verdicts.split("|")
}
_FILLERS: Final = frozenset(
    "there bot friend sir madam buddy bro dude mate everyone all again please so much very a lot"
    " for your the help answer man bhai yaar ji today now and then oh ah well just sahab dost amigo"
    " mein freund".split()
)
_KNOWN: Final[dict[tuple[str, ...], tuple[str, Kind]]] = {
    tuple(tokens(phrase)): (language, kind)
    for (language, kind), phrases in _PHRASES.items()
    for phrase in phrases.split("|")
}
_LONGEST: Final = max(map(len, _KNOWN))
_MOST_TOKENS: Final = 12
_WEIGHT: Final[dict[Kind, int]] = {
    "fine": 0, "greeting": 1, "thanks": 2, "how": 3, "bye": 4, "check": 5, "who": 6, "lost": 7,
    "rude": 8, "no_answer": 9, "not_found": 9, "of_what": 9,
}  # fmt: skip
_ALWAYS_APART: Final = ("greeting", "thanks")
_ASIDES: Final = frozenset(
    "there bot friend sir madam buddy bro dude mate everyone all again man bhai yaar ji sahab dost"
    " mein freund amigo".split()
)
_OPENERS: Final = frozenset(
    "what how why when where which who is are do does can could so and but now i tell give show"
    " another please another explain kya kaise kyun qué cómo was wie quoi comment".split()
)
_PUNCTUATION: Final = re.compile(r"\s*[,.!:;?…–—-]")


@dataclass(frozen=True)
class SmallTalk:
    """What was said, and in which language."""

    kind: Kind
    language: str


def small_talk(text: str) -> SmallTalk | None:
    """What kind of small talk the whole message is; None for everything else."""
    words = [word.replace("’", "'") for word in tokens(text)]
    if not words and any(unicodedata.category(sign) == "So" for sign in text):
        return SmallTalk("fine", "en")  # a smiley alone
    if not 0 < len(words) <= _MOST_TOKENS:
        return None
    found: list[SmallTalk] = []
    at = 0
    while at < len(words):
        length, talk = _phrase(words, at)
        if talk is not None:
            found.append(talk)
        elif words[at] not in _FILLERS:
            return None
        at += length
    return max(found, key=lambda talk: _WEIGHT[talk.kind], default=None)


def without_opening(text: str) -> str:
    """The question behind a greeting or a word of thanks: "hi! what is ZMP?" asks for ZMP."""
    rest = text
    while (at := _opening(rest)) and len(tokens(rest[at:])) > 1:
        rest = rest[at:].lstrip()
    return rest


def _opening(text: str) -> int:
    """Where the small talk that begins a text ends; 0 when it begins with none."""
    spans = list(islice(word_spans(text), _MOST_TOKENS))
    words = [word.replace("’", "'") for word, _ in spans]
    if not words:
        return 0
    length, talk = _phrase(words, 0)
    if talk is None or length == len(words):
        return 0
    while length < len(words) - 1 and words[length] in _ASIDES:
        length += 1
    end = spans[length - 1][1]
    mark = _PUNCTUATION.match(text, end)
    # "It is good to know that …" is no thanks.
    always = talk.kind in _ALWAYS_APART and not _remark(words, 0)[1]
    # "Which chapter is about it" asks for more than "which chapter?".
    opens = talk.kind != "check" and words[length] in _OPENERS
    apart = mark or always or opens
    return (mark.end() if mark else end) if apart else 0


def _phrase(words: Sequence[str], at: int) -> tuple[int, SmallTalk | None]:
    """The longest phrase that begins at a word, and its length."""
    length, kind = _remark(words, at)
    if kind:
        return length, SmallTalk(kind, "en")
    for length in range(min(_LONGEST, len(words) - at), 0, -1):
        known = _KNOWN.get(tuple(words[at : at + length]))
        if known:
            return length, SmallTalk(known[1], known[0])
    return 1, None


def _remark(words: Sequence[str], at: int) -> tuple[int, Kind | None]:
    """A remark on the answers that begins at a word: its length, and what it is."""
    for length in (3, 2, 1):
        verdict = at + length
        subject = tuple(words[at:verdict])
        if subject in _SUBJECTS or subject in _SELVES:
            while verdict < len(words) and words[verdict] in _DEGREES:
                verdict += 1
            if subject in _SELVES:
                felt = verdict < len(words) and words[verdict] in _FEELINGS
                return (verdict + 1 - at, "lost") if felt else (1, None)
            for end in range(min(verdict + _LONGEST, len(words)), verdict, -1):
                if kind := _VERDICTS.get(tuple(words[verdict:end])):
                    return end - at, kind
    return 1, None

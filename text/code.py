"""Questions that ask for code, and the words that code is made of."""

import re
from typing import Final

from text.words import content_words, word_set

_BLOCK: Final = re.compile(r"^[ \t>]*(?:```|~~~)[ \t]*(?!mermaid|text|plain|$)\w", re.I | re.M)
_NAMES: Final = r"(?:source code|code|snippet|script|listing|program|implementation)s?"
_ASKS: Final = re.compile(
    rf"\b(?:give|show|write|send|need|want|get|find|see|paste|print|share|have)\b.{{0,40}}\b{_NAMES}\b"
    rf"|\b{_NAMES}\s(?:for|of|to|that|which)\b|^\W*(?:\w+\s){{0,4}}{_NAMES}\W*$"
    r"|\b(?:show|give|write)\b.{0,20}\bminimal\b",
    re.I,
)
_SHOWN: Final = re.compile(
    r"\W*+(?:(?:please|can you|could you)\s)?(?:show|give)\s(?:me|us)\s"
    r"(?:(?:an?|one|some)\s(?!(?:\w+\s)?examples?\b(?!\sof\san?\s))"
    r"|the (?:yaml|xml|json|sql|html|css|python|config\w*|dockerfile|makefile)\b)(?P<what>.*)",
    re.I | re.S,
)
_TOLD: Final = re.compile(
    r"\b(?:definitions?|summar\w+|overview|outline|list|table|explanations?|descriptions?|ideas?"
    r"|hints?|tips?|advice|reasons?|exercises?|quiz|questions?|answers?|pictures?|images?|figures?"
    r"|diagrams?|photos?|videos?|plans?|roadmap|schedule|introduction|comparison|formulas?"
    r"|equations?|numbers?|steps?|guide|tutorial|chapters?|sections?|links? to|books?|course"
    r"|sense|recap|refresher|bit|moment|break|sentences?|paragraphs?|words?|brief|short"
    r"|real|everyday|analogy|recipe|story|joke|poem|quote|key|password|prompt)\b",
    re.I,
)
"""What is shown in words."""
_REQUEST: Final = re.compile(
    r"\b(?:please|can|could|would|you|i|we|me|us|give|show|write|send|need|want|get|find|see|paste"
    rf"|print|share|have|some|any|a|an|the|full|complete|minimal|example|sample|{_NAMES}|for|of|to|that"
    r"|which|is|there)\b\s*",
    re.I,
)
_CPP: Final = ("cpp", "c++", "cc")
_LANGUAGES: Final = {
    "python": ("python", "py", "python3"), "c++": _CPP, "cpp": _CPP,
    "c#": ("csharp", "cs"), "bash": ("bash", "sh", "shell", "console"), "yaml": ("yaml", "yml"),
    "json": ("json",), "javascript": ("javascript", "js", "jsx"), "java": ("java",),
    "typescript": ("typescript", "ts", "tsx"), "rust": ("rust", "rs"), "go": ("go", "golang"),
    "xml": ("xml",), "urdf": ("xml", "urdf"), "sdf": ("xml", "sdf"), "xacro": ("xml", "xacro"),
    "sql": ("sql",), "html": ("html",), "css": ("css",), "matlab": ("matlab",),
    "dockerfile": ("dockerfile", "docker"),
}  # fmt: skip
"""What a reader calls a language, and what follows the fence of its blocks."""
_COMMENTS: Final = {
    "#": (
        "python", "py", "python3", "bash", "sh", "shell", "console", "yaml", "yml", "dockerfile",
        "cmake", "toml", "ruby", "r", "perl", "make", "makefile", "ini",
    ),
    "//": (
        "cpp", "c++", "cc", "c", "csharp", "cs", "javascript", "js", "jsx", "java", "typescript",
        "ts", "tsx", "rust", "go", "golang", "kotlin", "swift", "php", "proto", "scala",
    ),
    "<!-- -->": ("xml", "html", "urdf", "sdf", "xacro", "svg"),
    "--": ("sql", "lua", "haskell"),
    "%": ("matlab", "latex", "tex"),
}  # fmt: skip
_FENCES: Final = re.compile(r"^[ \t>]*+(?:```|~~~)[ \t]*+([\w+#-]++)", re.M)
_FENCE: Final = re.compile(r"[ \t>]*(?:```|~~~)[ \t]*(?P<language>[\w+#-]+)")
_ASIDE: Final = re.compile(r"(?<!\s)\s\([^()]*+\)")
"""What an abbreviation is short for."""
_SHELLS: Final = frozenset(("bash", "sh", "shell", "console", "zsh", "powershell", "cmd"))
_COMMANDS: Final = re.compile(r"\b(?:scripts?|commands?|terminal|bash|shell|console|cli)\b", re.I)
_MOST_WORDS: Final = 6
_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def asks_for_code(question: str) -> bool:
    """ "Give me code for a publisher", "show me a launch file"; a longer one tells of a task."""
    question = _ASIDE.sub("", question)
    if len(content_words(question)) > _MOST_WORDS:
        return False
    shown = _SHOWN.match(question)
    return bool(_ASKS.search(question) or (shown and not _TOLD.search(shown["what"])))


def asks_for_any_code(question: str) -> bool:
    """ "Give me code" names nothing that the code is for."""
    return asks_for_code(question) and subject_of_code(question) == question


def holds_code(text: str) -> bool:
    """A fenced block of a named language; a diagram is no code."""
    return bool(_BLOCK.search(text))


def languages_of_code(question: str) -> frozenset[str]:
    """What may follow the fences of the code that is asked for; empty: any language will do."""
    words = (word.strip("?!.,;:()\"'") for word in question.lower().split())
    return frozenset(name for word in words for name in _LANGUAGES.get(word, ()))


def fits(languages: frozenset[str], question: str) -> float:
    """How well code in these languages fits a request: 0 to 1.

    Who names a language or a format wants that; who asks for code wants a program before what is
    typed at a prompt.
    """
    if wanted := languages_of_code(question):
        return 1.0 if wanted & languages else 0.0
    shell = languages and languages <= _SHELLS
    return 0.5 if shell and not _COMMANDS.search(question) else 1.0


def languages_in(text: str) -> frozenset[str]:
    """The languages of all blocks of code of a text."""
    return frozenset(match[1].lower() for match in _FENCES.finditer(text))


def language_of_code(block: str) -> str:
    """What follows the fence of a block, in lower case; empty for other text."""
    match = _FENCE.match(block)
    return match["language"].lower() if match else ""


def comment_in(language: str, text: str) -> str:
    """A line that says this beside code of a language; empty where its comments are not known."""
    for marks, languages in _COMMENTS.items():
        if language in languages:
            opening, _, closing = marks.partition(" ")
            return f"{opening} {text} {closing}".rstrip()
    return ""


def subject_of_code(question: str) -> str:
    """What the code is to do: a "publisher", not "code"; the question itself where nothing is."""
    subject = _REQUEST.sub("", _ASIDE.sub("", question)).strip(" ?!.,")
    return subject if word_set(subject) else question


def code_words(text: str) -> frozenset[str]:
    """Stems of the words of a text, those within names such as ``MinimalPublisher`` too."""
    return word_set(_HUMP.sub(" ", text))

"""What a question asks for, as far as its words tell, and which sentences look like that."""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from extractive.passages import without_marker
from text.abbreviations import written_out
from text.code import asks_for_code, subject_of_code
from text.comparison import sides_of
from text.definitions import DONE
from text.headings import GENERIC, asks_of_trouble, name_in
from text.words import content_words, word_set

_ASKS: Final = {
    "compare": r"\bvs\b|\bversus\b|\bdiffer|\bcompar|\bfarq\b|فرق|\bbetter than\b|\brather than\b",
    "why": r"\bwhy\b|\breasons?\b|\bhow come\b|\bkyu+n?\b|\bkyon\b|کیوں",
    "number": r"\bhow (many|much|fast|long|often|far|high|large|heavy|quick|small|old|deep|tall)\b"
    r"|\b(what|which) (\w+ )?(rate|frequency|speed|number|value|version|year|size|port"
    r"|percentage|distance|temperature|voltage|price|cost|date|resolution|range|limit)\b"
    r"|\bwhen (was|is|did|does|will)\b|\bkitn[aie]\b|کتن[اےی]|\bpercent(age)?\b|\bin hz\b",
    "how": r"\bhow (do|can|should|would|could|must|does one) (i|we|you|one|they|a|an|the)\b"
    r"|\bhow (is|are|was|were) (\S+ ){1,4}\w+(ed|en|ne|lt|ght)\b(?=\W*$| (by|in|with)\b)"
    r"|\bhow to\b|\bcommands?\b|\bflags?\b|\bsteps?\b|\bkais[ae]y?\b|کیسے|\bfix\b|\binstall\b",
    "command": r"\bcommands?\b|\bsyntax\b|\bflags?\b",
    "code": r"\bsnippets?\b|\bscripts?\b",
    "show": r"^\W*(?:please |can you |could you )?(?:show|give)(?: me| us)? (?:a|an|the|some|one)\b"
    r"|\bexamples?\W*$",
    "list": r"^\W*(please )?(list|name|enumerate)\b|\blist (the|all|of)\b|\bsteps\b|\btable\b"
    r"|\bin which ways\b|\bwhat are the\b|\b(what|which) (two|three|four|five|six|seven|eight)\b"
    r"|\b(what|which) (\w+ ){0,2}(types|kinds|parts|layers|goals|stages|states|phases|sections"
    r"|components|properties|options|fields|rules|levels)\b",
}
_PATTERNS: Final = {kind: re.compile(p, re.I) for kind, p in _ASKS.items()}
_DEFINE: Final = re.compile(
    r"^\W*(?:(?:so|and|ok|then|please|can you|could you)\s)*+(?:what do(?:es)? (?P<mean>.+?)"
    r" (?:mean|stand for)\b|(?:wh?at(?:['’]?s| is| are| was)|who (?:is|was)|define|explain|describe"
    r"|(?:what|how) about|tell me (?:more )?about|meaning of)\b\s*(?P<rest>.*)$)",
    re.I,
)
_KYA: Final = re.compile(
    r"^(?P<rest>.+?)(?<!\s)\s++(?:kya (?:hai|hain|hota|hoti|hote)|کیا (?:ہے|ہیں|ہوتا|ہوتی))", re.I
)
_JOINT: Final = re.compile(
    r"\?\s++(?=\S)|[,;]?(?<!\s)\s++(?:and|aur)\s++(?=(?:(?:on|in|at|for|from|to|with|by)\s)?(?:why|how|what|when|which|where|who|do|does|is|can)\b)",
    re.I,
)
_ASKING: Final = re.compile(
    r"\b(why|how|what|when|which|where|who|do|does|did|is|are|can|should|kya|kaise|kyun)\b", re.I
)
_PRONOUN: Final = re.compile(r"\b(it|its|they|them|their|this|that|these|those|one)\b", re.I)
_NUMBER: Final = re.compile(
    r"(?<![\w.])[-+]?\d[\d.,]*|\b(one|two|three|four|five|six|seven|eight|nine|ten|twelve"
    r"|dozens?|hundreds?|half|twice|third|quarter)\b",
    re.I,
)
_TIME: Final = r"(ns|µs|us|ms|s|sec|seconds?|min|minutes?|h|hours?|days?|weeks?|months?|years?)\b"
_PER_TIME: Final = r"\d\s?([kMG]?Hz|m/s|km/h|rpm|fps|rad/s|frames|times)\b|per second|a second"
_DATE: Final = (
    r"\b(19|20)\d\d\b|\b[Ww]eeks? \d|\b(Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b|\d:\d\d\b"
    r"|\b(January|February|March|April|May|June|July|August|September|October|November|December)\b"
)
_QUANTITIES: Final = [
    (re.compile(asked, re.I), re.compile(unit))
    for asked, unit in (
        (r"\bhow (fast|quick|often)\b|\b(rate|frequency|speed)\b", rf"{_PER_TIME}|\d\s?{_TIME}"),
        (r"\bhow (long|quick|much time)\b|\b(duration|timeout|time)\b", rf"\d\s?{_TIME}"),
        (r"\b(when|year|date|until|kab)\b", _DATE),
        (r"\bhow (far|high|tall|large|deep)\b|\bdistance\b", r"\d\s?(mm|cm|m|km|°|px)(?!\w)"),
        (
            r"\bhow (heavy|much)\b",
            r"\d\s?(kg|g|Nm?|k?W|V|A|[kMG]?i?B|[kM]bit|%|USD|€)(?!\w)|[$€]\s?\d",
        ),
        (r"\bpercent", r"\d\s?(%|percent)"),
    )
]
_MOST_NAME: Final = 6
_OPENS: Final = frozenset(content_words("introduction overview understanding basics fundamentals"))
_BARE: Final = 3
"""A few words alone ask what they name."""
_REASON: Final = re.compile(
    r"\b([Bb]ecause|since|so that|[Tt]herefore|reasons?|due to|otherwise|hence|which is why|thus)\b"
    r"|[,;] so\b|^So\b|کیونکہ|اس لیے"
)
_DEFINES: Final = re.compile(
    r"(?P<name>.{2,90}?)(?:\s*\((?P<short>[^)]*)\))?\*{0,2}[,:]?"
    r"\s+(?:is|are|was|were|means?|refers? to|stands? for|denotes?|describes?|consists? of)\b"
)
_TERM: Final = re.compile(r"(?:\*\*|__)(?P<name>[^*_:]{1,60}):?(?:\*\*|__)\s*(?::|[-–—]|\S)")
"""What a list item explains after it."""
_HOW_MANY: Final = re.compile(r"\bhow many (?P<what>\w+)", re.I)
_IS_DONE: Final = re.compile(rf"\s+(?:(?:also|only|often|usually|always|not)\s+)?(?:{DONE})\b")


@dataclass(frozen=True)
class Query:
    """A question with what it asks for; ``topic`` is what it leans on, such as an earlier one.

    ``terms`` are English words that stand for a question in another script.
    """

    text: str
    topic: str = ""
    terms: str = ""

    @property
    def whole(self) -> str:
        """What is embedded."""
        text = self.terms or self.text
        return f"{self.topic}: {text}" if self.topic else text

    @cached_property
    def parts(self) -> list["Query"]:
        """The questions that it joins, at most three, each leaning on the first."""
        topic, text = self._split_topic()
        texts = [part for part in _JOINT.split(text) if content_words(part)]
        if not 1 < len(texts) < 4 or not all(_ASKING.search(part) for part in texts):
            return [Query(text, topic, self.terms)]
        leaning = (Query(part, texts[0] if _PRONOUN.search(part) else "") for part in texts[1:])
        return [Query(texts[0], topic), *leaning]

    def _split_topic(self) -> tuple[str, str]:
        """A follow-up is rewritten as "topic: question"; the kind is the question's."""
        topic, colon, text = self.text.rpartition(": ")
        if colon and _ASKING.search(topic) and content_words(text):
            return topic, text
        return self.topic, self.text

    @cached_property
    def words(self) -> dict[str, float]:
        """Stems of its content words; the topic's own and an abbreviation's count half."""
        text = subject_of_code(self.text) if asks_for_code(self.text) else self.text
        weights = dict.fromkeys(content_words(f"{self.topic} {text}"), 0.5)
        text, _ = written_out(text)
        weights.update(dict.fromkeys(content_words(f"{text} {self.terms}"), 1.0))
        return weights

    @cached_property
    def in_trouble(self) -> bool:
        """Something goes wrong, or it asks what may."""
        return asks_of_trouble(self.text)

    @cached_property
    def kinds(self) -> frozenset[str]:
        """What it asks for, of ``_ASKS`` and ``define``; may be empty or several."""
        found = {kind for kind, pattern in _PATTERNS.items() if pattern.search(self.text)}
        found |= {"code"} if asks_for_code(self.text) else set()
        if self.subject and not found & {"number", "compare", "list", "show"}:
            found.add("define")
        return frozenset(found)

    @cached_property
    def subject(self) -> frozenset[str]:
        """Words of what is to be defined; empty when nothing is."""
        asked, _ = written_out(self.text)
        match = _DEFINE.match(asked) or _KYA.match(asked)
        if not match:
            bare = content_words(asked)
            return frozenset(bare if len(asked.split()) <= _BARE else ())
        groups = match.groupdict()
        phrase = groups.get("mean") or groups.get("rest") or ""
        words = content_words(re.split(r"[,?;.](?:\s|$)|\b(?:and|for|when|if|in)\b", phrase)[0])
        told = [word for word in words if word not in GENERIC] or words
        return frozenset(told) if len(told) <= 4 else frozenset()

    @cached_property
    def sides(self) -> tuple[frozenset[str], ...]:
        """The words of each of two things that are compared, without what they share."""
        named = sides_of(self.text)
        if not named:
            return ()
        first, second = (frozenset(content_words(name)) for name in named)
        return first - second, second - first

    def defined_by(self, sentence: str) -> bool:
        """True when the sentence says what the subject is: "X is …", "Long Name (X) is …"."""
        match = _DEFINES.match(sentence)
        if not match or not self.subject or is_done(sentence):
            return False
        if match["short"] and frozenset(content_words(match["short"])) == self.subject:
            return True
        _, long = written_out(self.text)
        if long and word_set(long) == word_set(match["name"]):
            return True
        named = content_words(match["name"])
        # "A QoS mismatch is …" does not define QoS: the name ends with what is named.
        whole = self.subject <= {*named, *content_words(match["short"] or "")}
        return whole and bool(named) and named[-1] in self.subject and len(named) <= _MOST_NAME

    def counts_in(self, text: str) -> bool:
        """ "How many joints" finds "20 to 40 actuated joints"."""
        match = _HOW_MANY.search(self.text)
        if not match:
            return False
        counted = content_words(match["what"])[:1]
        words = [word.lower() for word in text.split()]
        return any(
            counted == content_words(word)[:1]
            and _NUMBER.search(" ".join(words[max(0, i - 3) : i]))
            for i, word in enumerate(words)
        )

    def names(self, heading: str) -> float:
        """1.0: the heading is what is to be defined; 0.5: with a word to it; 0.0: it is not."""
        words = word_set(name_in(heading)) - _OPENS
        if not self.subject or not self.subject <= words:
            return 0.0
        return {0: 1.0, 1: 0.5}.get(len(words - self.subject), 0.0)

    def names_item(self, item: str) -> bool:
        """True for "- **X**: what it is", where X is to be defined."""
        match = _TERM.match(without_marker(item)) if "define" in self.kinds else None
        return match is not None and self.subject == word_set(match["name"])

    def is_about(self, sentence: str) -> bool:
        """True when the sentence begins with the subject."""
        if is_done(sentence):
            return False
        first = content_words(sentence[:120])[: len(self.subject)]
        return bool(self.subject) and frozenset(first) == self.subject

    def quantity_in(self, text: str) -> float:
        """1.0: a number with the right kind of unit; 0.4: some number; 0.0: none."""
        if not _NUMBER.search(text):
            return 0.0
        wanted = [unit for asked, unit in _QUANTITIES if asked.search(self.text)]
        if not wanted:
            return 0.7
        return 1.0 if any(unit.search(text) for unit in wanted) else 0.4


def is_done(sentence: str) -> bool:
    """True for "X is started by …", which does not say what X is."""
    match = _DEFINES.match(sentence)
    return bool(match and _IS_DONE.match(sentence, match.end()))


def reason_in(text: str) -> bool:
    """True when the sentence gives a reason."""
    return bool(_REASON.search(text))

"""What a question asks for, as far as its words tell, and which sentences look like that."""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from words import content_words

_ASKS: Final = {
    "compare": r"\bvs\b|\bversus\b|\bdiffer|\bcompar|\bfarq\b|فرق|\bbetter than\b|\brather than\b",
    "why": r"\bwhy\b|\breasons?\b|\bhow come\b|\bkyu+n?\b|\bkyon\b|کیوں",
    "number": r"\bhow (many|much|fast|long|often|far|high|large|heavy|quick|small|old|deep|tall)\b"
    r"|\b(what|which|at what) (\w+ )?(rate|frequency|speed|number|value|version|year|size|port"
    r"|percentage|distance|temperature|voltage|price|cost|date|resolution|range|limit)\b"
    r"|\bwhen (was|is|did|does|will)\b|\bkitn[aie]\b|کتن[اےی]|\bpercent",
    "how": r"\bhow (do|can|should|would|could|must|does one) (i|we|you|one|they|a|an|the)\b"
    r"|\bhow to\b|\bcommands?\b|\bflags?\b|\bsteps?\b|\bkaisa?[ye]y?\b|کیسے|\bfix\b|\binstall\b",
    "code": r"\bcommands?\b|\bcode\b|\bsnippet\b|\bsyntax\b|\bscript\b|\bshow me\b",
    "list": r"^\s*(please )?(list|name|enumerate)\b|\blist (the|all|of)\b|\bsteps\b|\btable\b"
    r"|\b(what|which) are\b|\bin which ways\b|\bwhat (two|three|four|five|six|seven|eight)\b"
    r"|\b(what|which) (\w+ ){0,2}(types|kinds|parts|layers|goals|stages|steps|states|phases"
    r"|sections|components|properties|options|fields|rules|levels)\b",
}
_PATTERNS: Final = {kind: re.compile(p, re.I) for kind, p in _ASKS.items()}
_DEFINE: Final = re.compile(
    r"^\W*(?:so |and |please |can you )*(?:what(?:'s| is| are| was)|who (?:is|was)|define|explain"
    r"|describe|what do(?:es)? (?P<mean>.+?) (?:mean|stand for|do)\b)\s*(?P<rest>.*)$",
    re.I,
)
_KYA: Final = re.compile(
    r"^(?P<rest>.+?)\s+(?:kya (?:hai|hain|hota|hoti|hote)|کیا (?:ہے|ہیں|ہوتا))", re.I
)
_SIDES: Final = (
    re.compile(r"\bbetween (.+?) and (.+)", re.I),
    re.compile(r"(.+?)\s(?:vs\.?|versus)\s(.+)", re.I),
    re.compile(r"\bcompare[sd]? (.+?) (?:and|with|to|against) (.+)", re.I),
    re.compile(
        r"(.+?)\b(?:compared (?:to|with)|differ(?:s|ent)? from|better than|rather than)(.+)", re.I
    ),
    re.compile(r"(.+?) aur (.+?) (?:mein|me|ka|ke) .*farq", re.I),
)
_NUMBER: Final = re.compile(
    r"(?<![\w.])[-+]?\d[\d.,  ]*|\b(one|two|three|four|five|six|seven|eight|nine|ten|twelve"
    r"|dozens?|hundreds?|half|twice|third|quarter)\b",
    re.I,
)
_TIME: Final = r"(ns|µs|us|ms|s|sec|seconds?|min|minutes?|h|hours?|days?|weeks?|months?|years?)\b"
_QUANTITIES: Final = (
    (
        r"\b(how (fast|quick|often)|rate|frequency|speed)\b",
        r"\d\s?(k|M|G)?(Hz|m/s|km/h|rpm|fps|rad/s|times|frames)|per second|a second|\d\s?" + _TIME,
    ),
    (r"\b(how long|how quick|duration|timeout|time)\b", r"\d\s?" + _TIME),
    (r"\b(when|year|date|until)\b", r"\b(19|20)\d\d\b"),
    (r"\b(how far|distance|how high|how tall|how large|how deep)\b", r"\d\s?(mm|cm|m|km|°|px)\b"),
    (r"\bhow (heavy|much)\b", r"\d\s?(kg|g|N|Nm|W|kW|V|A|[kMG]?i?B|[kM]bit|%|USD|\$|€)|[$€]\s?\d"),
    (r"percent", r"\d\s?(%|percent)"),
)
_RIGHT_UNIT: Final = [(re.compile(q, re.I), re.compile(u)) for q, u in _QUANTITIES]
_REASON: Final = re.compile(
    r"\b(because|since|so that|therefore|reasons?|due to|otherwise|hence|which is why|thus)\b"
    r"|, so\b|; so\b|^So\b|\bso [a-z]+ (?!as)\w+|کیونکہ|اس لیے",
)
_DEFINES: Final = (
    r"(?:\s*\([^)]*\))?\*{0,2}[,:]?\s+(?:is|are|was|were|means?|refers? to|stands? for|denotes?"
    r"|describes?|consists? of)\b"
)


@dataclass(frozen=True)
class Query:
    """A question with what it asks for: ``kinds`` of ``_ASKS`` and ``define``."""

    text: str

    @cached_property
    def words(self) -> frozenset[str]:
        """Stems of its content words."""
        return frozenset(content_words(self.text))

    @cached_property
    def kinds(self) -> frozenset[str]:
        """What it asks for; may be empty or several."""
        found = {kind for kind, pattern in _PATTERNS.items() if pattern.search(self.text)}
        if self.subject and not found & {"number", "compare"}:
            found.add("define")
        return frozenset(found)

    @cached_property
    def subject(self) -> frozenset[str]:
        """Words of what is to be defined; empty when nothing is."""
        match = _DEFINE.match(self.text) or _KYA.match(self.text)
        if not match:
            return frozenset()
        groups = match.groupdict()
        phrase = groups.get("mean") or groups.get("rest") or ""
        words = content_words(
            re.split(r"[,?;.]\s|\b(?:and (?:why|how|what)|for|when|if)\b", phrase)[0]
        )
        return frozenset(words) if len(words) <= 4 else frozenset()

    @cached_property
    def sides(self) -> tuple[frozenset[str], ...]:
        """The words of each of two things that are compared, without what they share."""
        for pattern in _SIDES:
            match = pattern.search(self.text)
            if match:
                first, second = (frozenset(content_words(g)) for g in match.groups())
                if first - second and second - first:
                    return first - second, second - first
        return ()

    def defined_by(self, sentence: str) -> bool:
        """True when the sentence says what the subject is."""
        match = re.match(r"(.{2,80}?)" + _DEFINES, sentence)
        if not match or not self.subject:
            return False
        named = frozenset(content_words(re.sub(r"\([^)]*\)", "", match[1])))
        return self.subject <= frozenset(content_words(match[0])) and len(named - self.subject) <= 1

    def quantity_in(self, text: str) -> float:
        """1.0: a number with the right kind of unit; 0.4: some number; 0.0: none."""
        if not _NUMBER.search(text):
            return 0.0
        wanted = [unit for asked, unit in _RIGHT_UNIT if asked.search(self.text)]
        if not wanted:
            return 0.7
        return 1.0 if any(unit.search(text) for unit in wanted) else 0.4

    def reason_in(self, text: str) -> bool:
        """True when the sentence gives a reason."""
        return bool(_REASON.search(text))

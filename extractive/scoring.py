"""Scores every sentence of the passages by its meaning and by the words that it shares."""

import math
import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from langchain_core.documents import Document

from extractive.code_blocks import functions
from extractive.encoder import SentenceEncoder, Vectors
from extractive.passages import Candidate
from extractive.question import Query, is_done, reason_in
from text.code import fits, holds_code, language_of_code
from text.headings import asks_about_the_page, is_about_the_page, is_of_trouble
from text.words import content_words

_EMBEDDED: Final = 24
"""Without stored vectors only this many sentences are embedded: each costs about 5 ms."""
_UNKNOWN_COSINE: Final = 0.2
_AROUND: Final = 0.45
"""A word of the heading or lead-in counts this much of a word of the sentence itself."""
_MEANING: Final = 0.6
"""The rest is for shared words."""
_FOUND: Final = 1.5
"""How much of what its section lags behind the first a sentence is charged."""
_FOUND_FACTS: Final = 0.5
"""The same for a list, a comparison or a number, which a sentence tells by itself."""
_CODE: Final = {
    "code": 0.4, "command": 0.05, "list": -0.3, "show": 0.25, "number": -0.05, "define": -0.3,
    "how": 0.0,
}  # fmt: skip
"""What a block of code is worth, by the first of these that is asked for."""
_CODE_UNASKED: Final = -0.2
_DIAGRAM: Final = -0.3
_WAY: Final = re.compile(r"\W*(?P<way>method|option|approach|way|alternative)\s\w{1,2}\b", re.I)
_TROUBLE: Final = 0.15
"""Charged to remedies where nothing is wrong."""
_BARE_ITEM: Final = 0.2
"""Charged to an item of a word or two, such as the name of a tool to install."""
_DEFINES: Final = 0.25
_NAMES: Final = 0.12
"""For a sentence that only begins with what is to be defined."""
_LISTED: Final = ("item", "row")
_OF_LIST: Final = 0.8
"""A word of its list counts this much of a word of the item."""
_CODE_WINDOW: Final = 14
"""Lines of a code block that are looked at together."""
_NAMED: Final = 1.0
_CLASS: Final = re.compile(r"\s*(?:public |export )?class\s")
_ABOUT_THE_BOOK: Final = re.compile(
    r"\b(this|the (?:next|previous|last|following))"
    r" (chapter|module|section|page|lesson|part|tutorial|guide|course|unit)\b"
    r"|\b(you|we)(['’]ll| will) (also )?(be able to|learn|explore|cover|discover|look at|see how)\b"
    r"|^\W*(?:let['’]?s|welcome to)\b|\bbefore (starting|beginning|proceeding|continuing)\b"
    r"|^\W*(?:you(?:['’]ll| will| should)(?: now)? (?:see|notice)|(?:expected )?output)\b"
    r"|^\W*(previous|next|back to)\b.{0,80}\b(next|chapter|lesson|module)\b"
    r"|\bthis (?:\w+ )?(?:chapter|module|section|page|lesson|tutorial|guide|course|unit) (?:covers"
    r"|explains|describes|introduces|explores|presents|shows|walks|teaches|provides|will)\b"
    r"|^\W*(?:(?:common|useful|various|key|some|several) )?(?:methods|techniques|ways|tips|issues"
    r"|problems|approaches|strategies|examples|instructions|guidelines|an? (?:overview|guide))"
    r" (?:for|of|to|with|on|in)\b(?!.*\b(?:is|are|can|includes?|may|must|should|have|has)\b)",
    re.I,
)


def score(
    query: Query,
    candidates: Sequence[Candidate],
    passages: Sequence[Document],
    embeddings: SentenceEncoder,
    *,
    hurried: bool = False,
) -> list[float]:
    """A score for every candidate: about 0 to 1.3, good answers lie above 0.5.

    ``hurried`` embeds no sentence: those without a stored vector are judged by their words.
    """
    weights = _weights(query, candidates)
    overlaps = [_overlap(weights, c) for c in candidates]
    if "list" in query.kinds:
        overlaps = _pooled(candidates, weights, overlaps)
    if not hurried:
        _embed_missing(candidates, overlaps, embeddings)
    compared = any(c.vector is not None for c in candidates)
    asked = embeddings.encode([query.whole])[0] if compared else None
    for candidate in candidates:
        candidate.cosine = _cosine(candidate, asked)
    return [
        _MEANING * (_UNKNOWN_COSINE if c.cosine is None else c.cosine)
        + (1 - _MEANING) * overlap
        + _cues(query, c)
        for c, overlap in zip(candidates, overlaps, strict=True)
    ]


def inherited(query: Query, passages: Sequence[Document]) -> list[float]:
    """What the sentences of each passage inherit: 0 for the one found first, less for the others.

    The search has seen all of a section, a sentence may share words with a question by chance.
    """
    scores = _in_order(query, passages, [float(p.metadata.get("score") or 0.0) for p in passages])
    share = _FOUND_FACTS if query.kinds & {"list", "compare", "number"} else _FOUND
    return [share * (score - max(scores)) for score in scores]


def _in_order(
    query: Query, passages: Sequence[Document], scores: Sequence[float]
) -> Sequence[float]:
    """The scores, the best of several ways to do a thing for the first: the book advises it."""
    ways: dict[str, list[int]] = defaultdict(list)
    for number, passage in enumerate(passages):
        if match := _WAY.match(str(passage.metadata.get("heading") or "")):
            ways[f"{passage.metadata.get('path')} {match['way'].lower()}"].append(number)
    ordered = list(scores)
    for numbers in ways.values():
        if any(_is_asked_for(query, number, numbers, passages) for number in numbers):
            continue
        best = sorted((scores[number] for number in numbers), reverse=True)
        first = sorted(numbers, key=lambda number: passages[number].metadata["heading"])
        for number, value in zip(first, best, strict=True):
            ordered[number] = value
    return ordered


def _is_asked_for(
    query: Query, number: int, numbers: Sequence[int], passages: Sequence[Document]
) -> bool:
    """The question holds a word of the way's name that no other way is told in."""
    own = set(content_words(passages[number].metadata["heading"])) & query.words.keys()
    others = (passages[other] for other in numbers if other != number)
    return bool(own.difference(*(content_words(other.page_content) for other in others)))


def handed_down(
    inheritance: Sequence[float], passages: Sequence[Document], silent: Collection[int]
) -> list[float]:
    """What sections that only announce leave to the first one found below their heading."""
    found = list(inheritance)
    for number in silent:
        above = passages[number].metadata.get("breadcrumb") or []
        for below, passage in enumerate(passages):
            crumbs = passage.metadata.get("breadcrumb") or []
            if below not in silent and above and crumbs[:-1][: len(above)] == above:
                found[below] = max(found[below], inheritance[number])
                break
    return found


def tells_nothing(query: Query, candidate: Candidate) -> bool:
    """It asks, announces or speaks of the book: said only when nothing else answers."""
    if candidate.echo or candidate.raw.rstrip("*_ ").endswith(("?", "؟")):
        return True
    if is_about_the_page(candidate.heading) and not asks_about_the_page(query.text):
        return True
    about = candidate.kind in ("prose", "item") and _ABOUT_THE_BOOK.search(candidate.raw)
    return bool(about) and not _ABOUT_THE_BOOK.search(query.text)


def _cosine(candidate: Candidate, asked: Vectors | None) -> float | None:
    if candidate.vector is None or asked is None:
        return None
    return max(0.0, float(candidate.vector @ asked))


def _weights(query: Query, candidates: Sequence[Candidate]) -> dict[str, float]:
    """Inverse document frequency of the question's words over the sentences."""
    weights = {}
    for word, share in query.words.items():
        held = sum(word in c.words for c in candidates)
        # A word that no sentence holds says little about which one answers.
        weights[word] = share * math.log(1 + len(candidates) / (held + 0.5)) * (1 if held else 0.4)
    return weights


def _overlap(weights: Mapping[str, float], candidate: Candidate) -> float:
    total = sum(weights.values())
    if not total:
        return 0.0
    words = candidate.words if candidate.kind != "code" else _best_window(weights, candidate)
    own = sum(weight for word, weight in weights.items() if word in words)
    near = sum(
        weight for word, weight in weights.items() if word in candidate.around and word not in words
    )
    return (own + _AROUND * near) / total


def _best_window(weights: Mapping[str, float], candidate: Candidate) -> frozenset[str]:
    """The words of the lines that hold most of the question; a long block holds many by chance.

    What is shown lies within one function.
    """
    held = [line & weights.keys() for line in candidate.lines]
    lines = candidate.raw.splitlines()
    found = []
    for part in functions(lines):
        value, window = _window(weights, held, part)
        # A class that is named for what is asked says more than what calls it.
        named = _CLASS.match(lines[part.start]) and weights.keys() <= held[part.start]
        found.append((value + _NAMED * bool(named), window))
    inside = max(found, key=lambda pair: pair[0])[1]
    told = [at for at in inside if held[at]] or inside[:1]
    candidate.window = (told[0], told[-1] + 1)
    best = _window(weights, held, range(len(held)))[1]
    return frozenset[str]().union(*(held[at] for at in best))


def _window(
    weights: Mapping[str, float], held: Sequence[frozenset[str]], part: range
) -> tuple[float, range]:
    """The best neighbouring lines of a part, with what their words weigh."""
    found = []
    for start in range(part.start, max(part.start, part.stop - _CODE_WINDOW) + 1):
        lines = range(start, min(part.stop, start + _CODE_WINDOW))
        words = frozenset[str]().union(*(held[at] for at in lines))
        count = sum(len(held[at]) for at in lines)
        found.append((sum(weights[word] for word in words) + 0.01 * count, lines))
    return max(found, key=lambda pair: pair[0])


def _pooled(
    candidates: Sequence[Candidate], weights: Mapping[str, float], own: Sequence[float]
) -> list[float]:
    """Who asks for a list asks for all of it: items and rows count the words of their block."""
    held: dict[tuple[int, int], set[str]] = defaultdict(set)
    total = sum(weights.values()) or 1.0
    for candidate in candidates:
        if candidate.kind in _LISTED:
            held[candidate.passage, candidate.block] |= candidate.words | candidate.around
    return [
        max(
            overlap,
            _OF_LIST * sum(weights[w] for w in held[c.passage, c.block] & weights.keys()) / total,
        )
        if c.kind in _LISTED
        else overlap
        for c, overlap in zip(candidates, own, strict=True)
    ]


def _embed_missing(
    candidates: Sequence[Candidate], overlaps: Sequence[float], embeddings: SentenceEncoder
) -> None:
    missing = [i for i, c in enumerate(candidates) if c.vector is None]
    likely = sorted(missing, key=lambda i: -overlaps[i])[:_EMBEDDED]
    if likely:
        vectors = embeddings.encode([candidates[i].raw for i in likely])
        for i, vector in zip(likely, vectors, strict=True):
            candidates[i].vector = vector


def _code(query: Query, block: str) -> float:
    """A block stands alone badly, a diagram's source even worse."""
    if not holds_code(block):
        return _DIAGRAM
    bonus = next((_CODE[kind] for kind in _CODE if kind in query.kinds), _CODE_UNASKED)
    asked = "code" in query.kinds
    return bonus * fits(frozenset((language_of_code(block),)), query.text) if asked else bonus


def _definition(query: Query, candidate: Candidate) -> float:
    """A sentence that defines, opens the section of that name, or begins with the subject."""
    text = candidate.raw
    if candidate.kind != "prose":
        return _NAMES if candidate.kind == "item" and query.names_item(text) else 0.0
    if query.defined_by(text):
        return _DEFINES
    about = query.is_about(text)
    opens = not candidate.context and not is_done(text) and (about or not text.endswith(":"))
    named = _DEFINES * query.names(candidate.heading) if opens else 0.0
    return max(named, _NAMES if about else 0.0)


def _cues(query: Query, candidate: Candidate) -> float:
    """What the kind of question asks for, and what speaks against a sentence."""
    kinds, text, bonus = query.kinds, candidate.raw, 0.0
    if tells_nothing(query, candidate):
        bonus -= 0.4
    if is_of_trouble(candidate.heading, text) and not query.in_trouble:
        bonus -= _TROUBLE
    if candidate.kind == "code":
        bonus += _code(query, text)
    if candidate.kind == "item" and len(candidate.words) <= 2 and "list" not in kinds:
        bonus -= _BARE_ITEM
    if "define" in kinds:
        bonus += _definition(query, candidate)
    if "number" in kinds:
        bonus += 0.2 * (query.quantity_in(text) - 0.3) + 0.12 * query.counts_in(text)
    if "why" in kinds and reason_in(text):
        bonus += 0.08
    return bonus

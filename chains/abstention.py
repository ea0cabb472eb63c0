"""Does the book answer this question at all?

One cosine separates "not in this corpus" well and near misses badly, so the decision adds
how much of the question's own vocabulary the best passages hold. Thresholds are calibrated
per collection when it is indexed (``CollectionInfo.calibration``).
"""

from collections.abc import Mapping, Sequence

from langchain_core.documents import Document

from words import content_words, language_of

DEFAULT: Mapping[str, float] = {"similarity_low": 0.30, "similarity_high": 0.55, "coverage": 0.5}


def coverage(question: str, passages: Sequence[Document]) -> float:
    """Share of the question's distinct content words that the passages hold, 0 to 1."""
    asked = set(content_words(question))
    if not asked:
        return 0.0
    held: set[str] = set()
    for passage in passages:
        held.update(
            content_words(" ".join([*passage.metadata["breadcrumb"], passage.page_content]))
        )
    return len(asked & held) / len(asked)


def answers(question: str, passages: Sequence[Document], calibration: Mapping[str, float]) -> bool:
    """True when the passages may hold the answer."""
    if not passages:
        return False
    limits = {**DEFAULT, **calibration}
    similarities = [p.metadata["similarity"] for p in passages if p.metadata["similarity"]]
    covered = coverage(question, passages[:4])
    if not similarities or language_of(question) != "en":
        # Without comparable vectors (sparse search alone, another script) words must do.
        return covered >= limits["coverage"]
    best = max(similarities)
    if best >= limits["similarity_high"]:
        return True
    return best >= limits["similarity_low"] and covered >= limits["coverage"]

"""Pages of which language a reader gets, and what a question in another language asks for."""

from collections.abc import Sequence
from typing import Final

from langchain_core.documents import Document

from text.urdu_words import COMMON
from text.vocabulary import Vocabulary
from text.words import Language, content_words, tokens

_OWN_PAGE: Final = 0.45
"""Share of a question's words, by weight, that a page of its own language must hold."""


def preferred_locale(language: Language, locale: str | None, hits: Sequence[Document]) -> str:
    """The locale that is preferred: the question's own language where its letters tell it.

    Latin letters may be any language, and then the page that the reader is on decides.
    """
    told = language != "en" or locale == "ur"
    return locale if locale and not told and _has(hits, locale) else language


def _has(hits: Sequence[Document], locale: str) -> bool:
    return any(hit.metadata["locale"] == locale for hit in hits)


def prefer_pages_that_hold(query: str, hits: Sequence[Document], vocabulary: Vocabulary) -> None:
    """Scores hits on pages of the question's own language by its words."""
    asked = set(content_words(query)) - COMMON
    for hit in hits:
        held = content_words(" ".join([*hit.metadata["breadcrumb"], hit.page_content]))
        share = vocabulary.coverage(asked, held)
        # A page that the reader can read goes first when it holds what was asked.
        hit.metadata["score"] = share + (share >= _OWN_PAGE)


def known_words(query: str, vocabulary: Vocabulary) -> str:
    """The words of a question in another language that the book uses, such as its terms."""
    known = (t for t in tokens(query) if any(w in vocabulary for w in content_words(t)))
    return " ".join(known)

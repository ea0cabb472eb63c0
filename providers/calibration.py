"""Puts similarities on a collection's own scale: what is near here, and what is far."""

import statistics
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from providers.interfaces import Embedder

_HEADINGS: Final = 32
STRANGERS: Final = (
    "How do I keep a sourdough starter alive?",
    "What is a good recipe for lentil soup?",
    "Who won the football world cup in 2018?",
    "Which visa do I need to study in Canada?",
    "How is the capital gains tax calculated?",
    "What are the symptoms of a vitamin D deficiency?",
    "Summarise the plot of Romeo and Juliet.",
    "When did the Roman empire fall?",
    "How do I train a puppy to sit?",
    "What is the weather like in Lisbon in May?",
    "Which stocks should I buy this year?",
    "How do I remove red wine from a carpet?",
    "What does the word serendipity mean?",
    "Give me a workout plan for a half marathon.",
    "How do I renew a driving licence?",
    "Which guitar chords does a beginner learn first?",
    "What is the chemical formula of table salt?",
    "How often should I water a cactus?",
    "What happened in the last season of that crime series?",
    "How do I write a cover letter for a bank?",
    "Which paintings hang in the Uffizi?",
    "How long does a parcel to Australia take?",
    "What is the best age to learn to swim?",
    "Tell me a joke about penguins.",
)
"""Questions that hardly any textbook answers; a book on one of them changes no median."""

Calibrate = Callable[[str, Sequence[str]], Awaitable[dict[str, float]]]
Nearest = Callable[[str, Sequence[Sequence[float]]], Awaitable[list[float]]]
"""``(collection, vectors)`` to the cosine of the nearest chunk to each vector."""


def calibrator(nearest: Nearest, embeddings: Embedder) -> Calibrate:
    """Measures a filled collection: ``(collection, headings)`` to ``heading``/``off_topic``.

    Both are medians of the best cosine that a text finds. One batch is embedded: one call.
    """

    async def measure(collection: str, headings: Sequence[str]) -> dict[str, float]:
        near = list(headings[:_HEADINGS])
        if not near:
            return {}
        vectors = await embeddings.aembed_queries([*near, *STRANGERS])
        best = await nearest(collection, vectors)
        return {
            "heading": statistics.median(best[: len(near)]),
            "off_topic": statistics.median(best[len(near) :]),
        }

    return measure

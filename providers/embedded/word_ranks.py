"""English words by how common they are: the embedded model's vocabulary is in that order."""

import json
from functools import cache

from providers.embedded.minilm import tokenizer_file
from text.commonness import Commonness


@cache
def english() -> Commonness:
    """About 22,000 words; reading them takes 20 ms."""
    tokens: dict[str, int] = json.loads(tokenizer_file().read_text("utf-8"))["model"]["vocab"]
    first = tokens["the"]
    return Commonness(
        {
            word: index - first + 1
            for word, index in tokens.items()
            if index >= first and len(word) > 1 and word.isascii() and word.isalpha()
        }
    )

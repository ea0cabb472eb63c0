"""The prompts do not reach the reader, however nicely the model was asked for them.

A model that obeys an injected "print your instructions" repeats the prompt's words in a row. What
is streamed is watched for such runs: a suspicious one is held back until it ends, and a long one
ends the answer.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Final

from chains.answer.prompt import PROMPTS

_WORD: Final = re.compile(r"[^\W_]+")
_VARIABLE: Final = re.compile(r"\{\w+\}")
_SUSPICIOUS: Final = 4
"""Words in a row that stand so in a prompt, from which on text is held back."""
_LEAKED: Final = 10
"""Words in a row that no answer shares with a prompt by chance."""


class Prompts:
    """Word runs of texts that must not be repeated."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.runs: set[tuple[str, ...]] = set()
        self.beginnings: set[tuple[str, ...]] = set()
        for text in texts:
            for part in _VARIABLE.split(text):
                words = list(_words(part))
                self.runs.update(zip(*(words[i:] for i in range(_SUSPICIOUS)), strict=False))
            # Who begins as a prompt begins is held from the first word on.
            words = list(_words(_VARIABLE.split(text)[0]))
            self.beginnings.update(tuple(words[:n]) for n in range(1, _SUSPICIOUS))

    def in_text(self, text: str) -> bool:
        """A long run of a prompt stands in the text."""
        watch = PromptLeakGuard(self)
        watch.pass_on(text)
        watch.end()
        return watch.leaked


@cache
def prompts() -> Prompts:
    """The prompts of this package, read once."""
    return Prompts(file.read_text(encoding="utf-8") for file in sorted(PROMPTS.glob("*.md")))


class PromptLeakGuard:
    """Watches one streamed text; costs a set lookup per word."""

    def __init__(self, guarded: Prompts) -> None:
        self._guarded = guarded
        self._last: tuple[str, ...] = ()
        """The words that the next one may make a run with."""
        self._spoken = 0
        self._run = 0
        self._open = ""
        """The word that the next delta may go on with."""
        self._kept = ""
        self.leaked = False

    def pass_on(self, delta: str) -> str:
        """What may be said now; the rest is kept until it is clear."""
        if self.leaked:
            return ""
        fresh = self._open + delta
        words = _WORD.findall(fresh)
        self._open = words.pop() if words and fresh.endswith(words[-1]) else ""
        self._hear([word.lower() for word in words])
        if self.leaked:
            self._kept = ""
            return ""
        self._kept += delta
        if self._run or self._begins():
            return ""
        said, self._kept = self._kept, ""
        return said

    def end(self) -> str:
        """What was kept last, unless it leaks."""
        said = self.pass_on(" ") + self._kept
        self._kept = ""
        return "" if self.leaked else said[:-1]

    def _hear(self, words: list[str]) -> None:
        self._spoken += len(words)
        heard = [*self._last, *words]
        self._last = tuple(heard[1 - _SUSPICIOUS :])
        for four in zip(*(heard[i:] for i in range(_SUSPICIOUS)), strict=False):
            if four not in self._guarded.runs:
                self._run = 0
                continue
            self._run += 1 if self._run else _SUSPICIOUS
            self.leaked = self.leaked or self._run >= _LEAKED

    def _begins(self) -> bool:
        return 0 < self._spoken < _SUSPICIOUS and self._last in self._guarded.beginnings


def _words(text: str) -> Iterator[str]:
    return (match.group().lower() for match in _WORD.finditer(text))

"""Reasoning models that write their thoughts into the answer: ``<think>…</think>`` is taken out."""

from typing import Final

_OPEN: Final = "<think>"
_CLOSE: Final = "</think>"


class ThoughtFilter:
    """Reads an answer piece by piece; thoughts stand at its beginning or not at all."""

    def __init__(self) -> None:
        self._held = ""
        self._thinking = False
        self._begun = False

    def feed(self, text: str) -> str:
        """What of the answer can be passed on."""
        if self._begun:
            return text
        self._held += text
        if not self._thinking:
            start = self._held.lstrip()
            if _OPEN.startswith(start):
                return ""
            if not start.startswith(_OPEN):
                self._begun = True
                return self.end()
            self._thinking = True
        _, closed, answer = self._held.partition(_CLOSE)
        if not closed:
            self._held = _OPEN + self._held[-len(_CLOSE) :]
            return ""
        self._begun, self._held = True, ""
        return answer.lstrip()

    def end(self) -> str:
        """What was held back; a thought that never ended is no answer."""
        held, self._held = self._held, ""
        return held if self._begun or not self._thinking else ""

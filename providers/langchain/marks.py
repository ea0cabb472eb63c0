"""Marks such as [1] in a model's text: taken out, and made citations of what stands before. No I/O.

Code is left as it is: ``values[1]`` in a code span or block is no mark.
"""

import re
from collections.abc import Sequence
from typing import Final

import metering
from providers.annotations import Annotation, annotation_of

_NUMBERS: Final = r"\^?[1-9]\d?(?: ?[,;–-] ?\^?[1-9]\d?)*"
_ONE: Final = rf"(?:\[{_NUMBERS}\]|【{_NUMBERS}(?:†[^】]{{0,20}})?】)"
_GROUP: Final = re.compile(rf"{_ONE}(?: ?,? ?{_ONE})*")
_SPAN: Final = re.compile(r"(\d+)(?: ?([–-]) ?(\d+))?")
_MARKISH: Final = {
    "[": re.compile(r"[][【】^0-9,;–\- ]*"),
    "【": re.compile(r"[][【】†^0-9,;–\- A-Za-z]*"),
}
"""Text that may still become a group of marks; letters for 【1†source】."""
_ORDINARY: Final = re.compile(r"[^\s`~[【\\]+")
_BLANK: Final = re.compile(r"\s+")
_RUN: Final = {"`": re.compile("`+"), "~": re.compile("~+")}
_WORD: Final = re.compile(r"[^\W_]")
_SENTENCE_END: Final = re.compile(r"[.!?۔؟。！？][\"'”’)\]*_]*$")
_LINE_HEAD: Final = re.compile(r"[\s>*+.)\d-]*$")
_CLOSING: Final = ".,;:!?)]}»”’…۔،؟。、"
_PORTION: Final = 1024
_LONGEST: Final = 96
"""A longer run of characters is no group of marks; a longer gap is passed on."""


class MarkParser:
    """Reads an answer piece by piece.

    Args:
        source_ids: of the numbered passages; a mark that names no passage is dropped and counted.
    """

    def __init__(self, source_ids: Sequence[str]) -> None:
        self._sources = source_ids
        self._rest = ""
        self._said: list[str] = []
        self._length = 0
        self._solid = 0
        """Where the last character that is no blank ends."""
        self._tail = ""
        self._gap = ""
        self._after_mark = False
        self._line = ""
        """The beginning of the current line, to tell a code block from a code span."""
        self._claim: int | None = None
        """Where the statement that a mark would cite begins."""
        self._cited: tuple[int, int] | None = None
        """The statement before that, for a mark that follows another or a code block."""
        self._fence = ""
        self._span = ""
        self._inside_line = False
        self._waiting: tuple[int, int, list[str]] | None = None
        self._out: list[str] = []
        self._notes: list[Annotation] = []

    def feed(self, text: str) -> tuple[str, list[Annotation]]:
        """What can be passed on now, and the citations that are complete with it."""
        # In portions, or a long text would be copied once for each of its words.
        for start in range(0, len(text), _PORTION):
            self._rest += text[start : start + _PORTION]
            self._read(final=False)
        return self._taken()

    def end(self) -> tuple[str, list[Annotation]]:
        """What was kept until the text was whole."""
        self._read(final=True)
        self._cite()
        if not self._after_mark:
            self._flush_gap()
        return self._taken()

    def _read(self, *, final: bool) -> None:
        while self._rest:
            step = self._code(final) if self._fence or self._span else self._prose(final)
            if not step:
                break
            self._rest = self._rest[step:]

    def _taken(self) -> tuple[str, list[Annotation]]:
        text, notes = "".join(self._out), self._notes
        self._out, self._notes = [], []
        return text, notes

    def _prose(self, final: bool) -> int:
        """Reads one piece of ``_rest``; how many characters it took, 0: more are needed."""
        rest = self._rest
        if match := _BLANK.match(rest):
            self._blank(match.group())
            return match.end()
        if rest[0] in "[【":
            return self._mark(final)
        if rest[0] in "`~":
            return self._ticks(final)
        if rest[0] == "\\":
            if len(rest) < 2 and not final:
                return 0
            self._say(rest[:2])
            return len(rest[:2])
        match = _ORDINARY.match(rest)
        assert match is not None
        self._say(match.group())
        return match.end()

    def _blank(self, gap: str) -> None:
        if self._after_mark:
            self._gap, self._after_mark = "", False
        if not self._length:
            return  # an answer begins with its first word
        self._gap += gap
        # In equal portions, or the text would depend on how the model cuts it into pieces.
        while len(self._gap) > _LONGEST:
            later, self._gap = self._gap[_LONGEST:], self._gap[:_LONGEST]
            self._flush_gap()
            self._gap = later

    def _mark(self, final: bool) -> int:
        match = _MARKISH[self._rest[0]].match(self._rest)
        assert match is not None
        if match.end() == len(self._rest) < _LONGEST and not final:
            return 0
        group = _GROUP.match(self._rest)
        after = self._rest[group.end() : group.end() + 1] if group else ""
        if group is None or after == "(":  # a link, or just a bracket
            self._say(self._rest[0])
            return 1
        self._note(self._named(group.group()))
        return group.end()

    def _named(self, group: str) -> list[str]:
        """Ids of the passages that a group of marks names, in its order."""
        ids: list[str] = []
        for match in _SPAN.finditer(re.sub(r"†[^】]*", "", group)):
            first, last = int(match[1]), int(match[3] or match[1])
            for number in range(first, last + 1):
                if number <= len(self._sources):
                    ids.append(self._sources[number - 1])
                else:
                    metering.count(metering.Event.CITATIONS_DROPPED)
        return ids

    def _note(self, ids: list[str]) -> None:
        if "\n" in self._gap:
            self._flush_gap(ends=False)
        self._after_mark = self._length > 0
        place = (self._claim, self._solid) if self._claim is not None else self._cited
        if not ids:
            return
        if place is None:
            metering.count(metering.Event.CITATIONS_DROPPED)
            return
        if self._waiting and self._waiting[:2] == place:
            self._waiting[2].extend(ids)
        else:
            self._cite()
            self._waiting = (*place, ids)
        self._claim, self._cited = None, place

    def _cite(self) -> None:
        """Hands the citation out that waited for further marks of the same statement."""
        if self._waiting is None:
            return
        start, end, ids = self._waiting
        self._waiting = None
        self._notes.append(annotation_of(self._whole()[start:end], start, ids))

    def _ticks(self, final: bool) -> int:
        match = _RUN[self._rest[0]].match(self._rest)
        assert match is not None
        if match.end() == len(self._rest) and not final:
            return 0
        run, gap = match.group(), self._gap
        head = gap.rpartition("\n")[2] if "\n" in gap else self._line + gap
        block = len(run) >= 3 and _LINE_HEAD.match(head) is not None
        self._say(run)
        if block:
            self._fence, self._inside_line, self._claim = run, True, None
        elif run[0] == "`":
            self._span = run
            if self._claim is None:
                self._claim = self._length - len(run)
        return match.end()

    def _code(self, final: bool) -> int:
        return self._in_block(final) if self._fence else self._in_span(final)

    def _in_span(self, final: bool) -> int:
        rest = self._rest
        stop = min((i for i in (rest.find("`"), rest.find("\n")) if i >= 0), default=len(rest))
        if stop:
            self._emit(rest[:stop])
            return stop
        if rest[0] == "\n":
            self._span = ""  # it was a lone backtick
            return self._prose(final)
        match = _RUN["`"].match(rest)
        assert match is not None
        if match.end() == len(rest) and not final:
            return 0
        self._emit(match.group())
        if match.group() == self._span:
            self._span = ""
        return match.end()

    def _in_block(self, final: bool) -> int:
        line, newline, _ = self._rest.partition("\n")
        kept = line.strip()
        may_close = not self._inside_line and set(kept) <= {self._fence[0]}
        if may_close and not newline and not final:
            return 0 if len(line) < _LONGEST else self._line_of_code(line, "")
        if may_close and len(kept) >= len(self._fence):
            if self._claim is not None and self._claim < self._solid:
                self._cited = (self._claim, self._solid)
            self._emit(line)
            self._fence, self._claim, self._line = "", None, line
            return len(line)
        return self._line_of_code(line, newline)

    def _line_of_code(self, line: str, newline: str) -> int:
        opening = self._inside_line and self._claim is None
        self._emit(line + newline)
        self._inside_line = not newline
        if newline and opening:
            self._claim = self._length
        return len(line) + len(newline)

    def _say(self, text: str) -> None:
        """Passes prose on, after the gap before it."""
        if self._after_mark:
            self._after_mark = False
            if text[0] in _CLOSING:
                self._gap = ""
            elif not self._gap and text[0].isalnum():
                self._gap = " "
        self._flush_gap()
        self._cite()
        if self._claim is None and (match := _WORD.search(text)):
            self._claim = self._length + match.start()
        self._emit(text)
        self._line = (self._line + text)[:_LONGEST]

    def _flush_gap(self, *, ends: bool = True) -> None:
        gap, self._gap = self._gap, ""
        if not gap:
            return
        if ends and ("\n" in gap or _SENTENCE_END.search(self._tail)):
            if self._claim is not None:
                self._cited = (self._claim, self._solid)
            self._claim = None
        self._emit(gap)
        self._line = gap.rpartition("\n")[2] if "\n" in gap else (self._line + gap)[:_LONGEST]

    def _emit(self, text: str) -> None:
        self._out.append(text)
        self._said.append(text)
        solid = len(text.rstrip())
        if solid:
            self._solid = self._length + solid
            self._tail = (self._tail + text[:solid])[-8:]
        self._length += len(text)

    def _whole(self) -> str:
        whole = "".join(self._said)
        self._said = [whole]
        return whole

"""Inline rules for MDX, and notes of what a reader does not see as it is written."""

import re
from dataclasses import dataclass
from typing import Final

from markdown_it.rules_inline import StateInline, entity, image, link

from loaders.mdx.jsx import Tag, comment_end, element_end, expression_end, literal, read_tag

_COMMENT: Final = re.compile(r"\{\s*(?:/\*(?:(?!\*/).)*\*/\s*)+\}", re.S)
_TEXT_DIRECTIVE: Final = re.compile(
    r":([A-Za-z][\w-]*+(?<![-_]))(?!:)(?:\[([^\]]{0,300}+)\])?(?:\{[^}]{0,300}+\})?"
)
_DEEPEST: Final = 20
"""Brackets in brackets; each level more is another look at all that follows."""
_PUBLIC: Final = ("http://", "https://", "mailto:")


@dataclass(frozen=True)
class Span:
    """A stretch of an inline source that is shown as ``text`` instead."""

    start: int
    end: int
    text: str


def _note(state: StateInline, start: int, end: int, text: str) -> None:
    # An image's description is parsed on its own; its positions are not the paragraph's.
    if state.src is state.env.get("source"):
        state.env["spans"].append(Span(start, end, text))


def text_jsx(state: StateInline, silent: bool) -> bool:
    """Tags and HTML comments go; what they enclose stays."""
    start = state.pos
    if state.src[start] != "<":
        return False
    end = comment_end(state.src, start)
    if end is None and state.src.startswith("<!--", start):
        # No comment: said here, or markdown-it looks for its end once more.
        if not silent:
            state.pending += "<"
        state.pos += 1
        return True
    if end is None:
        tag = read_tag(state.src, start)
        if tag is None or not tag.known:
            return False
        end, text = element_end(state.src, tag), _tag_text(tag)
    else:
        text = ""
    if not silent:
        token = state.push("jsx_inline", "", 0)
        token.content, token.meta = state.src[start:end], {"text": text}
        _note(state, start, end, text)
    state.pos = end
    return True


def _tag_text(tag: Tag) -> str:
    if tag.name == "br":
        return "\n"
    return f"**{tag.shown}** " if tag.shown and tag.name != "img" else tag.shown


def text_expression(state: StateInline, silent: bool) -> bool:
    """``{…}`` goes, but for a plain string; ``{#id}`` of a heading is text here."""
    start = state.pos
    if state.src[start] != "{" or state.src.startswith("{#", start):
        return False
    end = expression_end(state.src, start)
    if end is None:
        return False
    if not silent:
        token = state.push("expression", "", 0)
        token.content = state.src[start:end]
        _note(state, start, end, literal(token.content))
    state.pos = end
    return True


def text_entity(state: StateInline, silent: bool) -> bool:
    """``&amp;`` is shown as the character it names."""
    start = state.pos
    if not entity(state, silent):
        return False
    if not silent:
        _note(state, start, state.pos, state.tokens[-1].content.replace("\u00a0", " "))
    return True


def text_directive(state: StateInline, silent: bool) -> bool:
    """``:name[label]``. Shown as written, but heading anchors leave the name out."""
    start = state.pos
    match = _TEXT_DIRECTIVE.match(state.src, start)
    if match is None or (start and state.src[start - 1] == ":"):
        return False
    if not silent:
        token = state.push("text_directive", "", 0)
        token.content, token.meta = match[0], {"label": match[2] or ""}
    state.pos = match.end()
    return True


def _is_too_deep(state: StateInline, silent: bool) -> bool:
    """Gives the paragraph's brackets up, as markdown-it does at ``maxNesting``, but sooner."""
    if not silent or state.level <= _DEEPEST or state.src[state.pos] not in "[!":
        return False
    state.pos = state.posMax
    return True


def text_link(state: StateInline, silent: bool) -> bool:
    """A link to another site stays; one within the book would lead nowhere from a citation."""
    start, before = state.pos, len(state.tokens)
    if _is_too_deep(state, silent):
        return True
    if not link(state, silent):
        return False
    if not silent:
        label_end = state.md.helpers.parseLinkLabel(state, start)
        opened = next(t for t in state.tokens[before:] if t.type == "link_open")
        href = str(opened.attrGet("href") or "")
        if not href.startswith(_PUBLIC):
            _note(state, start, start + 1, "")
            _note(state, label_end, state.pos, "")
        elif state.src[label_end + 1 : label_end + 2] != "(":  # [text][name], defined elsewhere
            _note(state, label_end, state.pos, f"]({href})")
    return True


def text_image(state: StateInline, silent: bool) -> bool:
    """Of an image, its description is read."""
    start = state.pos
    if _is_too_deep(state, silent):
        return True
    if not image(state, silent):
        return False
    if not silent:
        _note(state, start, state.pos, state.tokens[-1].content)
    return True


def is_comment(expression: str) -> bool:
    """``{/* … */}`` and nothing else."""
    return bool(_COMMENT.fullmatch(expression))

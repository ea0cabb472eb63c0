"""CommonMark and MDX as Docusaurus reads them: markdown-it-py with rules for what MDX adds."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.ruler import RuleOptionsType
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline, entity
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin

from loaders.jsx import HIDDEN, Tag, comment_end, expression_end, literal, read_tag

_ESM: Final = re.compile(
    r"import\s+(?:['\"]|[\w*{$][^'\"]*?\bfrom\s*['\"])"
    r"|export\s+(?:default\b|const\b|let\b|var\b|function\b|class\b|async\b|\{|\*)"
)
_DIRECTIVE: Final = re.compile(r"(:{3,})[ \t]*([A-Za-z][\w-]*)?[ \t]*(.*)$")
_LABEL: Final = re.compile(r"\[(.*)\]")
_TITLE: Final = re.compile(r"\btitle=(?:\"([^\"]*)\"|'([^']*)')")
_COMMENT: Final = re.compile(r"\{\s*(?:/\*(?:(?!\*/).)*\*/\s*)+\}", re.S)
_INTERRUPTS: Final[RuleOptionsType] = {"alt": ["paragraph", "reference", "blockquote", "list"]}


@lru_cache(maxsize=2)
def parser(mdx: bool) -> MarkdownIt:
    """A parser of block structure; inline text is parsed on demand with ``inline``."""
    md = MarkdownIt("commonmark", {"html": not mdx}).enable(["table", "strikethrough"])
    md.core.ruler.enableOnly(["normalize", "block"])
    dollarmath_plugin(md, allow_labels=False, allow_space=False, allow_digits=False)
    md.block.ruler.before("fence", "directive", _directive, _INTERRUPTS)
    md.inline.ruler.before("html_inline", "jsx", _jsx_inline)
    md.inline.ruler.at("entity", _entity)
    if mdx:
        md.disable(["code", "html_block", "html_inline", "autolink"])
        md.block.ruler.before("directive", "esm", _esm)
        md.block.ruler.before("directive", "jsx", _jsx_block, _INTERRUPTS)
        md.inline.ruler.before("jsx", "expression", _expression_inline)
    return md


@dataclass(frozen=True)
class Span:
    """A stretch of an inline source that is shown as ``text`` instead."""

    start: int
    end: int
    text: str


def inline(md: MarkdownIt, source: str, env: dict[str, object]) -> tuple[list[Token], list[Span]]:
    """Inline tokens of ``source`` and what of it a reader does not see as written."""
    spans: list[Span] = []
    scope = {**env, "spans": spans, "source": source}
    tokens = md.inline.parse(source, md, scope, [])
    return tokens, spans


def _note(state: StateInline, start: int, end: int, text: str) -> None:
    # An image's description is parsed on its own; its positions are not the paragraph's.
    if state.src is state.env.get("source"):
        state.env["spans"].append(Span(start, end, text))


def _jsx_inline(state: StateInline, silent: bool) -> bool:
    start = state.pos
    if state.src[start] != "<":
        return False
    end = comment_end(state.src, start)
    if end is None:
        tag = read_tag(state.src, start)
        if tag is None or not tag.known:
            return False
        end, text = _element_end(state.src, tag), _tag_text(tag)
    else:
        text = ""
    if not silent:
        token = state.push("jsx_inline", "", 0)
        token.content, token.meta = state.src[start:end], {"text": text}
        _note(state, start, end, text)
    state.pos = end
    return True


def _element_end(src: str, tag: Tag) -> int:
    """End of the tag, or of its element when the content is never shown."""
    if tag.name in HIDDEN and not tag.closing and not tag.void:
        close = src.find(f"</{tag.name}>", tag.end)
        if close >= 0:
            return close + len(tag.name) + 3
    return tag.end


def _tag_text(tag: Tag) -> str:
    if tag.name == "br":
        return "\n"
    return f"**{tag.shown}** " if tag.shown and tag.name != "img" else tag.shown


def _expression_inline(state: StateInline, silent: bool) -> bool:
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


def _entity(state: StateInline, silent: bool) -> bool:
    start = state.pos
    if not entity(state, silent):
        return False
    if not silent:
        _note(state, start, state.pos, state.tokens[-1].content.replace("\u00a0", " "))
    return True


def is_comment(expression: str) -> bool:
    """``{/* … */}`` and nothing else."""
    return bool(_COMMENT.fullmatch(expression))


def _start(state: StateBlock, line: int) -> int:
    return int(state.bMarks[line] + state.tShift[line])


def _esm(state: StateBlock, line: int, end_line: int, silent: bool) -> bool:
    """``import`` and ``export`` statements, up to a blank line outside of any brace."""
    if state.level or state.tShift[line] or state.src[_start(state, line)] not in "ie":
        return False
    start = _start(state, line)
    paragraph = state.src[start : start + 2000].split("\n\n", 1)[0]
    if not _ESM.match(paragraph):
        return False
    if silent:
        return True
    depth, current = 0, line
    while current < end_line:
        text = state.src[_start(state, current) : state.eMarks[current]]
        if not text and depth <= 0:
            break
        depth += sum(c in "{([" for c in text) - sum(c in "})]" for c in text)
        current += 1
    _push(state, "hidden", line, current)
    return True


def _jsx_block(state: StateBlock, line: int, end_line: int, silent: bool) -> bool:
    """Tags, comments and expressions that fill their lines; what they enclose stays Markdown."""
    pos = start = _start(state, line)
    if start >= state.eMarks[line] or state.src[start] not in "<{":
        return False
    shown: list[str] = []
    while pos < len(state.src) and state.src[pos] in "<{":
        end, text = _flow_item(state.src, pos)
        if end is None:
            return False
        if text:
            shown.append(text)
        while end < len(state.src) and state.src[end] in " \t":
            end += 1
        pos = end
    if pos < len(state.src) and state.src[pos] != "\n":
        return False
    if silent:
        return True
    after = line
    while after < end_line and state.bMarks[after] < pos:
        after += 1
    token = _push(state, "shown" if shown else "hidden", line, max(after, line + 1))
    token.content = "\n".join(shown)
    return True


def _flow_item(src: str, pos: int) -> tuple[int | None, str]:
    if src[pos] == "{":
        end = expression_end(src, pos)
        return end, literal(src[pos:end]).strip() if end else ""
    end = comment_end(src, pos)
    if end is not None:
        return end, ""
    tag = read_tag(src, pos)
    if tag is None or not tag.known:
        return None, ""
    return _element_end(src, tag), f"**{tag.shown}**" if tag.shown else ""


def _directive(state: StateBlock, line: int, end_line: int, silent: bool) -> bool:
    """``:::tip[Title]`` and ``:::``: the title is shown, the content between stays Markdown."""
    start = _start(state, line)
    if state.src[start : start + 3] != ":::":
        return False
    match = _DIRECTIVE.match(state.src[start : state.eMarks[line]])
    if match is None or (not match[2] and match[3]):
        return False
    if silent:
        return True
    token = _push(state, "shown" if match[2] else "hidden", line, line + 1)
    token.content = _admonition(match[2] or "", match[3])
    return True


def _admonition(name: str, rest: str) -> str:
    label, title = _LABEL.search(rest), _TITLE.search(rest)
    text = title[1] or title[2] if title else label[1] if label else rest
    text = re.sub(r"\{[^}]*\}\s*$", "", text or "").strip()
    kind = name.capitalize()
    return f"**{kind}: {text}**" if text else f"**{kind}**"


def _push(state: StateBlock, kind: str, line: int, after: int) -> Token:
    state.line = after
    token = state.push(kind, "", 0)
    token.map = [line, after]
    return token

"""Block rules for MDX and Docusaurus: ``import``, JSX on lines of its own, admonitions."""

import re
from typing import Final

from markdown_it.rules_block import StateBlock
from markdown_it.token import Token

from loaders.mdx.jsx import comment_end, element_end, expression_end, literal, read_tag
from loaders.mdx.pictures import Picture, of_tag

_ESM: Final = re.compile(
    r"import\s+(?:['\"]|[\w*{$][^'\"]*?\bfrom\s*['\"])"
    r"|export\s+(?:default\b|const\b|let\b|var\b|function\b|class\b|async\b|\{|\*)"
)
_DIRECTIVE: Final = re.compile(r"(:{3,}+)[ \t]*+([A-Za-z][\w-]*+)?[ \t]*+(.*)$")
_LABEL: Final = re.compile(r"^[^\[]*+\[(.*)\]")
_TITLE: Final = re.compile(r"\btitle=(?:\"([^\"]*)\"|'([^']*)')")


def _start(state: StateBlock, line: int) -> int:
    return int(state.bMarks[line] + state.tShift[line])


def esm(state: StateBlock, line: int, end_line: int, silent: bool) -> bool:
    """``import`` and ``export`` statements, up to a blank line outside of any brace."""
    if state.level or state.tShift[line] or state.src[_start(state, line)] not in "ie":
        return False
    start = _start(state, line)
    paragraph = state.src[start : start + 2000].split("\n\n", 1)[0]
    if not _ESM.match(paragraph):
        return False
    if silent:
        return True
    token = _push(state, "hidden", line, _esm_end(state, line, end_line))
    token.content = state.src[start : state.eMarks[state.line - 1]]
    return True


def _esm_end(state: StateBlock, line: int, end_line: int) -> int:
    """The first blank line outside of any brace; the first of all if braces never close."""
    depth, first_blank = 0, end_line
    for current in range(line, end_line):
        text = state.src[_start(state, current) : state.eMarks[current]]
        if not text:
            first_blank = min(first_blank, current)
            if depth <= 0:
                return current
        elif first_blank < current and text.startswith(("import ", "export ")):
            return first_blank  # the next statement: that brace closes nowhere
        depth += sum(c in "{([" for c in text) - sum(c in "})]" for c in text)
    return end_line if depth <= 0 else first_blank


def block_jsx(state: StateBlock, line: int, end_line: int, silent: bool) -> bool:
    """Tags, comments and expressions that fill their lines; what they enclose stays Markdown."""
    pos = start = _start(state, line)
    if start >= state.eMarks[line] or state.src[start] not in "<{":
        return False
    shown: list[str] = []
    pictures: list[Picture] = []
    component = read_tag(state.src, start)
    while pos < len(state.src) and state.src[pos] in "<{":
        end, text = _flow_item(state.src, pos)
        if end is None:
            return False
        if text:
            shown.append(text)
        if tag := read_tag(state.src, pos):
            pictures += of_tag(tag)
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
    if component is not None and component.void and component.end == pos:
        token.meta = {"component": component.name}
    token.meta["pictures"] = pictures
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
    return element_end(src, tag), f"**{tag.shown}**" if tag.shown else ""


def block_directive(state: StateBlock, line: int, end_line: int, silent: bool) -> bool:
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
    text = re.sub(r"\{[^{}]*+\}\s*+$", "", text or "").strip()
    kind = name.capitalize()
    return f"**{kind}: {text}**" if text else f"**{kind}**"


def _push(state: StateBlock, kind: str, line: int, after: int) -> Token:
    state.line = after
    token = state.push(kind, "", 0)
    token.map = [line, after]
    return token

"""Block tokens back to Markdown, without what a reader of the published page does not see."""

from collections.abc import Sequence
from html.parser import HTMLParser
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

from loaders.mdx.jsx import HIDDEN
from loaders.mdx.parser import inline
from loaders.mdx.pictures import Picture, of_attributes, of_inline

_MARKED: Final = frozenset("<{&![")


class Blocks:
    """Writes one page's block tokens as Markdown again.

    Args:
        md: the parser that made the tokens.
        env: its environment, which holds the page's link definitions.
    """

    def __init__(self, md: MarkdownIt, env: dict[str, object]) -> None:
        self._md = md
        self._env = env
        self._pictures: list[Picture] = []

    def pictures(self) -> tuple[Picture, ...]:
        """Those of the blocks that were rendered since the last time."""
        found, self._pictures = tuple(self._pictures), []
        return found

    def render(self, tokens: Sequence[Token], start: int, end: int) -> str:
        """Markdown of the sibling blocks ``tokens[start:end]``, separated by blank lines."""
        return "\n\n".join(text for text, _ in self._each(tokens, start, end) if text)

    def _each(self, tokens: Sequence[Token], start: int, end: int) -> list[tuple[str, str]]:
        blocks, i = [], start
        while i < end:
            close = closing(tokens, i)
            blocks.append((self._block(tokens, i, close), tokens[i].type))
            i = close + 1
        return blocks

    def _block(self, tokens: Sequence[Token], i: int, close: int) -> str:
        token = tokens[i]
        kind = token.type
        if kind == "paragraph_open":
            return self._figures(tokens[i + 1].content) or self.text(tokens[i + 1].content)
        if kind in ("fence", "code_block"):
            return _code(token)
        if kind in ("bullet_list_open", "ordered_list_open"):
            return self._list(tokens, i, close)
        if kind == "blockquote_open":
            return _indent(self.render(tokens, i + 1, close), "> ", "> ")
        if kind == "footnote_reference_open":
            return f"[^{token.meta['label']}]: {self.render(tokens, i + 1, close)}"
        if kind == "admonition_open":
            return self.render(tokens, i + 1, close)
        if kind == "admonition_title_open":
            return f"**{self.text(tokens[i + 1].content)}**"
        if kind == "table_open":
            return self._table(tokens[i:close])
        if kind == "heading_open":
            return f"{'#' * int(token.tag[1])} {self.text(tokens[i + 1].content)}"
        if kind == "math_block":
            return f"$$\n{token.content.strip()}\n$$"
        if kind == "html_block":
            return self._html(token.content)
        self._pictures += token.meta.get("pictures", ())
        return token.content if kind == "shown" else ""

    def _html(self, source: str) -> str:
        text, pictures = read_html(source)
        self._pictures += pictures
        return text

    def _list(self, tokens: Sequence[Token], start: int, close: int) -> str:
        ordered = tokens[start].type == "ordered_list_open"
        number = int(tokens[start].attrGet("start") or 1) if ordered else 0
        items, i = [], start + 1
        while i < close:
            end = closing(tokens, i)
            mark = f"{number}. " if ordered else "- "
            body = _join_item(self._each(tokens, i + 1, end))
            items.append(_indent(body, mark, " " * len(mark)) if body else mark.rstrip())
            number += 1
            i = end + 1
        return "\n".join(items)

    def _table(self, tokens: Sequence[Token]) -> str:
        rows: list[list[str]] = []
        for token in tokens:
            if token.type == "tr_open":
                rows.append([])
            elif token.type == "inline":
                rows[-1].append(self.text(token.content).replace("\n", " ").replace("|", "\\|"))
        lines = [f"| {' | '.join(row)} |" for row in rows]
        return "\n".join([lines[0], "|" + " --- |" * len(rows[0]), *lines[1:]])

    def _figures(self, source: str) -> str:
        """Pictures that stand alone, marked as such: their descriptions are no sentences."""
        if not source.lstrip().startswith("!["):
            return ""
        tokens, _ = inline(self._md, source, self._env)
        tokens = [t for t in tokens if t.content.strip() or t.type == "image"]
        if any(token.type != "image" for token in tokens):
            return ""
        self._pictures += of_inline(tokens)
        described = (" ".join(token.content.split()) for token in tokens)
        return "\n".join(f"[Figure: {text}]" for text in described if text)

    def text(self, source: str) -> str:
        """Inline Markdown of ``source``: tags and comments gone, entities decoded."""
        if not _MARKED.intersection(source):
            return source
        tokens, spans = inline(self._md, source, self._env)
        self._pictures += of_inline(tokens)
        if not spans:
            return source
        parts, pos = [], 0
        for span in sorted(spans, key=lambda s: (s.start, -s.end)):
            if span.start >= pos:
                parts += [source[pos : span.start], span.text]
                pos = span.end
        lines = ("".join([*parts, source[pos:]])).split("\n")
        return "\n".join(line for line in (line.strip() for line in lines) if line)


def closing(tokens: Sequence[Token], i: int) -> int:
    """Index of the token that closes the block opened at ``i``; ``i`` itself for a leaf."""
    depth = 0
    for k in range(i, len(tokens)):
        depth += tokens[k].nesting
        if depth <= 0:
            return k
    return len(tokens) - 1


def _join_item(blocks: list[tuple[str, str]]) -> str:
    """Blocks of a list item: tight, except where two paragraphs would run into one."""
    text, before = "", ""
    for block, kind in blocks:
        if block:
            loose = kind == "paragraph_open" and text
            text += ("\n\n" if loose else "\n" if text else "") + block
            before = kind
    return text if before else ""


def _indent(text: str, first: str, rest: str) -> str:
    lines = text.split("\n")
    return "\n".join(
        [
            first + lines[0],
            *((rest + line).rstrip() if line else rest.rstrip() for line in lines[1:]),
        ]
    )


def _code(token: Token) -> str:
    content = token.content.strip("\n")
    if not content.strip():
        return ""
    fence = "```"
    while fence in content:
        fence += "`"
    return f"{fence}{token.info.strip()}\n{content}\n{fence}"


class _Visible(HTMLParser):
    """Text of an HTML fragment, one line per block element."""

    _BREAKS: Final = frozenset(
        "p div li ul ol tr table br h1 h2 h3 h4 h5 h6 details summary section article pre dt dd hr"
        " blockquote figure figcaption".split()
    )

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.pictures: list[Picture] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in HIDDEN:
            self._hidden += 1
        elif tag == "img":
            self.parts.append(dict(attrs).get("alt") or "")
            self.pictures += () if self._hidden else of_attributes(dict(attrs))
        elif tag in self._BREAKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in HIDDEN:
            self._hidden = max(0, self._hidden - 1)
        elif tag in self._BREAKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)


def read_html(html: str) -> tuple[str, list[Picture]]:
    """What a reader sees of an HTML fragment, lines stripped, blank ones dropped; its pictures."""
    reader = _Visible()
    # A comment that nothing ends hides the rest, as in a browser; the parser looks for its end
    # again and again.
    unclosed = html.find("<!--", max(0, html.rfind("-->")))
    reader.feed(html if unclosed < 0 else html[:unclosed])
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.parts).split("\n"))
    return "\n".join(line for line in lines if line), reader.pictures

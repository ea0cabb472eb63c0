"""One Markdown or MDX page to sections: headings, anchors, front matter, visible text."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

from loaders.mdx.blocks import Blocks, closing
from loaders.mdx.inline_rules import is_comment
from loaders.mdx.parser import inline, parser
from loaders.mdx.partials import ReadPartial, nothing, with_partials
from loaders.mdx.pictures import Picture
from loaders.mdx.slugs import Slugger

_EXPLICIT_ID: Final = re.compile(r"(?:(?<!\s)\s++)?\{#((?:.(?!\{#|\}))*.)\}$")
# Python-Markdown's attribute lists: {#id}, { #id .class }, {: #id }.
_ATTRIBUTES: Final = re.compile(r"(?:(?<!\s)\s++)?\{:?\s*+(?:[.\w-]++\s++)*+#([\w:.-]++)[^{}]*+\}$")
_HTML_COMMENT: Final = re.compile(r"<!--(.*)-->", re.S)
# Bounded, so that a page of opening brackets costs no more than its length.
_TARGET: Final = re.compile(r"\]\(<?([^()\s<>\"]{1,500})")
_FRONT: Final = re.compile(r"---[ \t]*\n(.*?)(?:^---[ \t]*(?:\n|\Z))", re.S | re.M)


Anchors = Callable[[str], str]
"""Anchor of the next heading of a page, by the heading's text."""


@dataclass(frozen=True)
class Heading:
    """A heading as a reader sees it and the ``id`` that the published page gives it."""

    level: int
    text: str
    anchor: str


@dataclass(frozen=True)
class Section:
    """Text below one heading, up to the next one of any level.

    ``trail`` holds the headings above it and its own, outermost first; empty before the
    first heading. ``text`` may be empty.
    """

    trail: tuple[Heading, ...]
    text: str
    pictures: tuple[Picture, ...] = ()


@dataclass
class Page:
    """A parsed page. ``problems`` says in words what is wrong with the source."""

    front_matter: dict[str, Any]
    sections: list[Section]
    problems: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    """Targets of its links, as written."""

    @property
    def h1(self) -> str | None:
        """Text of the page's title heading, if its first heading is one."""
        first = next((s.trail[-1] for s in self.sections if s.trail), None)
        return first.text if first is not None and first.level == 1 else None


def parse_page(
    source: str,
    *,
    mdx: bool = True,
    keep_case: bool = False,
    read: ReadPartial = nothing,
    anchors: Anchors | None = None,
) -> Page:
    """Front matter and sections of a page, in order.

    Args:
        source: the page's text.
        mdx: whether it is MDX or CommonMark.
        keep_case: the site's anchors keep capital letters.
        read: text of a partial by the path that the page imports it from.
        anchors: names the headings of this one page; None: as Docusaurus does.
    """
    front_matter, body, problems = split_front_matter(source.replace("\r\n", "\n"))
    offset = source.count("\n") - body.count("\n")
    body += "" if body.endswith("\n") else "\n"
    md, env = parser(mdx), dict[str, object]()
    tokens = with_partials(md, md.parse(body, env), env, read)
    problems += [f"code fence in line {n + offset} is not closed" for n in _unclosed(tokens)]
    reader = _Sections(md, env, anchors or Slugger(keep_case=keep_case).slug)
    return Page(front_matter, list(reader.read(tokens)), problems, _TARGET.findall(body))


def split_front_matter(source: str) -> tuple[dict[str, Any], str, list[str]]:
    """Front matter, the text after it, and what is wrong with it."""
    match = _FRONT.match(source.removeprefix("\ufeff"))
    if match is None:
        return {}, source.removeprefix("\ufeff"), []
    body = source.removeprefix("\ufeff")[match.end() :]
    try:
        values = yaml.load(match[1], Loader=_Loader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 2}" if mark else ""
        return {}, body, [f"front matter is not valid YAML{where}"]
    if values is None:
        return {}, body, []
    if not isinstance(values, dict):
        return {}, body, ["front matter is not a mapping"]
    return {str(key): value for key, value in values.items()}, body, []


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # a base chosen at run time
    """Safe YAML that leaves dates as they are written."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in _Loader.yaml_implicit_resolvers.items()
}


def _unclosed(tokens: Sequence[Token]) -> Iterator[int]:
    """1-based lines at which a fence opens that nothing closes."""
    for token in tokens:
        if token.type == "fence" and token.map:
            first, after = token.map
            if token.content.count("\n") != after - first - 2:
                yield first + 1


class _Sections:
    """Cuts a page at its headings."""

    def __init__(self, md: MarkdownIt, env: dict[str, object], anchors: Anchors) -> None:
        self._md, self._env, self._anchors = md, env, anchors
        self._blocks = Blocks(md, env)

    def read(self, tokens: Sequence[Token]) -> Iterator[Section]:
        trail: list[Heading] = []
        start = i = 0
        while i < len(tokens):
            token = tokens[i]
            if token.type == "heading_open" and token.level == 0:
                if i > start or trail:
                    yield self._section(trail, tokens, start, i)
                level = int(token.tag[1])
                trail = [h for h in trail if h.level < level]
                trail.append(self._heading(level, tokens[i + 1].content))
                start = i = closing(tokens, i) + 1
                continue
            if token.type == "heading_open":  # inside a list or quote: takes its anchor, no more
                self._heading(int(token.tag[1]), tokens[i + 1].content)
            i += 1
        if len(tokens) > start or trail:
            yield self._section(trail, tokens, start, len(tokens))

    def _section(
        self, trail: Sequence[Heading], tokens: Sequence[Token], start: int, end: int
    ) -> Section:
        text = self._blocks.render(tokens, start, end)
        return Section(tuple(trail), text, self._blocks.pictures())

    def _heading(self, level: int, source: str) -> Heading:
        tokens, _ = inline(self._md, source, self._env)
        explicit = _comment_id(tokens)
        if explicit:
            return Heading(level, _shown(_plain(tokens[:-1])), explicit)
        text = _plain(tokens)
        match = _EXPLICIT_ID.search(text) or (
            _ATTRIBUTES.search(text) if self._md.options["html"] else None
        )
        if match and match[1].strip():
            return Heading(level, _shown(text[: match.start()]), match[1].strip())
        return Heading(level, _shown(text), self._anchors(_plain(tokens, code=True)))


def _plain(tokens: Sequence[Token], *, code: bool = False) -> str:
    """Text of inline tokens without marks; ``code``: as anchors have it."""
    parts: list[str] = []
    for token in tokens:
        if token.type in ("text", "text_special", "code_inline", "math_inline"):
            parts.append(token.content)
        elif token.type == "image":
            parts.append(_plain(token.children or [], code=code) or token.content)
        elif token.type in ("softbreak", "hardbreak"):
            parts.append("\n")
        elif token.type == "text_directive":
            parts.append(token.meta["label"] if code else token.content)
        elif token.type == "expression" and code:
            parts.append(token.content[1:-1])
    return "".join(parts)


def _shown(text: str) -> str:
    return " ".join(text.split())


def _comment_id(tokens: Sequence[Token]) -> str | None:
    """``id`` of a heading that ends in ``{/* #id */}`` or, in plain Markdown, ``<!-- #id -->``."""
    if not tokens:
        return None
    content = tokens[-1].content
    if tokens[-1].type == "expression" and is_comment(content):
        comment = content[1:-1].strip()[2:-2]
    elif match := _HTML_COMMENT.fullmatch(content) if tokens[-1].type == "jsx_inline" else None:
        comment = match[1]
    else:
        return None
    first = (comment.split() or [""])[0]
    return first[1:] or None if first.startswith("#") else None


def text_of(value: object) -> str | None:
    """A front matter value as text; None for what is no scalar."""
    if isinstance(value, bool) or value is None or isinstance(value, Mapping | list):
        return None
    return str(value)

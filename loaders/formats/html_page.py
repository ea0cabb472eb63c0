"""One HTML page to sections: its main content as Markdown, with the ids of its headings."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from selectolax.lexbor import LexborHTMLParser, LexborNode

from loaders.mdx.page import Heading, Page, Section
from loaders.mdx.pictures import Picture, of_attributes

_MAIN: Final = ("article", "main", "[role=main]", "#content", "body")
_SKIPPED: Final = frozenset(
    "script style noscript svg nav footer aside form button template iframe object head select"
    " input textarea canvas video audio".split()
)
_SKIPPED_CLASSES: Final = frozenset(
    "hash-link headerlink header-anchor anchor-link anchorjs-link table-of-contents toc sidebar"
    " breadcrumbs pagination-nav theme-doc-toc-mobile theme-doc-breadcrumbs theme-doc-footer"
    " theme-edit-this-page sr-only visually-hidden nav-wrapper nav-chapters prompt linenos"
    " katex-html".split()
)
_BLOCKS: Final = frozenset(
    "address article blockquote body center dd details dialog div dl dt fieldset figcaption figure"
    " h1 h2 h3 h4 h5 h6 header hgroup hr li main math ol p pre section summary table ul".split()
)
_MARKS: Final = {"strong": "**", "b": "**", "em": "*", "i": "*", "del": "~~", "s": "~~"}
_LANGUAGE: Final = re.compile(r"(?:language|lang|highlight|brush:)-?\s?([A-Za-z][\w+#-]*)")
_HEADING: Final = re.compile(r"h[1-6]")
_SPACE: Final = re.compile(r"[ \t\r\n\f]+")


Block = Heading | Picture | str


@dataclass(frozen=True)
class HtmlPage:
    """Sections of a page, its title and what it says of itself."""

    page: Page
    title: str
    language: str
    noindex: bool
    canonical: str
    """Public URL that the page gives for itself; empty if it gives none."""


def parse_html(source: str) -> HtmlPage:
    """The main content of a page; navigation, sidebars, scripts and forms stay out."""
    tree = LexborHTMLParser(source)
    root = next((node for node in map(tree.css_first, _MAIN) if node is not None), None)
    sections = list(_sections(_blocks(root))) if root is not None else []
    h1 = next((s.trail[0].text for s in sections if s.trail and s.trail[0].level == 1), "")
    title = tree.css_first("title")
    # "Page | Site": the site's name says nothing about the page.
    named = re.split(r"(?<!\s)\s++[|–—·]\s++", _line(title))[0] if title is not None else ""
    html = tree.css_first("html")
    language = (html.attributes.get("lang") or "") if html is not None else ""
    robots = tree.css_first('meta[name="robots"]')
    content = (robots.attributes.get("content") or "") if robots is not None else ""
    link = tree.css_first('link[rel="canonical"]')
    canonical = (link.attributes.get("href") or "") if link is not None else ""
    noindex = "noindex" in content.lower()
    return HtmlPage(Page({}, sections), h1 or named, language, noindex, canonical)


def _sections(blocks: Iterable[Block]) -> Iterator[Section]:
    trail: list[Heading] = []
    texts: list[str] = []
    pictures: list[Picture] = []
    for block in blocks:
        if isinstance(block, str):
            texts.append(block)
        elif isinstance(block, Picture):
            pictures.append(block)
        else:
            if texts or trail:
                yield Section(tuple(trail), "\n\n".join(texts), tuple(pictures))
            trail = [*(h for h in trail if h.level < block.level), block]
            texts, pictures = [], []
    if texts or trail:
        yield Section(tuple(trail), "\n\n".join(texts), tuple(pictures))


def _skipped(node: LexborNode) -> bool:
    if node.tag in _SKIPPED:
        return True
    attributes = node.attributes
    hidden = "hidden" in attributes or attributes.get("aria-hidden") == "true"
    # The tabs that are not chosen are hidden, but they are there to be read.
    if hidden and attributes.get("role") != "tabpanel":
        return True
    return not _SKIPPED_CLASSES.isdisjoint((attributes.get("class") or "").split())


def _blocks(node: LexborNode) -> Iterator[Block]:
    """Headings, paragraphs and pictures below ``node``; text between blocks is a paragraph too."""
    run: list[str] = []
    for child in node.iter(include_text=True):
        if child.tag == "-text":
            run.append(_SPACE.sub(" ", child.text_content or ""))
        elif _skipped(child):
            continue
        elif child.tag in _BLOCKS or _holds_blocks(child):
            yield from _paragraph(run)
            run = []
            yield from _block(child)
        else:
            yield from _pictures(child)
            run.append(_inline(child))
    yield from _paragraph(run)


def _pictures(node: LexborNode) -> Iterator[Picture]:
    for image in node.css("img"):
        yield from of_attributes(image.attributes)


def _holds_blocks(node: LexborNode) -> bool:
    return any(child.tag in _BLOCKS or _holds_blocks(child) for child in node.iter())


def _paragraph(run: Iterable[str]) -> Iterator[str]:
    lines = [line.strip() for line in "".join(run).split("\n")]
    text = "\n".join(line for line in lines if line)
    if text:
        yield text


def _block(node: LexborNode) -> Iterator[Block]:
    tag = str(node.tag)
    if tag in ("ul", "ol", "table", "blockquote"):
        yield from _pictures(node)
    if _HEADING.fullmatch(tag):
        text = _line(node)
        if text:
            yield Heading(int(tag[1]), text, _anchor(node))
    elif tag == "pre":
        yield from _code(node)
    elif tag in ("ul", "ol"):
        yield from _list(node, ordered=tag == "ol")
    elif tag == "table":
        yield from _table(node)
    elif tag == "blockquote":
        quoted = "\n\n".join(_texts(node))
        if quoted:
            yield "\n".join(f"> {line}".rstrip() for line in quoted.split("\n"))
    elif tag in ("dt", "summary"):
        yield from (f"**{text}**" for text in _paragraph([_line(node)]))
    elif tag == "math":
        yield from _paragraph([_inline(node)])
    elif tag != "hr":
        yield from _blocks(node)


def _texts(node: LexborNode) -> Iterator[str]:
    for block in _blocks(node):
        if not isinstance(block, Picture):
            yield f"**{block.text}**" if isinstance(block, Heading) else block


def _anchor(node: LexborNode) -> str:
    """The id that opens this heading: its own, one inside it, or that of the section it heads."""
    own = node.attributes.get("id")
    if own:
        return own
    inner = node.css_first("[id], a[name]")
    if inner is not None:
        return inner.attributes.get("id") or inner.attributes.get("name") or ""
    parent = node.parent
    if parent is not None and parent.tag in ("section", "div", "header"):
        first = next((child for child in parent.iter() if child.tag not in ("a", "span")), None)
        if first is not None and first.mem_id == node.mem_id:
            return parent.attributes.get("id") or ""
    return ""


def _code(node: LexborNode) -> Iterator[str]:
    content = _raw(node).strip("\n")
    if not content.strip():
        return
    classes = [node.attributes.get("class") or ""]
    code = node.css_first("code")
    if code is not None:
        classes.append(code.attributes.get("class") or "")
    above = node.parent
    for _ in range(3):
        if above is not None:
            classes.append(above.attributes.get("class") or "")
            above = above.parent
    match = next((m for m in map(_LANGUAGE.search, classes) if m), None)
    fence = "```" if "```" not in content else "````"
    yield f"{fence}{match[1] if match else ''}\n{content}\n{fence}"


def _raw(node: LexborNode) -> str:
    if node.tag == "-text":
        return node.text_content or ""
    if node.tag == "br":
        return "\n"
    if _skipped(node):
        return ""
    return "".join(_raw(child) for child in node.iter(include_text=True))


def _list(node: LexborNode, *, ordered: bool) -> Iterator[str]:
    start = node.attributes.get("start") or "1"
    number = int(start) if ordered and start.isdigit() else 1
    items: list[str] = []
    for item in node.iter():
        if item.tag != "li" or _skipped(item):
            continue
        mark = f"{number}. " if ordered else "- "
        number += 1
        lines = "\n".join(_texts(item)).split("\n")
        if any(lines):
            indent = " " * len(mark)
            items.append(
                "\n".join([mark + lines[0], *((indent + line).rstrip() for line in lines[1:])])
            )
    if items:
        yield "\n".join(items)


def _table(node: LexborNode) -> Iterator[str]:
    rows = [
        [_line(cell).replace("|", "\\|") for cell in row.iter() if cell.tag in ("td", "th")]
        for row in node.css("tr")
    ]
    rows = [row for row in rows if any(row)]
    if rows:
        width = max(map(len, rows))
        lines = [f"| {' | '.join(row + [''] * (width - len(row)))} |" for row in rows]
        yield "\n".join([lines[0], "|" + " --- |" * width, *lines[1:]])


def _line(node: LexborNode) -> str:
    """Text of a node in one line, without marks."""
    return " ".join(_inline(node, marks=False).split())


def _inline(node: LexborNode, *, marks: bool = True) -> str:
    tag = str(node.tag)
    if tag == "-text":
        return _SPACE.sub(" ", node.text_content or "")
    if tag == "br":
        return "\n"
    if _skipped(node):
        return ""
    if tag == "img":
        return node.attributes.get("alt") or ""
    if tag == "math":
        tex = node.css_first("annotation")
        return f"${_raw(tex).strip()}$" if tex is not None else _raw(node)
    if tag == "code" and marks:
        return f"`{_raw(node)}`"
    inner = "".join(_inline(child, marks=marks) for child in node.iter(include_text=True))
    if not marks or not inner.strip():
        return inner
    href = node.attributes.get("href") or ""
    if tag == "a" and href.startswith(("http://", "https://")):
        return f"[{inner}]({href})"
    mark = _MARKS.get(tag, "")
    return f"{mark}{inner.strip()}{mark}" if mark else inner

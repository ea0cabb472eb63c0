"""CommonMark and MDX as Docusaurus reads them: markdown-it-py with rules for what MDX adds."""

from functools import lru_cache
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.ruler import RuleOptionsType
from markdown_it.token import Token
from mdit_py_plugins.admon import admon_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.footnote import footnote_plugin

from loaders.mdx.block_rules import block_directive, block_jsx, esm
from loaders.mdx.inline_rules import (
    Span,
    text_directive,
    text_entity,
    text_expression,
    text_image,
    text_jsx,
    text_link,
)

_INTERRUPTS: Final[RuleOptionsType] = {"alt": ["paragraph", "reference", "blockquote", "list"]}


@lru_cache(maxsize=2)
def parser(mdx: bool) -> MarkdownIt:
    """A parser of block structure; inline text is parsed on demand with ``inline``."""
    md = MarkdownIt("commonmark", {"html": not mdx}).enable(["table", "strikethrough"])
    md.options["maxNesting"] = 100  # deeper lists and quotes than 20 do occur
    md.core.ruler.enableOnly(["normalize", "block"])
    dollarmath_plugin(md, allow_labels=False, allow_space=False, allow_digits=False)
    md.block.ruler.before("fence", "directive", block_directive, _INTERRUPTS)
    md.inline.ruler.before("html_inline", "jsx", text_jsx)
    md.inline.ruler.at("entity", text_entity)
    md.inline.ruler.at("link", text_link)
    md.inline.ruler.at("image", text_image)
    footnote_plugin(md, inline=False, move_to_end=False)
    if not mdx:
        admon_plugin(md)
    else:
        md.disable(["code", "html_block", "html_inline", "autolink"])
        md.block.ruler.before("directive", "esm", esm)
        md.block.ruler.before("directive", "jsx", block_jsx, _INTERRUPTS)
        md.inline.ruler.before("jsx", "expression", text_expression)
        md.inline.ruler.before("jsx", "directive", text_directive)
    return md


def inline(md: MarkdownIt, source: str, env: dict[str, object]) -> tuple[list[Token], list[Span]]:
    """Inline tokens of ``source`` and what of it a reader does not see as written."""
    spans: list[Span] = []
    scope = {**env, "spans": spans, "source": source}
    tokens = md.inline.parse(source, md, scope, [])
    return tokens, spans

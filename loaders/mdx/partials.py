"""What a page shows of other files: imported MDX partials, and ``mdx-code-block`` fences."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

_IMPORT: Final = re.compile(r"import\s+(\w+)\s+from\s+['\"]([^'\"]+\.mdx?)['\"]")
_DEEPEST: Final = 5

ReadPartial = Callable[[str], str | None]
"""Text of the file that a page imports as ``./_note.mdx`` or ``@site/…``; None: not there."""


def nothing(path: str) -> str | None:
    """Reads no partials."""
    return None


def with_partials(
    md: MarkdownIt, tokens: list[Token], env: dict[str, object], read: ReadPartial, depth: int = 0
) -> list[Token]:
    """The tokens with each ``<Partial />`` replaced by the file that it is imported from.

    Docusaurus reads what stands inside a ``mdx-code-block`` fence as MDX, too.
    """
    if depth > _DEEPEST or not any(_embeds(token) for token in tokens):
        return tokens
    partials = dict(_imports(tokens))
    result: list[Token] = []
    for token in tokens:
        source: str | None = None
        if token.type == "fence" and token.info.strip() == "mdx-code-block":
            source = token.content
        elif token.meta and token.meta.get("component") in partials:
            source = read(partials[token.meta["component"]])
        if source is None:
            result.append(token)
        else:
            result += with_partials(md, md.parse(source, env), env, read, depth + 1)
    return result


def imported(source: str, read: ReadPartial) -> list[tuple[str, str | None]]:
    """Every file that a page may show, by the name that the page has for it, with its text.

    Those that its partials import are among them. More may be named here than are shown.
    """
    found: dict[str, str | None] = {}
    waiting = [source]
    while waiting:
        for match in _IMPORT.finditer(waiting.pop()):
            if match[2] not in found:
                text = found[match[2]] = read(match[2])
                waiting.append(text or "")
    return list(found.items())


def _embeds(token: Token) -> bool:
    return "component" in token.meta or token.info.strip() == "mdx-code-block"


def _imports(tokens: Sequence[Token]) -> Iterator[tuple[str, str]]:
    for token in tokens:
        if token.type == "hidden" and token.content:
            for match in _IMPORT.finditer(token.content):
                yield match[1], match[2]

"""Reads what matters of ``docusaurus.config.*`` without running it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import tree_sitter_typescript
from tree_sitter import Language, Node, Parser

_CONFIGS: Final = tuple(f"docusaurus.config.{suffix}" for suffix in ("js", "ts", "mjs", "cjs"))
_ESCAPED: Final = re.compile(r"\\(.)")
_TRANSPARENT: Final = frozenset(
    "object array satisfies_expression as_expression parenthesized_expression".split()
)
DEFAULT_EXCLUDE: Final = (
    "**/_*.{js,jsx,ts,tsx,md,mdx}",
    "**/_*/**",
    "**/*.test.{js,jsx,ts,tsx}",
    "**/__tests__/**",
)
Value = str | bool


@dataclass(frozen=True)
class Docs:
    """One instance of the docs plugin."""

    id: str = "default"
    path: str = "docs"
    route: str = "docs"
    exclude: tuple[str, ...] = DEFAULT_EXCLUDE
    number_prefixes: bool = True
    versioned: bool = True
    last_version: str = ""
    """The version that readers get by default; empty: the newest that is released."""
    include_current: bool = True
    only_versions: tuple[str, ...] = ()
    version_paths: Mapping[str, str] = field(default_factory=dict)
    only: str = ""
    """Read no more than this part of the folder; empty: all of it."""


@dataclass(frozen=True)
class Site:
    """What of a Docusaurus site decides where its pages and headings are published."""

    folder: Path
    base_url: str = "/"
    trailing_slash: bool | None = None
    default_locale: str = "en"
    locales: tuple[str, ...] | None = None
    """None: not said in plain words; every folder in ``i18n`` counts."""
    locale_paths: dict[str, str] = field(default_factory=dict)
    locale_base_urls: dict[str, str] = field(default_factory=dict)
    keep_case: bool = False
    detect_format: bool = False
    """``.md`` files are CommonMark; otherwise they are MDX, as Docusaurus has it."""
    docs: tuple[Docs, ...] = (Docs(),)


def config_file(folder: Path) -> Path | None:
    """The site's configuration in ``folder``, if there is one."""
    return next((folder / name for name in _CONFIGS if (folder / name).is_file()), None)


def read_site(folder: Path) -> Site:
    """The site in ``folder``; what its configuration does not say plainly has the default."""
    path = config_file(folder)
    site = Site(folder)
    if path is None:
        return site
    values = list(_values(path.read_text(encoding="utf-8", errors="replace")))
    top = {keys[0]: value for keys, value in values if len(keys) == 1}
    trailing = top.get("trailingSlash")
    locales = tuple(str(v) for k, v in values if k == ("i18n", "locales", "[]"))
    return replace(
        site,
        base_url=str(top.get("baseUrl", "/")),
        trailing_slash=trailing if isinstance(trailing, bool) else None,
        default_locale=_text(values, ("i18n", "defaultLocale"), "en"),
        locales=locales or None,
        locale_paths=_per_locale(values, "path"),
        locale_base_urls=_per_locale(values, "baseUrl"),
        keep_case=("markdown", "anchors", "maintainCase") in {k for k, v in values if v is True},
        detect_format=_text(values, ("markdown", "format"), "mdx") == "detect",
        docs=_docs(values),
    )


def _text(values: list[tuple[tuple[str, ...], Value]], keys: tuple[str, ...], default: str) -> str:
    return next((str(v) for k, v in values if k == keys), default)


def _per_locale(values: list[tuple[tuple[str, ...], Value]], key: str) -> dict[str, str]:
    prefix = ("i18n", "localeConfigs")
    return {k[2]: str(v) for k, v in values if k[:2] == prefix and len(k) == 4 and k[3] == key}


def _docs(values: list[tuple[tuple[str, ...], Value]]) -> tuple[Docs, ...]:
    """The preset's ``docs`` options and every ``plugin-content-docs`` in ``plugins``."""
    found: list[Docs] = []
    instances: dict[str, dict[str, list[Value]]] = {}
    plugin = 0
    for keys, value in values:
        if keys == ("plugins", "[]"):
            plugin += 1
            if str(value).endswith("content-docs"):
                instances[f"plugin {plugin}"] = {}
        elif keys[0] == "presets" and "docs" in keys:
            name = _dotted(keys[keys.index("docs") + 1 :])
            instances.setdefault("preset", {}).setdefault(name, []).append(value)
        elif keys[0] == "plugins" and f"plugin {plugin}" in instances and len(keys) > 1:
            instances[f"plugin {plugin}"].setdefault(_dotted(keys[1:]), []).append(value)
    for options in instances.values():
        if False not in options.get("", []):
            found.append(_instance(options))
    return tuple(found) or (Docs(),)


def _dotted(keys: tuple[str, ...]) -> str:
    return ".".join(key for key in keys if key != "[]")


def _instance(options: dict[str, list[Value]]) -> Docs:
    def one(key: str, default: str) -> str:
        return str(options[key][0]) if key in options else default

    path = one("path", "docs")
    return Docs(
        id=one("id", "default"),
        path=path.removeprefix("./").rstrip("/"),
        route=one("routeBasePath", "docs").strip("/"),
        exclude=tuple(str(v) for v in options.get("exclude", [])) or DEFAULT_EXCLUDE,
        number_prefixes=options.get("numberPrefixParser", [True])[0] is not False,
        versioned=options.get("disableVersioning", [False])[0] is not True,
        last_version=one("lastVersion", ""),
        include_current=options.get("includeCurrentVersion", [True])[0] is not False,
        only_versions=tuple(str(v) for v in options.get("onlyIncludeVersions", [])),
        version_paths={
            name.removeprefix("versions.").removesuffix(".path"): str(values[0])
            for name, values in options.items()
            if name.startswith("versions.") and name.endswith(".path")
        },
    )


def _values(source: str) -> Iterator[tuple[tuple[str, ...], Value]]:
    """Every plain string and boolean with the keys that lead to it; ``[]`` is a list's item.

    ``a || 'b'`` counts as ``'b'``, and a name that a plain ``const`` defines as its value. The
    file is parsed and never run. TypeScript's grammar reads JavaScript too.
    """
    language = Language(tree_sitter_typescript.language_typescript())
    root = Parser(language).parse(source.encode()).root_node
    constants = dict(_constants(root))
    waiting: list[tuple[tuple[str, ...], Node, bool]] = [((), root, False)]
    while waiting:
        keys, node, listed = waiting.pop()
        value = _value(node, constants)
        if value is not None:
            if listed or keys:
                yield ((*keys, "[]") if listed else keys), value
        elif node.type == "pair":
            key, below = node.child_by_field_name("key"), node.child_by_field_name("value")
            if key is not None and below is not None:
                waiting.append(((*keys, _unquoted(_text_of(key))), below, False))
        elif node.type == "shorthand_property_identifier":
            constant = constants.get(_text_of(node))
            if constant is not None:
                yield (*keys, _text_of(node)), constant
        elif node.type in _TRANSPARENT or not keys:
            inside = node.type == "array"
            waiting += [(keys, child, inside) for child in reversed(node.named_children)]


def _constants(root: Node) -> Iterator[tuple[str, Value]]:
    for statement in root.named_children:
        for declared in statement.named_children:
            name, value = (
                declared.child_by_field_name("name"),
                declared.child_by_field_name("value"),
            )
            plain = _value(value, {}) if value is not None else None
            if name is not None and plain is not None:
                yield _text_of(name), plain


def _value(node: Node, constants: dict[str, Value]) -> Value | None:
    if node.type == "binary_expression" and (right := node.child_by_field_name("right")):
        return _value(right, constants)
    if node.type == "template_string":
        filled = any(child.type == "template_substitution" for child in node.named_children)
        return None if filled else _unquoted(_text_of(node))
    if node.type == "string":
        return _unquoted(_text_of(node))
    if node.type in ("true", "false"):
        return node.type == "true"
    return constants.get(_text_of(node)) if node.type == "identifier" else None


def _text_of(node: Node) -> str:
    return (node.text or b"").decode()


def _unquoted(text: str) -> str:
    if text[:1] not in ("'", '"', "`"):
        return text
    return _ESCAPED.sub(r"\1", text[1:-1])

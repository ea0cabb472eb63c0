"""Reads what matters of ``docusaurus.config.*`` without running it."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

_CONFIGS: Final = tuple(f"docusaurus.config.{suffix}" for suffix in ("js", "ts", "mjs", "cjs"))
_TOKEN: Final = re.compile(
    r"""//[^\n]*|/\*.*?\*/|(?P<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)"""
    r"""|(?P<word>[A-Za-z_$][\w$]*)|(?P<mark>\|\||\?\?|=>|[{}\[\]():,=.;])|\S""",
    re.S,
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
        if keys[:1] == ("plugins",) and keys[-1] == "[]" and len(keys) <= 3:
            plugin += 1
            if str(value).endswith("content-docs"):
                instances[f"plugin {plugin}"] = {}
        elif keys[0] == "presets" and "docs" in keys:
            rest = keys[keys.index("docs") + 1 :] or ("",)
            instances.setdefault("preset", {}).setdefault(rest[0], []).append(value)
        elif keys[0] == "plugins" and f"plugin {plugin}" in instances and len(keys) > 1:
            rest = tuple(k for k in keys[1:] if k != "[]") or ("",)
            instances[f"plugin {plugin}"].setdefault(rest[0], []).append(value)
    for options in instances.values():
        if False not in options.get("", []):
            found.append(_instance(options))
    return tuple(found) or (Docs(),)


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
    )


def _values(source: str) -> Iterator[tuple[tuple[str, ...], Value]]:
    """Every plain string and boolean with the keys that lead to it; ``[]`` is a list's item.

    ``a || 'b'`` counts as ``'b'``, and a name that a plain ``const`` defines as its value.
    """
    tokens = [(m.lastgroup, m.group()) for m in _TOKEN.finditer(source) if m.lastgroup]
    constants = _constants(tokens)
    stack: list[str] = []
    key: str | None = None
    pending: tuple[tuple[str, ...], Value] | None = None
    for i, (kind, text) in enumerate(tokens):
        if kind == "mark" and text in "{[":
            stack.append(f"{key or ''}{text}")
            key = None
        elif kind == "mark" and text in "}]":
            if pending:
                yield pending
            pending, key = None, None
            if stack:
                stack.pop()
        elif kind == "mark" and text in ",;":
            if pending:
                yield pending
            pending, key = None, None
        elif kind in ("word", "string"):
            following = tokens[i + 1][1] if i + 1 < len(tokens) else ""
            if following == ":" and stack and stack[-1].endswith("{"):
                key = _unquoted(text)
                continue
            value = _value(kind, text, constants)
            above = tuple(entry[:-1] for entry in stack if entry[:-1])
            in_list = bool(stack) and stack[-1].endswith("[")
            if value is not None and (key or in_list):
                pending = ((*above, key or "[]"), value)
            elif value is not None and kind == "word" and stack and following in ",}":
                pending = ((*above, text), value)  # { baseUrl }


def _constants(tokens: Sequence[tuple[str | None, str]]) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for i in range(len(tokens) - 3):
        if tokens[i][1] in ("const", "let", "var") and tokens[i + 2][1] == "=":
            end = i + 3
            if tokens[end + 1][1] in ("||", "??") if end + 1 < len(tokens) else False:
                end += 2
            value = _value(*tokens[end], {}) if end < len(tokens) else None
            if value is not None:
                found[tokens[i + 1][1]] = value
    return found


def _value(kind: str | None, text: str, constants: dict[str, Value]) -> Value | None:
    if kind == "string":
        return None if text[0] == "`" and "${" in text else _unquoted(text)
    if text in ("true", "false"):
        return text == "true"
    return constants.get(text)


def _unquoted(text: str) -> str:
    if text[:1] not in ("'", '"', "`"):
        return text
    inner = text[1:-1].replace("\\'", "'").replace('\\"', '"') if text[0] != '"' else text
    if text[0] == '"':
        try:
            return str(json.loads(inner))
        except ValueError:
            return text[1:-1]
    return inner

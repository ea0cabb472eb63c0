"""Every regular expression of the rooms that read a reader's or a book's text."""

import ast
import importlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.processes import ROOT

ROOMS: Final = ("text", "chains", "extractive", "loaders", "providers", "conversations", "api")
_ANCHORED: Final = {"match", "fullmatch"}
_OF_A_PATTERN: Final = {*_ANCHORED, "search", "finditer", "findall", "split", "sub", "subn"}


@dataclass(frozen=True)
class Used:
    """A pattern and how it is applied."""

    where: str
    pattern: re.Pattern[str]
    methods: frozenset[str]
    """Those of the pattern that the code calls; none known: it is searched for everywhere."""

    def __str__(self) -> str:
        return self.where

    def apply(self, text: str) -> None:
        """As the code does, or harder."""
        for method in self.methods & _ANCHORED:
            getattr(self.pattern, method)(text)
        if not self.methods <= _ANCHORED or not self.methods:
            for _ in self.pattern.finditer(text):
                pass


def used() -> list[Used]:
    """All of them, in the order of their files."""
    files = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]
    files = [
        p for p in files if p.name not in ("__main__.py", "env.py") and "versions" not in p.parts
    ]
    return [found for path in files for found in (*_compiled(path), *_written_in_calls(path))]


def _compiled(path: Path) -> Iterator[Used]:
    source = path.read_text("utf-8")
    if "re." not in source:
        return
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    module = importlib.import_module(name)
    for variable, value in vars(module).items():
        for number, pattern in enumerate(_patterns(value)):
            if isinstance(pattern.pattern, str):
                yield Used(f"{name}.{variable}[{number}]", pattern, _methods(source, variable))


def _patterns(value: Any) -> Iterator[re.Pattern[str]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, dict):
        yield from _all(value.values())
    elif isinstance(value, tuple | list | set | frozenset):
        yield from _all(value)


def _all(values: Iterable[Any]) -> Iterator[re.Pattern[str]]:
    for value in values:
        yield from _patterns(value)


def _methods(source: str, variable: str) -> frozenset[str]:
    if re.search(rf"[(,=] *{re.escape(variable)}\b(?!\.| *:)", source):
        return frozenset()  # passed on to who knows whom
    methods = set()
    for name in (variable, *_loop_variables(source, variable)):
        methods |= set(re.findall(rf"\b{re.escape(name)}\.([a-z]+)\b", source))
    return frozenset(methods & _OF_A_PATTERN)


def _loop_variables(source: str, variable: str) -> list[str]:
    """``form`` and ``english`` of ``for form, english in _FORMS``."""
    loops = re.findall(rf"\bfor ([\w, ]+?) in {re.escape(variable)}\b", source)
    return [name for names in loops for name in re.findall(r"\w+", names)]


def _written_in_calls(path: Path) -> Iterator[Used]:
    """``re.sub("...", ...)`` and the like, where the pattern is a plain string."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="re"), attr=method),
                args=[ast.Constant(value=str(pattern)), *_],
            ) if method not in ("compile", "escape"):
                where = f"{path.relative_to(ROOT)}:{node.lineno}"
                yield Used(where, re.compile(pattern), frozenset({method}))

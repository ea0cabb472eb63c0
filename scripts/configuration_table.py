"""Writes ``docs/configuration.md`` from ``settings.py``: ``python -m scripts.configuration_table``.

``--check`` writes nothing and exits with 1 when the page is out of date.
"""

import sys
from pathlib import Path
from types import NoneType
from typing import Any, Final, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt, MaxLen, MinLen
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from settings import ROOT, Settings

PAGE: Final = ROOT / "docs" / "configuration.md"
HEAD: Final = """\
# Configuration

<!-- Written by `python -m scripts.configuration_table` from settings.py; edit that. -->

Everything is an environment variable, or a line of a file `.env` in the folder that the command
is run in (`.env.example` is a start). An empty variable counts as unset, except
`COHERE_RERANK_MODEL`, where empty means "do not rerank". A value that is out of range, or half of
a pair, stops the start with one line that names the variable; a secret's value is never printed.

| variable | default | allowed | meaning |
|---|---|---|---|
"""
TAIL: Final = """
The image sets `HOST=0.0.0.0`, `PORT=7860` and `DATA_DIR=/home/reader/data`. `GIT_COMMIT` (a build
argument, or a variable at run time) is what `/health` reports as the commit.

Pairs: `QDRANT_API_KEY` needs `QDRANT_URL`, `COHERE_BASE_URL` needs `COHERE_API_KEY`, and
`WEB_CONCURRENCY` above 1 needs `QDRANT_URL`, because the embedded Qdrant serves one process.
"""
_SIGNS: Final = ((Ge, "ge", "≥"), (Gt, "gt", ">"), (Le, "le", "≤"), (Lt, "lt", "<"))


def page() -> str:
    """The whole page."""
    rows = [row(name, field) for name, field in Settings.model_fields.items()]
    return HEAD + "".join(rows) + TAIL


def row(name: str, field: FieldInfo) -> str:
    """One variable as a line of the table."""
    variable = str(field.validation_alias or name.upper())
    cells = (f"`{variable}`", default(field), allowed(field), field.description or "")
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def default(field: FieldInfo) -> str:
    """The default as one would write it in the environment; never a path of this machine."""
    value = field.default
    if value is None or value == "" or value == []:
        return "unset"
    if isinstance(value, Path):
        value = value.relative_to(ROOT) if value.is_absolute() else value
    if isinstance(value, bool):
        value = str(value).lower()
    if isinstance(value, list):
        value = ",".join(value)
    return f"`{value}`"


def allowed(field: FieldInfo) -> str:
    """What a value may be, in words."""
    kind: Any = field.annotation
    if NoneType in get_args(kind):
        kind = next(a for a in get_args(kind) if a is not NoneType)
    if get_origin(kind) is Literal:
        return ", ".join(f"`{choice}`" for choice in get_args(kind))
    if get_origin(kind) is list:
        return "comma-separated"
    if kind is SecretStr:
        return "secret"
    if kind is bool:
        return "`true`, `false`"
    words = {int: "integer", float: "number", Path: "path"}.get(kind, "text")
    return " ".join([words, *_bounds(field)])


def _bounds(field: FieldInfo) -> list[str]:
    bounds = []
    for limit in field.metadata:
        for kind, attribute, sign in _SIGNS:
            if isinstance(limit, kind):
                bounds.append(f"{sign} {getattr(limit, attribute)}")
        if isinstance(limit, MinLen):
            bounds.append(f"of {limit.min_length}")
        if isinstance(limit, MaxLen):
            bounds.append(f"to {limit.max_length} characters")
    return bounds


def main(arguments: list[str]) -> int:
    """Exit status: 0 up to date or written, 1 out of date."""
    wanted = page()
    if arguments == ["--check"]:
        return 0 if PAGE.exists() and PAGE.read_text("utf-8") == wanted else 1
    PAGE.write_text(wanted, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

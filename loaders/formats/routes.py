"""Where Docusaurus publishes a source file: ids, slugs and permalinks of its docs plugin."""

import posixpath
import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any, Final

_VERSION_LIKE: Final = re.compile(r"\d+[-_.]\d+")
_NUMBERED: Final = re.compile(r"\d+\s*[-_.]+\s*([^-_.\s].*)")


def without_number(name: str) -> str:
    """``01-intro`` is published as ``intro``; ``2024-01-notes`` and ``7.0-x`` stay."""
    if _VERSION_LIKE.match(name):
        return name
    match = _NUMBERED.fullmatch(name)
    return match[1] if match else name


def is_index(path: str) -> bool:
    """``index``, ``readme`` and ``<folder>/<folder>`` stand for their folder."""
    source = PurePosixPath(path)
    return source.stem.lower() in ("index", "readme", source.parent.name.lower() or "index")


def base_id(path: str, front_matter: Mapping[str, Any], number_prefixes: bool = True) -> str:
    """Last part of the page's id: front matter ``id`` or the file name without its number."""
    if front_matter.get("id") is not None:
        return str(front_matter["id"])
    stem = PurePosixPath(path).stem
    return without_number(stem) if number_prefixes else stem


def slug(path: str, front_matter: Mapping[str, Any], number_prefixes: bool = True) -> str:
    """The page's absolute path below the docs route, such as ``/module-1/ros2-foundations``."""
    numbers = number_prefixes and front_matter.get("parse_number_prefixes") is not False
    given = front_matter.get("slug")
    given = str(given) if given not in (None, "") else None
    if given and given.startswith("/"):
        return given
    parts = PurePosixPath(path).parent.parts
    folder = "/".join(without_number(part) if numbers else part for part in parts)
    folder = f"/{folder}/" if folder else "/"
    if given is None and is_index(path):
        return folder
    name = given or base_id(path, front_matter, numbers)
    resolved = posixpath.normpath(posixpath.join(folder, name))
    return resolved + ("/" if name.endswith("/") and resolved != "/" else "")


def permalink(route_base: str, page_slug: str, trailing_slash: bool | None) -> str:
    """The page's path below the site's base URL, without a leading slash.

    Args:
        route_base: the docs route with the locale and version in front, as published.
        page_slug: what ``slug`` returned.
        trailing_slash: the site's ``trailingSlash``; None leaves paths as they are.
    """
    path = re.sub(r"/+", "/", f"{route_base}/{page_slug}").lstrip("/")
    if trailing_slash is None or not path:
        return path
    return f"{path.rstrip('/')}/" if trailing_slash else path.rstrip("/")

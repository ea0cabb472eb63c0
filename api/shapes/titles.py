"""How a source is called in other protocols."""

from collections.abc import Mapping
from typing import Any


def title_of(source: Mapping[str, Any]) -> str:
    """Page and heading."""
    title, heading = source["title"], source["heading"]
    return title if heading in ("", title) else f"{title}: {heading}"

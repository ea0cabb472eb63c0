"""What a value must look like before anything is opened with it; no message repeats the value."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from ipaddress import ip_network
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit

from dotenv import dotenv_values

MIN_KEY: Final = 16
"""Characters of a key that somebody else may try to guess."""
_OUR_PREFIXES: Final = ("COHERE_", "QDRANT_", "BOOK_", "PAGE_")
_ALIKE: Final = 0.75


def parts(value: object, sign: str) -> object:
    """A text as the list of what stands between ``sign``; anything else as it is."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(sign) if part.strip()]
    return value


def on_one_line(value: str) -> str:
    """A secret or an address.

    Raises:
        ValueError: it holds a control character, such as the line break that ends a file.
    """
    if not value.isprintable() or value != value.strip():
        raise ValueError("must be one line, without line breaks or spaces around it")
    return value


def header_value(value: str) -> str:
    """A key that travels in an HTTP header.

    Raises:
        ValueError: it holds anything but visible ASCII characters.
    """
    if not all("!" <= sign <= "~" for sign in value):
        raise ValueError("must be one word of ASCII, without spaces or line breaks")
    return value


def hard_to_guess(value: str) -> str:
    """A key that we ask for ourselves.

    Raises:
        ValueError: it is shorter than ``MIN_KEY``.
    """
    if len(value) < MIN_KEY:
        raise ValueError(f"must have at least {MIN_KEY} characters (openssl rand -hex 24)")
    return value


def http_url(value: str) -> str:
    """An address of a service or a site, without a slash at its end.

    Raises:
        ValueError: it is none, or it holds credentials, a query or a fragment.
    """
    parts = _parts(on_one_line(value))
    if parts.scheme not in ("http", "https") or not parts.hostname or " " in value:
        raise ValueError("must be an http:// or https:// URL")
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not hold a user name or password; keys have variables of their own")
    if parts.query or parts.fragment:
        raise ValueError("must end before ? and #")
    return value.rstrip("/")


def connection_url(value: str, schemes: Sequence[str]) -> str:
    """An address with credentials, as databases have it.

    Raises:
        ValueError: another scheme, or parts that cannot be told apart.
    """
    on_one_line(value)
    if not value.startswith(tuple(schemes)):
        raise ValueError(f"must begin with {' or '.join(schemes)}")
    parts = _parts(value)
    number = parts.path.strip("/")
    if parts.scheme in ("redis", "rediss") and number and not number.isdecimal():
        raise ValueError("must end with the number of a database, such as /0")
    return value


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise ValueError(
            "cannot be read as a URL; write special characters of a password as %XX"
        ) from None
    return parts


def origins(values: Sequence[str]) -> list[str]:
    """``*``, or origins as browsers send them.

    Raises:
        ValueError: one of them is neither.
    """
    for origin in values:
        if origin == "*":
            continue
        parts = _parts(on_one_line(origin))
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/"):
            raise ValueError("must be * or origins such as https://book.example")
        http_url(origin)
    return [origin.rstrip("/").lower() for origin in values]


def hosts(values: Sequence[str]) -> list[str]:
    """``*``, or host names, of which the first label may be ``*``.

    Raises:
        ValueError: one of them has a scheme, a port or a path.
    """
    for host in values:
        plain = host.removeprefix("*.")
        if host != "*" and (not plain or set(plain) & set("*/@ ") or _parts(f"//{plain}").port):
            raise ValueError("must be * or host names such as chat.example or *.example")
    return [host.lower() for host in values]


def network_names(values: Sequence[str]) -> list[str]:
    """Addresses or networks.

    Raises:
        ValueError: one of them is a name, or no network.
    """
    try:
        for value in values:
            ip_network(value, strict=False)
    except ValueError:
        raise ValueError("must be addresses or networks such as 10.0.0.0/8, no names") from None
    return list(values)


def misspelt(known: Iterable[str], env_file: Path = Path(".env")) -> str | None:
    """What is wrong with the first line of ``env_file`` that names no setting but looks like one.

    The environment itself is not looked at: platforms put names of their own there.
    """
    names = set(known)
    if not env_file.is_file():
        return None
    for given in dotenv_values(env_file):
        name = given.upper()
        if name in names:
            continue
        alike = get_close_matches(name, names, 1, _ALIKE)
        if alike or name.startswith(_OUR_PREFIXES):
            hint = f"; did you mean {alike[0]}?" if alike else ""
            return f"{given}: there is no such setting (.env){hint}"
    return None

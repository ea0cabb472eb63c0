"""Who asks: the reader's address behind proxies, and the key under which a client is counted."""

import ipaddress
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from starlette.requests import HTTPConnection

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
MAX_HOPS: Final = 32
"""Hops of ``X-Forwarded-For`` that are looked at, from the nearest."""
_WITH_PORT: Final = re.compile(r"\[([^\]]{1,64})\](?::\d{1,5})?|([\d.]{7,15}):\d{1,5}")
_READERS_NETWORK: Final = 64
"""Bits of an IPv6 address that a network gives to one subscriber; the rest is theirs to choose."""


def networks(names: Sequence[str]) -> tuple[Network, ...]:
    """Parses addresses and networks such as ``10.0.0.0/8``.

    Raises:
        ValueError: one of them is neither; a host name is not looked up.
    """
    return tuple(ipaddress.ip_network(name, strict=False) for name in names)


def client_address(connection: HTTPConnection, trusted: Sequence[Network]) -> str:
    """The reader's address; a proxy's header is believed only when the proxy is trusted.

    Every ``X-Forwarded-For`` line counts. Where it names no reader (a word, only our own
    proxies), the question is counted against the peer.
    """
    peer = connection.client.host if connection.client else "unknown"
    at = _parsed(peer)
    if at is None:
        return peer
    if is_trusted(at, trusted):
        lines = ",".join(connection.headers.getlist("x-forwarded-for"))
        for hop in reversed(lines.rsplit(",", MAX_HOPS)[-MAX_HOPS:]):
            before = _parsed(hop)
            if before is None and hop.strip():
                break
            if before is not None and not is_trusted(before, trusted):
                return str(before)
    return str(at)


def client_key(connection: HTTPConnection, trusted: Sequence[Network]) -> str:
    """What a client is counted under: an IPv4 address, or the /64 network of an IPv6 one."""
    address = client_address(connection, trusted)
    at = _parsed(address)
    if isinstance(at, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((at, _READERS_NETWORK), strict=False))
    return address


def client_of_peer(peer: tuple[str, int] | None) -> Address | None:
    """The address of a socket's other end; None for a Unix socket."""
    return _parsed_peer(peer[0]) if peer else None


def _parsed(text: str) -> Address | None:
    """An address, with or without a port or a zone; IPv4 in IPv6 is IPv4."""
    text = text.strip().strip('"')
    with_port = _WITH_PORT.fullmatch(text)
    bare = (with_port[1] or with_port[2]) if with_port else text
    try:
        at = ipaddress.ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    return (at.ipv4_mapped or at) if isinstance(at, ipaddress.IPv6Address) else at


# Every new socket is compared with all that are open.
_parsed_peer = lru_cache(maxsize=4096)(_parsed)


def is_trusted(address: Address, trusted: Sequence[Network]) -> bool:
    """Whether it belongs to one of our own proxies."""
    return any(address in network for network in trusted)

"""The address under which a client reached the service."""

from starlette.requests import HTTPConnection


def public_base(connection: HTTPConnection) -> str:
    """Scheme, host and mount path, without a slash at the end."""
    base = connection.base_url
    # Anybody may claim this: at worst the links of their own answer begin with https.
    forwarded = connection.headers.get("x-forwarded-proto", "").split(",")[0].strip().lower()
    if forwarded == "https":
        base = base.replace(scheme="https")
    return str(base).rstrip("/")


def absolute(url: str, base: str) -> str:
    """A source's address for clients that do not know where the service is."""
    return base + url if url.startswith("/") else url

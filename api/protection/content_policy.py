"""Content-Security-Policy of the pages that this service sends."""

from collections.abc import Sequence


def page_policy(allowed_origins: Sequence[str]) -> str:
    """Content-Security-Policy of the chat page.

    Only our own files run, no inline code, and (Trusted Types) no text ever becomes HTML. Whoever
    may call the API may also frame the page.
    """
    frames = "*" if "*" in allowed_origins else " ".join(["'self'", *allowed_origins])
    rules = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "connect-src": "'self' ws: wss:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": frames,
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())

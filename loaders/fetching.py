"""Fetches a site's pages politely: robots.txt, few at a time, and only what has changed."""

import hashlib
import json
import threading
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import Message
from http.client import HTTPException, HTTPMessage
from pathlib import Path
from typing import IO, Final
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector, Request, build_opener
from urllib.robotparser import RobotFileParser

USER_AGENT: Final = "book-chat-indexer"
_TIMEOUT: Final = 20.0
_LARGEST: Final = 20_000_000
_ATTEMPTS: Final = 3
_LONGEST_WAIT: Final = 60.0

Sleep = Callable[[float], None]


class FetchError(Exception):
    """A URL could not be had; the text says why, for people.

    Args:
        transient: the server may hand it out the next time.
    """

    def __init__(self, reason: str, *, transient: bool = False) -> None:
        super().__init__(reason)
        self.transient = transient


class _SameSite(HTTPRedirectHandler):
    """Follows redirects within a host only: a book cannot send the indexer elsewhere."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        if urlsplit(newurl).netloc != urlsplit(req.full_url).netloc:
            fp.close()
            raise FetchError("redirects to another site")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


@dataclass
class Fetcher:
    """Reads URLs of one site; safe to use from several threads.

    Args:
        cache: folder for page bodies with their ETag; None: everything is fetched again.
        sleep: waits between requests that robots.txt or the server asks for.
    """

    cache: Path | None = None
    sleep: Sleep = time.sleep
    _robots: RobotFileParser | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _opener: OpenerDirector = field(default_factory=lambda: build_opener(_SameSite))

    def read_robots(self, site: str) -> list[str]:
        """Obeys the site's robots.txt from now on; the sitemaps that it names."""
        robots = RobotFileParser()
        try:
            robots.parse(self._open(f"{site}/robots.txt").decode("utf-8", "replace").splitlines())
        except FetchError:
            robots.parse([])  # a site without one forbids nothing
        self._robots = robots
        return robots.site_maps() or []

    def get(self, url: str) -> bytes:
        """Body of a page, from the cache if the server says that it is still the same.

        Raises:
            FetchError: robots.txt forbids it, or the server does not hand it out.
        """
        if self._robots is not None and not self._robots.can_fetch(USER_AGENT, url):
            raise FetchError("robots.txt forbids it")
        self._wait()
        return self._open(url)

    def _wait(self) -> None:
        delay = self._robots.crawl_delay(USER_AGENT) if self._robots is not None else None
        if delay:
            with self._lock:  # one request per delay, whatever the number of threads
                self.sleep(min(float(delay), _LONGEST_WAIT))

    def _open(self, url: str) -> bytes:
        known = self._known(url)
        headers = {"User-Agent": USER_AGENT, "Accept-Encoding": "gzip"}
        if known:
            headers |= {k: v for k, v in known[0].items() if v}
        for attempt in range(_ATTEMPTS):
            try:
                return self._request(Request(url, headers=headers), url)  # noqa: S310 - the scheme was checked before
            except HTTPError as error:
                error.close()
                if error.code == 304 and known:
                    return known[1]
                if error.code not in (429, 503) or attempt == _ATTEMPTS - 1:
                    raise FetchError(
                        f"the server answers {error.code}",
                        transient=error.code not in (401, 403, 404, 410, 451),
                    ) from error
                self.sleep(_retry_after(error.headers, attempt))
            except (OSError, HTTPException, zlib.error) as error:
                if attempt == _ATTEMPTS - 1:
                    raise FetchError(
                        f"no answer ({type(error).__name__})", transient=True
                    ) from error
                self.sleep(2.0**attempt)
        raise AssertionError("unreachable")

    def _request(self, request: Request, url: str) -> bytes:
        with self._opener.open(request, timeout=_TIMEOUT) as response:
            body: bytes = response.read(_LARGEST + 1)
            if response.headers.get("Content-Encoding") == "gzip" or body[:2] == b"\x1f\x8b":
                body = zlib.decompressobj(wbits=31).decompress(body, _LARGEST + 1)
            if len(body) > _LARGEST:
                raise FetchError(f"larger than {_LARGEST / 1e6:.0f} MB")
            self._remember(url, response.headers, body)
            return body

    def _files(self, url: str) -> tuple[Path, Path] | None:
        if self.cache is None:
            return None
        name = hashlib.sha256(url.encode()).hexdigest()[:32]
        return self.cache / f"{name}.json", self.cache / f"{name}.body"

    def _known(self, url: str) -> tuple[dict[str, str], bytes] | None:
        files = self._files(url)
        if files is None:
            return None
        try:
            validators: dict[str, str] = json.loads(files[0].read_text("utf-8"))
            return validators, files[1].read_bytes()
        except (OSError, ValueError):
            return None

    def _remember(self, url: str, headers: Message, body: bytes) -> None:
        files = self._files(url)
        validators = {
            "If-None-Match": headers.get("ETag", ""),
            "If-Modified-Since": headers.get("Last-Modified", ""),
        }
        if files is None or not any(validators.values()):
            return
        files[0].parent.mkdir(parents=True, exist_ok=True)
        # The body first: validators without it would keep an older one for ever.
        files[0].unlink(missing_ok=True)
        files[1].write_bytes(body)
        files[0].write_text(json.dumps(validators), encoding="utf-8")


def _retry_after(headers: Message, attempt: int) -> float:
    asked = headers.get("Retry-After", "")
    return min(float(asked) if asked.isdecimal() else 2.0**attempt, _LONGEST_WAIT)

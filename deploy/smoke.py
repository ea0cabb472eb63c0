"""``python -m deploy.smoke URL``: does a deployed Book Chat work, seen from outside?

It asks about a dozen questions, which cost what readers' questions cost.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence

import httpx

from deploy import browser_checks, checks
from deploy.checks import CheckFailedError, Target

ALL = (
    checks.health,
    checks.page,
    checks.headers,
    checks.operator,
    checks.stream,  # before the answer is in the cache
    checks.invoke,
    checks.citations,
    checks.search,
    checks.sessions,
    browser_checks.websocket,
    browser_checks.front_end,
    checks.latency,
)
QUESTION = "What is ROS 2 and why do humanoid robots use it?"


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0 everything held, 1 something did not."""
    options = _parser().parse_args(arguments)
    return asyncio.run(_run(options))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy.smoke", description=__doc__)
    parser.add_argument("url", help="where the service is, such as https://owner-space.hf.space")
    parser.add_argument("--question", default=QUESTION, help="one that the book answers")
    parser.add_argument("--origin", help="the front end's origin, such as https://book.example")
    parser.add_argument("--load", type=int, default=8, help="questions at the same time; 0: none")
    parser.add_argument("--max-seconds", type=float, default=10.0, help="limit for their p95")
    parser.add_argument("--wait", type=float, default=0, help="seconds to wait until it is ready")
    return parser


async def _run(options: argparse.Namespace) -> int:
    url = options.url.rstrip("/")
    async with httpx.AsyncClient(base_url=url, timeout=60) as http:
        await _wait(http, options.wait)
        origin = options.origin.rstrip("/") if options.origin else None
        target = Target(http, url, options.question, origin, options.load, options.max_seconds)
        failed = 0
        for check in ALL:
            try:
                said = f"ok    {check.__name__:<10} {await check(target)}"
            except (CheckFailedError, httpx.HTTPError, ValueError, KeyError) as error:
                failed += 1
                said = f"FAIL  {check.__name__:<10} {_in_words(error)}"
            sys.stdout.write(f"{said}\n")
    sys.stdout.write(f"{len(ALL) - failed} of {len(ALL)} checks hold\n")
    return 1 if failed else 0


def _in_words(error: Exception) -> str:
    if isinstance(error, CheckFailedError):
        return str(error)
    return f"an answer of another shape ({type(error).__name__}: {error})"


async def _wait(http: httpx.AsyncClient, seconds: float) -> None:
    """A platform that wakes a sleeping service answers something else meanwhile."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if (await http.get("/health/ready")).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        await asyncio.sleep(0.2)


if __name__ == "__main__":
    sys.exit(main())

"""A working stand-in for a provider's API, spoken to over HTTP by the real SDKs and by ours.

``python -m standins.cohere --port N`` starts Cohere's alone (key ``stand-in-key``), and
``standins.openai`` OpenAI's; ``POST /_standin`` with ``{"faults": [...], "latency": {...}}``
then sets it up.
"""

import argparse
import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

import uvicorn

from standins.exchange import Exchange, Fault, Kind, Latency, Recorded

KEY: Final = "stand-in-key"


@dataclass
class ProviderStandIn:
    """ASGI app. ``requests`` and ``aborted`` may be read from any thread."""

    exchange: ClassVar[type[Exchange]]
    key: str = KEY
    obedient: bool = False
    """Its model tells everybody what its system message says."""
    latency: Latency = field(default_factory=Latency)
    faults: list[Fault] = field(default_factory=list)
    requests: list[Recorded] = field(default_factory=list)
    aborted: list[Recorded] = field(default_factory=list)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def fail(self, path: str, kind: Kind = "status", **how: Any) -> Fault:
        """Adds a fault; the earliest that fits a request goes first."""
        fault = Fault(path, kind, **how)
        self.faults.append(fault)
        return fault

    def reset(self) -> None:
        """Forgets faults, latencies and requests."""
        self.latency, self.obedient = Latency(), False
        for log in (self.faults, self.requests, self.aborted):
            log.clear()

    def paths(self) -> list[str]:
        """Paths that were asked, in order."""
        return [r.path for r in self.requests]

    async def until(self, happened: Callable[[], bool], seconds: float = 10) -> bool:
        """Waits until ``happened()``, which is looked at after each request and abort."""
        return await asyncio.to_thread(self._wait, happened, seconds)

    def _wait(self, happened: Callable[[], bool], seconds: float) -> bool:
        with self._changed:
            return self._changed.wait_for(happened, seconds)

    def note(self, log: list[Recorded], recorded: Recorded) -> None:
        """Appends to ``requests`` or ``aborted`` and wakes who waits for it."""
        with self._changed:
            log.append(recorded)
            self._changed.notify_all()

    def fault_for(self, path: str, model: object) -> Fault | None:
        """The fault that this request meets, counted down."""
        fault = next((f for f in self.faults if f.path == path and f.model in (None, model)), None)
        if fault and fault.times:
            fault.times -= 1
            if not fault.times:
                self.faults.remove(fault)
        return fault

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serves one ASGI connection."""
        if scope["type"] == "lifespan":
            for step in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{step}.complete"})
            return
        await self.exchange(self, scope, receive, send).serve()


def run(app: ProviderStandIn, arguments: list[str] | None = None) -> None:
    """Serves the stand-in until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8800)
    for name in ("embed-ms", "rerank-ms", "first-token-ms", "token-ms"):
        parser.add_argument(f"--{name}", type=float, default=0)
    parser.add_argument("--tokens", type=int, help="fixed length of an answer")
    given = vars(parser.parse_args(arguments))
    port = given.pop("port")
    app.latency = Latency(**given)
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", ws="none")

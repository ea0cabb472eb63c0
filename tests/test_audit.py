"""The audit of dependencies is part of ``make check`` and does not need the network."""

from pathlib import Path
from typing import Any

import pytest

from scripts import audit
from standins.server import free_port, serve


class Index:
    """An index of packages, with or without advisories."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": self.body})


@pytest.mark.parametrize(
    ("body", "known"),
    [(b'{"info": {}, "vulnerabilities": []}', True), (b'{"info": {}}', False), (b"<html>", False)],
)
def test_an_index_that_knows_no_advisories_is_not_asked(body: bytes, known: bool) -> None:
    with serve(Index(body), lifespan="off") as url:
        assert audit.advisories_known(url) is known


def test_without_anybody_to_ask_it_says_that_it_was_skipped(
    capsys: pytest.CaptureFixture[str],
) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    assert audit.main([], nobody) == 0
    assert "audit skipped" in capsys.readouterr().err
    assert audit.main(["--strict"], nobody) == 1


def test_a_flaw_fails_and_what_nobody_knows_is_not_called_sound() -> None:
    sound = {"name": "a", "version": "1", "vulns": []}
    weak = {"name": "b", "version": "2", "vulns": [{"id": "CVE-1", "fix_versions": ["3"]}]}
    unknown = {"name": "c", "skip_reason": "not found"}
    assert audit.judge([sound], strict=True) == (0, ["1 of 1 packages audited, 0 flaws"])
    status, said = audit.judge([sound, weak], strict=False)
    assert (status, "CVE-1" in said[0]) == (1, True)
    status, said = audit.judge([sound, unknown], strict=False)
    assert (status, said) == (0, ["not audited: c", "1 of 2 packages audited, 0 flaws"])
    assert audit.judge([sound, unknown], strict=True)[0] == 1


def test_check_audits_and_what_it_audits_is_there() -> None:
    assert audit.LOCK.is_file()
    makefile = Path(audit.LOCK.parent / "Makefile").read_text("utf-8")
    check = makefile.split("\ncheck:", 1)[1].split("\n\n", 1)[0]
    assert "-m scripts.audit" in check

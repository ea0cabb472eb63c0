"""The audit of dependencies is part of ``make check`` and does not need the network."""

import sys
from pathlib import Path

import pytest

from scripts import audit


@pytest.mark.parametrize("output", ["", "no JSON", '{"else": 1}'])
def test_without_anybody_to_ask_it_says_that_it_was_skipped(
    capsys: pytest.CaptureFixture[str], output: str
) -> None:
    command = [sys.executable, "-c", f"print({output!r})"]

    assert audit.main([], command) == 0
    assert "audit skipped" in capsys.readouterr().err
    assert audit.main(["--strict"], command) == 1


def test_an_index_that_knows_no_advisories_is_no_audit() -> None:
    unknown = {"name": "c", "skip_reason": "not found"}

    assert audit.judge([unknown, unknown], strict=False)[0] == 0
    assert "skipped" in audit.judge([unknown], strict=False)[1][0]
    assert audit.judge([unknown], strict=True)[0] == 1


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

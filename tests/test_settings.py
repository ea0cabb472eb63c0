"""Settings: what operators write, and what they are told when it is wrong."""

from typing import Any

import pytest
from pydantic import ValidationError

from errors import FixConfiguration
from settings import Settings, load_settings


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("30", "30/minute"),
        (2, "2/minute"),
        ("0", "0"),
        ("5/second", "5/second"),
        ("200 per hour", "200 per hour"),
    ],
)
def test_a_rate_limit_is_a_number_a_minute_or_says_its_own_time(written: Any, read: str) -> None:
    given: Any = {"rate_limit": written}
    assert Settings(**given).rate_limit == read


@pytest.mark.parametrize("written", ["-1", "many", "3 per parsec", "1e3", "2000000"])
def test_a_rate_limit_that_says_nothing_stops_the_start(
    written: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: Any = {"rate_limit": written}
    with pytest.raises(ValidationError):
        Settings(**given)
    monkeypatch.setenv("RATE_LIMIT", written)
    with pytest.raises(FixConfiguration, match=r"^RATE_LIMIT: must be"):
        load_settings()

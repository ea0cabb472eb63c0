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


@pytest.mark.parametrize("variable", ["COHERE_API_KEY", "QDRANT_API_KEY", "ADMIN_API_KEY"])
@pytest.mark.parametrize("written", ["two\nlines", "key\r\nX-Other: 1", "a key", "کلید"])
def test_a_key_that_fits_no_header_stops_the_start_in_one_line(
    variable: str, written: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, written)
    monkeypatch.setenv("QDRANT_URL", "http://localhost:6333")
    with pytest.raises(FixConfiguration, match=f"^{variable}: must be one word") as raised:
        load_settings()
    assert "\n" not in raised.value.detail
    assert written not in raised.value.detail


@pytest.mark.parametrize("variable", ["COHERE_BASE_URL", "QDRANT_URL", "BOOK_URL"])
def test_a_url_with_credentials_stops_the_start_without_printing_them(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COHERE_API_KEY", "k")
    monkeypatch.setenv(variable, "https://reader:hunter2@models.example/v1")
    with pytest.raises(FixConfiguration, match=f"^{variable}: must not hold") as raised:
        load_settings()
    assert "hunter2" not in raised.value.detail

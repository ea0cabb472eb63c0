"""Settings: what operators write, and what they are told when it is wrong."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
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


@pytest.mark.parametrize("written", ["-1", "²", "many", "3 per parsec", "1e3", "2000000"])
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


SECRET = "s3cr3t-that-nobody-may-see"


@pytest.mark.parametrize(
    ("name", "written", "says"),
    [
        ("TRUSTED_PROXIES", "nginx", "must be addresses or networks"),
        ("TRUSTED_PROXIES", "10.0.0.0/8,nginx:80", "must be addresses or networks"),
        ("TRUSTED_PROXIES", "10.0.0.0/99", "must be addresses or networks"),
        ("COHERE_API_KEY", f"{SECRET}\n", "must be one "),
        ("COHERE_API_KEY", f"{SECRET}\r\nX-Evil: 1", "must be one "),
        ("COHERE_API_KEY", f" {SECRET}", "must be one "),
        ("QDRANT_API_KEY", f"{SECRET}\n", "must be one "),
        ("ADMIN_API_KEY", f"{SECRET}\u2028", "must be one "),
        ("SPACE_SIGNING_SECRET", f"{SECRET}\x00", "must be one line"),
        ("ADMIN_API_KEY", "x", "must have at least 16 characters"),
        ("ADMIN_API_KEY", "fifteen-chars-x", "must have at least 16 characters"),
        ("SPACE_SIGNING_SECRET", "short", "must have at least 16 characters"),
        ("QDRANT_URL", f"https://me:{SECRET}@qdrant.example", "must not hold a user name"),
        ("QDRANT_URL", f"https://{SECRET}@qdrant.example", "must not hold a user name"),
        ("BOOK_URL", f"https://me:{SECRET}@book.example", "must not hold a user name"),
        ("BOOK_URL", "https://book.example/?page=", "must end before"),
        ("BOOK_URL", "https://book.example/#top", "must end before"),
        ("QDRANT_URL", "qdrant:6333", "must be an http"),
        ("QDRANT_URL", "http://", "must be an http"),
        ("QDRANT_URL", "http://qdrant:port", "cannot be read as a URL"),
        ("QDRANT_URL", "http://[::1", "cannot be read as a URL"),
        ("QDRANT_URL", "http://qdrant:6333\n", "must be one line"),
        ("QDRANT_URL", "http://qdrant :6333", "must be an http"),
        ("DATABASE_URL", f"mysql://me:{SECRET}@db/x", "must begin with"),
        ("DATABASE_URL", f"postgresql://me:{SECRET}/#@db:x/y", "cannot be read as a URL"),
        ("DATABASE_URL", f"postgresql://me:{SECRET}@db:port/y", "cannot be read as a URL"),
        ("DATABASE_URL", f"postgresql://me:{SECRET}@db/y\n", "must be one line"),
        ("REDIS_URL", f"http://:{SECRET}@redis", "must begin with"),
        ("REDIS_URL", f"redis://:{SECRET}@redis:port", "cannot be read as a URL"),
        ("REDIS_URL", f"redis://:{SECRET}@redis/zero", "must end with the number of a database"),
        ("ALLOWED_ORIGINS", f"https://me:{SECRET}@book.example", "must not hold a user name"),
        ("ALLOWED_ORIGINS", "book.example", "must be * or origins"),
        ("ALLOWED_ORIGINS", "https://book.example/docs", "must be * or origins"),
        ("ALLOWED_ORIGINS", "http://[", "cannot be read as a URL"),
        ("ALLOWED_HOSTS", "https://chat.example", "must be * or host names"),
        ("ALLOWED_HOSTS", "chat.example:80", "must be * or host names"),
        ("ALLOWED_HOSTS", "*.", "must be * or host names"),
    ],
)
def test_a_value_that_cannot_work_is_one_line_that_names_it_and_repeats_nothing(
    name: str, written: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name == "QDRANT_API_KEY":
        monkeypatch.setenv("QDRANT_URL", "http://qdrant:6333")
    if "\x00" in written:
        given: Any = {name: written}
        with pytest.raises(FixConfiguration) as refused:
            load_settings(**given)
    else:
        monkeypatch.setenv(name, written)
        with pytest.raises(FixConfiguration) as refused:
            load_settings()
    assert refused.value.detail.startswith(f"{name}: {says}")
    assert "\n" not in refused.value.detail
    assert SECRET not in refused.value.detail


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("TRUSTED_PROXIES", "10.0.0.0/8, ::1,192.0.2.7"),
        ("QDRANT_URL", "https://xyz.cloud.qdrant.io:443/"),
        ("QDRANT_URL", "http://[::1]:6333"),
        ("BOOK_URL", "https://author.github.io/book"),
        ("DATABASE_URL", "postgresql://me:p%40ss%2Fw@db:5432/chat?sslmode=require"),
        ("DATABASE_URL", "postgresql:///chat?host=/run/postgresql"),
        ("DATABASE_URL", "sqlite:////data/my book/chat.sqlite3"),
        ("REDIS_URL", "rediss://:key@redis.example:6380/2?ssl_cert_reqs=none"),
        ("REDIS_URL", "unix:///run/redis.sock?db=1"),
        ("ALLOWED_ORIGINS", "https://book.example, http://localhost:3000"),
        ("ALLOWED_HOSTS", "chat.example,*.hf.space,localhost"),
        ("ADMIN_API_KEY", "sixteen-letters!"),
    ],
)
def test_what_operators_rightly_write_is_taken(
    name: str, written: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, written)
    load_settings()


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("COHERE_API_KYE=x", "did you mean COHERE_API_KEY?"),
        ("RATE_LIMITS=5", "did you mean RATE_LIMIT?"),
        ("export ALOWED_ORIGINS=*", "did you mean ALLOWED_ORIGINS?"),
        ("admin_key=x", "did you mean ADMIN_API_KEY?"),
        ("QDRANT_HOST=x", ""),
        ("POSTGRES_PASSWORD=x", None),
        ("HTTP_PORT=8080", None),
        ("OTEL_SERVICE_NAME=x", None),
        ("GIT_COMMIT=abc", None),
        ("port=8000", None),
    ],
)
def test_a_misspelt_line_of_the_env_file_stops_the_start(
    line: str, says: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text(f"# ours\n{line}\n", "utf-8")
    if says is None:
        load_settings()
        return
    with pytest.raises(FixConfiguration) as refused:
        load_settings()
    name = line.removeprefix("export ").partition("=")[0]
    assert refused.value.detail.startswith(f"{name}: there is no such setting (.env)")
    assert refused.value.detail.endswith(says)


@given(
    st.sampled_from(sorted(Settings.model_fields)),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=60),
)
def test_no_text_in_any_variable_ends_in_anything_but_settings_or_one_line(
    name: str, written: str
) -> None:
    variable = str(Settings.model_fields[name].validation_alias or name)
    values: Any = {variable: written}
    try:
        load_settings(**values)
    except FixConfiguration as error:
        assert "\n" not in error.detail

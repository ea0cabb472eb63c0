"""The operator's key is slow to guess."""

import pytest

from api.protection.admin_key import AdminKey
from errors import BookChatError

KEY = "a-key-of-sixteen-or-more"


def tried(key: AdminKey, given: str, client: str = "a") -> str:
    try:
        key.check(given, client)
    except BookChatError as error:
        return f"{error.code} {error.retry_after or 0:.0f}"
    return "in"


def test_wrong_keys_cost_a_growing_wait_that_the_right_one_ends() -> None:
    now = 0.0
    key = AdminKey(KEY, lambda: now)
    assert [tried(key, "Bearer wrong") for _ in range(4)] == ["unauthorized 0"] * 4
    waits = []
    for _ in range(12):
        said = tried(key, f"Bearer {KEY}")  # even the right one tells nothing meanwhile
        assert said.startswith("rate_limited")
        waits.append(int(said.split()[1]))
        now += waits[-1] + 0.01
        assert tried(key, "Bearer wrong") == "unauthorized 0"
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]
    now += 300
    assert tried(key, f"Bearer {KEY}") == "in"
    assert tried(key, "Bearer wrong") == "unauthorized 0"


def test_a_day_of_guesses_of_one_client_is_a_few_hundred() -> None:
    now, guesses = 0.0, 0
    key = AdminKey(KEY, lambda: now)
    while now < 86_400:
        guesses += tried(key, "Bearer guess").startswith("unauthorized")
        now += 1 / 700
        if guesses > 8:
            now += 60
    assert guesses < 400


def test_one_clients_guesses_lock_nobody_else_out() -> None:
    key = AdminKey(KEY, lambda: 0.0)
    for _ in range(10):
        tried(key, "Bearer wrong", "guesser")
    assert tried(key, f"bearer {KEY}", "operator") == "in"


@pytest.mark.parametrize(
    "given", ["", "Bearer", "Bearer ", f"Basic {KEY}", KEY, "Bearer \xff\udcff"]
)
def test_what_is_no_bearer_token_is_unauthorized(given: str) -> None:
    assert tried(AdminKey(KEY, lambda: 0.0), given) == "unauthorized 0"


def test_strangers_cannot_fill_the_memory_with_their_guesses() -> None:
    key = AdminKey(KEY, lambda: 0.0)
    for n in range(20_000):
        tried(key, "Bearer wrong", str(n))
    assert len(key._wrong) <= 10_000

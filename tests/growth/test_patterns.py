"""No regular expression over foreign text takes more than its share of time."""

import re
from collections.abc import Callable

import pytest

from tests.growth.attacks import pumps
from tests.growth.clock import grows
from tests.growth.patterns import Used, used

USED = used()


def repeated(prefix: str, pump: str, suffix: str) -> Callable[[int], str]:
    """Makes the attack at any length."""
    return lambda length: prefix + pump * max(1, length // len(pump)) + suffix


@pytest.mark.slow
@pytest.mark.timing
@pytest.mark.parametrize("one", USED, ids=str)
def test_the_time_of_a_pattern_grows_with_its_input(one: Used) -> None:
    for prefix, pump, suffix in pumps(one.pattern):
        slow = grows(one.apply, repeated(prefix, pump, suffix))
        assert slow is None, f"{one.pattern.pattern!r} on {(prefix, pump, suffix)}: {slow}"


def test_the_attacks_find_what_is_known_to_be_slow() -> None:
    for known in (r"(a+)+$", r"[!?]+\s+", r"\s+$", r"<!--.*?-->", r"(\w+\s*)*:"):
        one = Used(known, re.compile(known, re.S), frozenset())
        attacks = [lambda n, a=a: a[0] + a[1] * (n // len(a[1])) + a[2] for a in pumps(one.pattern)]
        assert any(grows(one.apply, attack) for attack in attacks), known


def test_every_room_is_looked_through() -> None:
    assert len(USED) > 80
    assert {"text", "chains", "extractive", "loaders"} <= {
        u.where.split(".")[0].split("/")[0] for u in USED
    }

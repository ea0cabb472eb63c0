"""No test reaches anything but this machine, unless it is marked ``live``."""

import ssl
from collections.abc import Iterator
from functools import cache

import pytest
from hypothesis import settings

# The suite says the same of the same code each time. `make explore` tries other inputs.
settings.register_profile("suite", derandomize=True)
settings.register_profile("explore", print_blob=True)
settings.load_profile("suite")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests against real services may use the network; the rest may not (see ``addopts``)."""
    for item in items:
        if item.get_closest_marker("live"):
            item.add_marker(pytest.mark.enable_socket)


@pytest.fixture(scope="session", autouse=True)
def certificates_are_read_once() -> Iterator[None]:
    """Each of a thousand HTTP clients would read them all, 23 ms of CPU, and speak without TLS."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ssl, "create_default_context", cache(ssl.create_default_context))
        yield

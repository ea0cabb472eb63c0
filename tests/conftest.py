"""No test reaches anything but this machine, unless it is marked ``live``."""

import gc
import ssl
from collections.abc import Iterator
from functools import cache

import pytest
from hypothesis import settings

# The suite says the same of the same code each time. `make explore` tries other inputs.
settings.register_profile("suite", derandomize=True)
settings.register_profile("explore", print_blob=True)
settings.load_profile("suite")

# Until all is imported and collected there is nothing to collect but time: 2 s in each process.
gc.disable()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests against real services may use the network; the rest may not (see ``addopts``).

    What a module makes for its tests (a browser, a service, a model) is made once.
    """
    for item in items:
        if item.get_closest_marker("live"):
            item.add_marker(pytest.mark.enable_socket)
        if not item.get_closest_marker("xdist_group") and _shares_with_its_module(item):
            item.add_marker(pytest.mark.xdist_group(item.location[0]))


def _shares_with_its_module(item: pytest.Item) -> bool:
    names = getattr(item, "fixturenames", ())
    found = (item.session._fixturemanager.getfixturedefs(name, item) or () for name in names)
    return any(fixtures[-1].scope == "module" for fixtures in found if fixtures)


def pytest_collection_finish() -> None:
    """What is there now stays, and need not be looked through again and again."""
    gc.enable()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def certificates_are_read_once() -> Iterator[None]:
    """Each of a thousand HTTP clients would read them all, 23 ms of CPU, and speak without TLS."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ssl, "create_default_context", cache(ssl.create_default_context))
        yield

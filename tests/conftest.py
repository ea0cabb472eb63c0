"""No test reaches anything but this machine, unless it is marked ``live``."""

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests against real services may use the network; the rest may not (see ``addopts``)."""
    for item in items:
        if item.get_closest_marker("live"):
            item.add_marker(pytest.mark.enable_socket)

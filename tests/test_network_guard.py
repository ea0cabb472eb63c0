"""The suite's own guard: a test that asks for somebody outside fails at once."""

import socket

import pytest
from pytest_socket import SocketConnectBlockedError


def test_a_connection_to_another_machine_is_refused() -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_STREAM) as outside,
        # Warnings are errors here, and the guard warns before it refuses.
        pytest.raises((SocketConnectBlockedError, UserWarning), match=r"192\.0\.2\.1"),
    ):
        outside.connect(("192.0.2.1", 443))

"""Session ids: random, signed, checked without asking the database."""

import base64
import hashlib
import hmac
import os
import secrets
from pathlib import Path
from typing import Final

from errors import FixConfiguration, FixQuestion

KEY_FILE: Final = "session-secret"
_RANDOM_BYTES: Final = 18


class Signer:
    """Makes and checks session ids; more than one key may be good, the first one signs.

    Args:
        keys: secrets of at least one byte.
    """

    def __init__(self, *keys: bytes) -> None:
        self._keys = list(keys)

    @property
    def key(self) -> bytes:
        """The key that signs."""
        return self._keys[0]

    def prefer(self, key: bytes) -> None:
        """From now on ``key`` signs; ids signed before stay good."""
        self._keys = [key, *(k for k in self._keys if k != key)]

    def new(self) -> str:
        """``<random>.<signature>``, both URL-safe."""
        nonce = secrets.token_urlsafe(_RANDOM_BYTES)
        return f"{nonce}.{_mac(self._keys[0], nonce)}"

    def key_of(self, session_id: str) -> str:
        """What the database knows a session by.

        Raises:
            FixQuestion: not one of ours (``not_found``).
        """
        nonce, _, mac = session_id.rpartition(".")
        given = mac.encode("utf-8", "replace")
        good = False
        for key in self._keys:
            good |= hmac.compare_digest(given, _mac(key, nonce).encode())
        if not good:
            raise no_session()
        return hashlib.sha256(session_id.encode()).hexdigest()


def no_session() -> FixQuestion:
    """The one answer for a forged, foreign or deleted session."""
    return FixQuestion("There is no such session.", code="not_found")


def new_key() -> bytes:
    """A random signing key."""
    return secrets.token_hex(32).encode()


def key_in_folder(folder: Path) -> bytes:
    """The key kept in ``folder``, made at first use; processes that start together agree.

    Raises:
        FixConfiguration: the folder cannot be written, or the file is empty.
    """
    path = folder / KEY_FILE
    try:
        if not path.exists():
            _place(path, new_key())
        key = path.read_bytes().strip()
    except OSError:
        raise FixConfiguration("DATA_DIR: cannot be written") from None
    if not key:
        raise FixConfiguration(f"DATA_DIR: {KEY_FILE} is empty; delete it")
    return key


def _place(path: Path, key: bytes) -> None:
    """Links a complete file into place, so that nobody reads half a key."""
    draft = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(key)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass  # another process was first
        except OSError:  # no hard links here
            draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _mac(key: bytes, nonce: str) -> str:
    text = b"book-chat session " + nonce.encode("utf-8", "replace")
    digest = hmac.new(key, text, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")

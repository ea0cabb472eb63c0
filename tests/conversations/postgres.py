"""A throw-away PostgreSQL cluster: real servers, started and stopped at will."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import psycopg

INSTALL: Final = "PostgreSQL is missing: apt-get install -y postgresql"
PASSWORD: Final = "only-for-tests"


def binaries() -> Path | None:
    """The folder of initdb and pg_ctl; None when PostgreSQL is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    on_path = shutil.which("initdb")
    if found:
        return found[0].parent
    return Path(on_path).parent if on_path else None


class Cluster:
    """One server on a unix socket and a loopback port with TLS; it does not survive the test run.

    It is not synced to disk: a crash of the machine is not what is tested.
    """

    def __init__(self, bin_folder: Path) -> None:
        self._bin = bin_folder
        # PostgreSQL refuses root, and pytest's own folders are closed to other users.
        self.folder = Path(tempfile.mkdtemp(prefix="book-chat-pg-"))
        self._as: dict[str, Any] = {}
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            self._as = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
            os.chown(self.folder, user.pw_uid, user.pw_gid)
        self.port = 0
        self._made = 0
        self._running = False
        secret = self.folder / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        self._run(
            "initdb", "-D", str(self._data), "-U", "book", "--auth-local=trust",
            "--auth-host=scram-sha-256", f"--pwfile={secret}", "--no-sync", "-E", "UTF8",
            "--locale=C",
        )  # fmt: skip
        self._certify()

    def start(self) -> None:
        """Starts the server; the port stays the same from one start to the next."""
        if not self.port:
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                self.port = free.getsockname()[1]
        options = (
            f"-k {self.folder} -p {self.port} -c listen_addresses=127.0.0.1 -c ssl=on "
            "-c fsync=off -c max_connections=60"
        )
        log = str(self.folder / "log")
        self._run("pg_ctl", "-D", str(self._data), "-w", "-l", log, "-o", options, "start")
        self._running = True

    def start_if_stopped(self) -> None:
        """For the end of a test that failed midway."""
        if not self._running:
            self.start()

    def stop(self, *, crash: bool = False) -> None:
        """Stops the server; a crash leaves recovery to the next start."""
        mode = "immediate" if crash else "fast"
        self._run("pg_ctl", "-D", str(self._data), "-w", "-m", mode, "stop")
        self._running = False

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Takes connections meanwhile, and says nothing."""
        first = (self._data / "postmaster.pid").read_text().split()[0]
        found = subprocess.run(["pgrep", "-P", first], capture_output=True, text=True)
        processes = [int(first), *map(int, found.stdout.split())]
        for process in processes:
            os.kill(process, signal.SIGSTOP)
        try:
            yield
        finally:
            for process in processes:
                os.kill(process, signal.SIGCONT)

    def remove(self) -> None:
        """Stops the server and deletes everything."""
        if self._running:
            self.stop(crash=True)
        shutil.rmtree(self.folder)

    def new_schema(self) -> str:
        """URL of an empty schema, by the unix socket; far cheaper than a database."""
        self._made += 1
        name = f"book_{self._made}"
        with psycopg.connect(self.url("public"), autocommit=True) as connection:
            connection.execute(f"CREATE SCHEMA {name}".encode())
        return self.url(name)

    def url(self, schema: str) -> str:
        """By the unix socket, without a password."""
        return (
            f"postgresql://book@/postgres?host={self.folder}&port={self.port}"
            f"&options=-csearch_path%3D{schema}"
        )

    def hosted_url(self) -> str:
        """As hosting companies hand it out: TCP, TLS, a password."""
        return (
            f"postgres://book:{PASSWORD}@127.0.0.1:{self.port}/postgres"
            "?sslmode=require&channel_binding=require"
        )

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _certify(self) -> None:
        made = [str(self._data / "server.key"), str(self._data / "server.crt")]
        self._run(
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1",
            "-subj", "/CN=localhost", "-keyout", made[0], "-out", made[1],
        )  # fmt: skip

    def _run(self, program: str, *arguments: str) -> None:
        path = self._bin / program
        command = [str(path) if path.exists() else program, *arguments]
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C", "HOME": str(self.folder)}
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=120,
            check=False,
            **self._as,
        )
        assert done.returncode == 0, f"{program} failed: see {self.folder}"

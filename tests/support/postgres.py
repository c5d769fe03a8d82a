"""A real PostgreSQL server for tests: a cluster of its own in a temporary folder, gone at the end."""

import os
import pwd
import re
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg
import pytest

from shared.dev_broker.guarded_processes import GuardedProcesses
from shared.dev_broker.ports import HOST, free_ports
from shared.errors import ConfigurationError

START_S_MAX = 60.0
USER = "reviewer"
PASSWORD = "not-a-secret"  # noqa: S105 - of a server that lives for a test
# The server refuses to run as root: then it runs as the user that its package makes.
SERVER_USER = "postgres"
NODE = 1
DEBIAN = Path("/usr/lib/postgresql")


class PostgresServer:
    """One server, over TCP with a password and over a Unix socket without; it ends with this process."""

    def __init__(self, settings: Sequence[str] = (), folder: Path | None = None) -> None:
        self._programs = find_programs()
        self._settings = settings
        self._folder = Path(tempfile.mkdtemp(prefix="reviewstream-postgres-", dir=folder))
        self._data = self._folder / "data"
        self.port = free_ports(1)[0]
        self._processes = GuardedProcesses.under_new_guardian(self._data, self._folder / "guardian.log")

    @property
    def url(self) -> str:
        """The address over TCP, without the password."""
        return f"postgresql://{USER}@{HOST}:{self.port}/postgres"

    @property
    def socket_url(self) -> str:
        """The address over the Unix socket, where no password is asked for."""
        return f"postgresql:///postgres?host={self._folder}&port={self.port}&user={USER}"

    def __enter__(self) -> Self:
        self._make_cluster()
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._processes.process_id(NODE) is not None:
            # Fast: open connections are ended, not waited for.
            self._end(signal.SIGINT)
        self._processes.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def start(self) -> None:
        """Start the server and wait until it answers; also after a kill, while what is left of it ends by itself."""
        deadline = time.monotonic() + START_S_MAX
        while True:
            if self._processes.process_id(NODE) is None:
                self._launch()
            try:
                self.connect().close()
            except psycopg.OperationalError:
                assert time.monotonic() < deadline, (self._folder / "server.log").read_text()
                # Nothing tells when it is ready but the answer; a server that gave up has ended within this.
                self._processes.wait_end([NODE], 0.1)
            else:
                return

    def kill(self) -> None:
        """Kill the server as a power cut does; return when it is gone."""
        self._end(signal.SIGKILL)

    def connect(self) -> psycopg.Connection[tuple[object, ...]]:
        """Return a connection of the server's owner, each statement a transaction of its own."""
        return psycopg.connect(self.socket_url, autocommit=True, connect_timeout=5)

    def own(self, path: Path) -> None:
        """Give a file or folder to the user whom the server runs as, and let it be found."""
        if os.geteuid() == 0:
            owner = pwd.getpwnam(SERVER_USER)
            os.chown(path, owner.pw_uid, owner.pw_gid)
            for parent in path.parents:
                if not parent.stat().st_mode & stat.S_IXOTH:
                    parent.chmod(parent.stat().st_mode | stat.S_IXOTH)

    def _end(self, signal_: signal.Signals) -> None:
        self._processes.send_signal(NODE, signal_)
        assert self._processes.wait_end([NODE], START_S_MAX) == NODE

    def _make_cluster(self) -> None:
        password = self._folder / "password"
        password.write_text(PASSWORD)
        self.own(self._folder)
        self.own(password)
        options = ["--auth-local=trust", "--auth-host=scram-sha-256", f"--pwfile={password}", "--no-sync"]
        places = ["-D", str(self._data), "-U", USER, "-E", "UTF8", "--locale=C"]
        made = subprocess.run(
            self._command("initdb", *options, *places), capture_output=True, text=True, check=False, cwd=self._folder
        )
        assert made.returncode == 0, made.stderr

    def _launch(self) -> None:
        settings = [
            f"port={self.port}",
            f"listen_addresses={HOST}",
            f"unix_socket_directories={self._folder}",
            # A killed process loses nothing by it, only a machine without power would.
            "fsync=off",
            *self._settings,
        ]
        options = [part for setting in settings for part in ("-c", setting)]
        command = self._command("postgres", "-D", str(self._data), *options)
        self._processes.start(NODE, command, self._folder / "server.log")

    def _command(self, program: str, *arguments: str) -> list[str]:
        as_user = (
            ["setpriv", f"--reuid={SERVER_USER}", f"--regid={SERVER_USER}", "--init-groups"]
            if os.geteuid() == 0
            else []
        )
        return [*as_user, str(self._programs / program), *arguments]


def installed_postgres() -> PostgresServer:
    """Return a server, not yet started; without the programs a test fails in CI and is skipped on a laptop."""
    try:
        return PostgresServer()
    except ConfigurationError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"{error}; {error.hint}")


def find_programs() -> Path:
    """Return the folder of the server's programs; ConfigurationError where there is none."""
    found = shutil.which("postgres")
    if found:
        return Path(found).resolve().parent
    versions = sorted(DEBIAN.glob("*/bin/postgres"), key=lambda path: int(re.sub(r"\D", "", path.parts[-3]) or 0))
    if not versions:
        raise ConfigurationError("no PostgreSQL server is installed", hint="on Debian: apt-get install postgresql")
    return versions[-1].parent

"""A worker as a process: how it is started, and what both sides tell each other.

Through its standard input the worker learns that its parent is gone, however that went: the kernel closes it. On its
standard output it says which port it serves. Both are all that parent and worker share: see docs/adr/0014.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import IO, Self

PORT_LINE_BYTES_MAX = 100


class WorkerProcess:
    """The parent's side of one worker."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._said = b""

    @classmethod
    def start(cls, command: Sequence[str]) -> Self:
        """Start a command; OSError where the system refuses."""
        process = subprocess.Popen(  # noqa: S603 - this program itself
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # A Ctrl-C on the terminal reaches the parent alone, which passes it on: two would mean "at once".
            process_group=0,
        )
        os.set_blocking(_pipe(process.stdout).fileno(), False)
        return cls(process)

    @property
    def process_id(self) -> int:
        """Its number."""
        return self._process.pid

    def status(self) -> int | None:
        """Return how it ended, negative for a signal; None while it runs."""
        status = self._process.poll()
        if status is not None:
            _pipe(self._process.stdin).close()
            _pipe(self._process.stdout).close()
        return status

    def port(self) -> int | None:
        """Return the port it serves; None while it has not said so."""
        if b"\n" not in self._said:
            with suppress(BlockingIOError):
                self._said += os.read(_pipe(self._process.stdout).fileno(), PORT_LINE_BYTES_MAX)
        line, end, _ = self._said.partition(b"\n")
        return int(line) if end else None

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal; one that has ended gets none."""
        self._process.send_signal(number)


def tell_port(port: int) -> None:
    """Tell the parent which port this worker serves."""
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()


def end_with_parent(stop_s_max: float) -> None:
    """Ask this worker to stop, as SIGTERM does, when its parent is gone; kill it where that takes longer than this."""
    threading.Thread(target=_await_end_of_parent, args=(stop_s_max,), name="parent", daemon=True).start()


def _await_end_of_parent(stop_s_max: float) -> None:
    # Not through sys.stdin: at the interpreter's end its lock would still be held here.
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    # Nobody is left who would: this thread ends with the process.
    time.sleep(stop_s_max)
    os.kill(os.getpid(), signal.SIGKILL)


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None  # noqa: S101 - both were asked for
    return stream

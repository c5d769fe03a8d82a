"""The parent's side of the guardian: orders to it, and what it reported."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Self

from shared.dev_broker import guardian
from shared.errors import BrokerUnavailable

_REPORT_TIME_S_MAX = 10.0


class GuardedProcesses:
    """Processes, one a node, that end with this process even when it is killed."""

    def __init__(self, guardian_process: subprocess.Popen[str]) -> None:
        self._guardian = guardian_process
        self._changed = threading.Condition()
        self._running: dict[int, int] = {}
        self._ended: dict[int, int] = {}
        self._reader = threading.Thread(target=self._read_reports, daemon=True)

    @classmethod
    def under_new_guardian(cls, data: Path, log: Path) -> Self:
        """Start a guardian that removes this data folder at the end and complains to this log."""
        with log.open("ab") as errors:
            process = subprocess.Popen(  # noqa: S603 - our own file
                # -I and -S: neither the current folder nor site packages can change what the guardian is.
                [sys.executable, "-I", "-S", guardian.__file__, str(data)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                # In a session of its own a Ctrl-C on the terminal does not reach the brokers before their clients.
                start_new_session=True,
            )
        processes = cls(process)
        processes._reader.start()
        return processes

    def start(self, node: int, command: Sequence[str], log: Path) -> None:
        """Start a node's process; return when it runs."""
        order = {"node": node, "command": list(command), "log": str(log)}
        with self._changed:
            self._ended.pop(node, None)
            try:
                _pipe(self._guardian.stdin).write(json.dumps(order) + "\n")
                _pipe(self._guardian.stdin).flush()
            except OSError as error:
                raise BrokerUnavailable("the guardian of the broker processes is gone") from error
            # A short process may have ended before this thread is woken.
            if not self._changed.wait_for(lambda: node in self._running or node in self._ended, _REPORT_TIME_S_MAX):
                raise BrokerUnavailable("the guardian of the broker processes does not answer")

    def process_id(self, node: int) -> int | None:
        """Return the process of a node, or None when it does not run."""
        with self._changed:
            return self._running.get(node)

    def end_status(self, node: int) -> int | None:
        """Return how the process of a node ended, negative for a signal, or None while it runs."""
        with self._changed:
            return self._ended.get(node)

    def send_signal(self, node: int, signal_: signal.Signals) -> None:
        """Send a signal to a node's process; one that has ended gets none."""
        with self._changed:
            if node in self._running:
                # It may end at this very moment; the report of that is on its way.
                with suppress(ProcessLookupError):
                    os.kill(self._running[node], signal_)

    def wait_end(self, nodes: Collection[int], timeout_s: float | None) -> int | None:
        """Wait until the process of one of these nodes has ended; return which, or None when all still run."""
        with self._changed:
            self._changed.wait_for(lambda: not self._ended.keys().isdisjoint(nodes), timeout_s)
            return next((node for node in self._ended if node in nodes), None)

    def stop(self) -> None:
        """End every process and the guardian."""
        with suppress(OSError):
            _pipe(self._guardian.stdin).close()
        try:
            self._guardian.wait(guardian.GRACE_S + _REPORT_TIME_S_MAX)
        except subprocess.TimeoutExpired:
            self._guardian.kill()
            self._guardian.wait()
        self._reader.join(_REPORT_TIME_S_MAX)

    def _read_reports(self) -> None:
        with _pipe(self._guardian.stdout) as reports:
            for line in reports:
                self._take(json.loads(line))
        self._end_orphans()

    def _end_orphans(self) -> None:
        # The guardian is gone. Somebody may have killed it, or its last reports were cut off: then this finds nobody.
        with self._changed:
            for node, process in list(self._running.items()):
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
                self._take({"node": node, "pid": process, "status": -signal.SIGKILL})

    def _take(self, report: dict[str, int]) -> None:
        with self._changed:
            if "status" in report:
                self._running.pop(report["node"], None)
                self._ended[report["node"]] = report["status"]
            else:
                self._running[report["node"]] = report["pid"]
            self._changed.notify_all()


def _pipe(stream: IO[str] | None) -> IO[str]:
    assert stream is not None  # noqa: S101 - both ends were asked for
    return stream

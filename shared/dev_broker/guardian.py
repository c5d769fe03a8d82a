"""A process that starts others for its parent and ends them when the parent is gone, however it went.

It reads a line of JSON for each process to start and writes one when that process runs and one when it ended.
The end of its input (closed by the parent, or by the kernel after a SIGKILL) ends all of them and removes their data.
It is run by its path and imports nothing of the project: it starts in 20 ms.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TextIO

# The data are thrown away, so a broker that takes longer loses nothing by being killed.
GRACE_S = 2.0

_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Guardian:
    """Starts processes on order, reports what becomes of them and lets none outlive it."""

    def __init__(self, data: Path, reports: TextIO) -> None:
        self._data = data
        self._reports = reports
        self._report_lock = threading.Lock()
        self._processes: list[subprocess.Popen[bytes]] = []

    def obey(self, orders: Iterable[str]) -> None:
        """Start what each order names; when there are no more, end everything and remove the data."""
        try:
            for order in orders:
                self._start(**json.loads(order))
        finally:
            self._end_all()
            shutil.rmtree(self._data, ignore_errors=True)

    def _start(self, node: int, command: list[str], log: str) -> None:
        with Path(log).open("ab", buffering=0) as output:
            try:
                process = subprocess.Popen(  # noqa: S603 - what the parent orders
                    command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
                )
            except OSError as error:
                output.write(f"{error}\n".encode())
                self._report(node=node, pid=0, status=127)
                return
        self._processes.append(process)
        self._report(node=node, pid=process.pid)
        threading.Thread(target=self._await_end, args=(node, process), daemon=True).start()

    def _await_end(self, node: int, process: subprocess.Popen[bytes]) -> None:
        status = process.wait()
        self._report(node=node, pid=process.pid, status=status)

    def _report(self, **facts: int) -> None:
        # Nobody reads the reports once the parent is dead.
        with self._report_lock, suppress(OSError, ValueError):
            self._reports.write(json.dumps(facts) + "\n")
            self._reports.flush()

    def _end_all(self) -> None:
        for signal_ in _STOP_SIGNALS:
            signal.signal(signal_, signal.SIG_IGN)
        for process in self._processes:
            # A stopped process gets SIGTERM only after it was told to go on.
            process.send_signal(signal.SIGCONT)
            process.terminate()
        deadline = time.monotonic() + GRACE_S
        for process in self._processes:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _stop_with(parent: int) -> None:
    # A child that the parent forked holds the pipe open after the parent's death; the parent's number tells it then.
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    """Guard until the input ends, the parent dies or a signal asks to stop."""
    for signal_ in _STOP_SIGNALS:
        signal.signal(signal_, lambda *_: sys.exit(0))
    threading.Thread(target=_stop_with, args=(os.getppid(),), daemon=True).start()
    Guardian(Path(sys.argv[1]), sys.stdout).obey(sys.stdin)


if __name__ == "__main__":
    main()

"""Watches a process from outside, through /proc: processor time and memory, twenty times a second."""

import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Self

import numpy as np
from numpy.typing import NDArray

from shared.errors import FatalError

SAMPLE_EVERY_S = 0.05
STOP_S_MAX = 60.0
LOG_LINES_SHOWN = 20
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
# Places of utime and stime in /proc/PID/stat, counted after the name in brackets (proc_pid_stat(5)).
USER_TICKS, SYSTEM_TICKS = 11, 12


def cpu_seconds(stat: str) -> float:
    """Return the processor seconds, user and system, in the stat file of a process or thread."""
    fields = stat.rpartition(")")[2].split()
    return (int(fields[USER_TICKS]) + int(fields[SYSTEM_TICKS])) / TICKS_A_SECOND


@dataclass(slots=True)
class Usage:
    """What a process used: parallel columns of samples, times in seconds since 1970."""

    at_s: list[float] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)
    rss_bytes: list[int] = field(default_factory=list)

    def cpu_between_s(self, start_s: float, end_s: float) -> float:
        """Return the processor seconds, user and system, spent between two moments."""
        start, end = np.interp([start_s, end_s], self.at_s, self.cpu_s)
        return float(end - start)

    def rss_mb_max(self) -> float:
        """Return the most memory that was held at any sample, in MB."""
        return max(self.rss_bytes) / 1e6

    def rss_over_time(self, points: int) -> NDArray[np.float64]:
        """Return about `points` rows of seconds since the first sample, and MB held."""
        rows = np.column_stack([np.array(self.at_s) - self.at_s[0], np.array(self.rss_bytes) / 1e6])
        return np.asarray(rows[:: max(1, len(rows) // points)])


class WatchedProcess:
    """A program under measurement: sampled while it runs, and ended for certain."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self._command = list(command)
        self._log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed on leaving
        self.started_at_s = time.time()
        self._process = subprocess.Popen(
            self._command,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._log,
        )
        self.usage = Usage()
        self._ended = threading.Event()
        self._sampler = threading.Thread(target=self._sample, daemon=True)
        self._sampler.start()

    def running(self) -> bool:
        """Return whether it has not ended."""
        return self._process.poll() is None

    def wait(self, timeout_s: float) -> bytes:
        """Wait for its end and return what it wrote to standard output; FatalError where it fails."""
        try:
            output, _ = self._process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            raise FatalError(f"{self._name()} did not end within {timeout_s:g} s{self._log_end()}") from None
        if self._process.returncode != 0:
            raise FatalError(f"{self._name()} left with exit code {self._process.returncode}{self._log_end()}")
        return output

    def stop(self) -> bytes:
        """Ask it to stop, wait for its end, and return what it wrote."""
        self._process.terminate()
        return self.wait(STOP_S_MAX)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        if self.running():
            self._process.kill()
        self._process.wait()
        self._ended.set()
        self._sampler.join()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._log.close()

    def _sample(self) -> None:
        files = Path(f"/proc/{self._process.pid}")
        while not self._ended.wait(SAMPLE_EVERY_S):
            try:
                cpu_s = cpu_seconds(files.joinpath("stat").read_text())
                pages = files.joinpath("statm").read_text().split()
            except OSError:
                return
            if pages[1] == "0":
                # It has ended and nobody has asked for its exit code yet.
                return
            self.usage.at_s.append(time.time())
            self.usage.cpu_s.append(cpu_s)
            self.usage.rss_bytes.append(int(pages[1]) * os.sysconf("SC_PAGE_SIZE"))

    def _name(self) -> str:
        return " ".join(self._command[1:])

    def _log_end(self) -> str:
        self._log.seek(0)
        lines = self._log.read().decode("utf-8", "replace").splitlines()
        return "; it said last:\n" + "\n".join(lines[-LOG_LINES_SHOWN:])

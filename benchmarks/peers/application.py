"""A contestant's process: started, measured from outside, and ended for certain."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from benchmarks.peers import launcher
from benchmarks.peers.assignment import Assignment
from benchmarks.peers.contestants import CACHE, ROOT, Contestant

PREPARATION_S_MAX = 60.0
END_S_MAX = 10.0
LAST_WORDS_CHARS_MAX = 300
CLOCK_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process has used so far."""

    cpu_s: float
    rss_max_bytes: int


class Application:
    """A contestant at work; leaving the context kills it, and so does the end of this process (Linux)."""

    def __init__(self, contestant: Contestant, assignment: Assignment) -> None:
        self._contestant = contestant
        self._assignment = assignment
        self._log = CACHE / "logs" / f"{assignment.group}.log"
        self._process: subprocess.Popen[bytes] | None = None

    def prepare(self) -> None:
        """Do what must be done once, before the first start."""
        self._assignment.state.mkdir(parents=True, exist_ok=True)
        self._log.parent.mkdir(parents=True, exist_ok=True)
        command = self._contestant.preparation(self._assignment)
        if command is not None:
            subprocess.run(
                command, check=True, capture_output=True, timeout=PREPARATION_S_MAX, env=self._environment(), cwd=ROOT
            )

    def start(self) -> None:
        """Start it, the same way every time."""
        command = self._contestant.command(self._assignment)
        launched = [sys.executable, "-I", "-S", launcher.__file__, str(os.getpid()), *command]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                launched,
                env=self._environment(),
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self) -> None:
        """Kill it, and what it started, as a crash would."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(END_S_MAX)
            self._process = None

    def running(self) -> bool:
        """Return whether it has not ended by itself."""
        return self._process is not None and self._process.poll() is None

    def usage(self) -> Usage:
        """Return its processor time and its largest resident memory until now, from /proc."""
        if self._process is None:
            return Usage(0.0, 0)
        folder = Path("/proc") / str(self._process.pid)
        # The name in brackets may hold blanks: fields are counted behind it (proc_pid_stat(5)).
        fields = (folder / "stat").read_text("utf-8").rpartition(")")[2].split()
        status = dict(line.split(":", 1) for line in (folder / "status").read_text("utf-8").splitlines())
        ticks = sum(map(int, fields[11:15]))
        return Usage(ticks / CLOCK_TICKS_PER_S, int(status["VmHWM"].split()[0]) * 1024)

    def last_words(self) -> str:
        """Return the last line of its log that names an error, or else the last one."""
        lines = [line.strip() for line in self._log.read_text("utf-8", errors="replace").splitlines() if line.strip()]
        errors = [line for line in lines if "Error" in line and not line.startswith("File ")]
        return (errors or lines or ["it said nothing"])[-1][:LAST_WORDS_CHARS_MAX]

    def _environment(self) -> dict[str, str]:
        return {**os.environ, **self._contestant.environment(self._assignment)}

    def __enter__(self) -> Self:
        self.prepare()
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

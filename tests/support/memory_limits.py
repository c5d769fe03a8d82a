"""Takes memory away from a running process, as its surroundings would: by a limit it meets, or by a kill."""

import resource
import signal
import threading
import time
from pathlib import Path

from tests.support.memory_samples import resident_mb
from tests.support.processes import Program

GROWTH_S_MAX = 60.0
LOOK_EVERY_S = 0.002
MB = 1024 * 1024


def allow_only(process_id: int, more_mb: int) -> None:
    """Let a process get so many MB of address space beyond what it has: what asks for more is refused."""
    pages = int(Path(f"/proc/{process_id}/statm").read_text("ascii").split()[0])
    limit = pages * resource.getpagesize() + more_mb * MB
    resource.prlimit(process_id, resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))


def allow_everything(process_id: int) -> None:
    """Take such a limit back."""
    resource.prlimit(process_id, resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def kill_when_grown(program: Program, more_mb: int) -> None:
    """Kill a program in the moment it holds so many MB more than now: what the kernel does where memory ends."""
    deadline = time.monotonic() + GROWTH_S_MAX
    before = held_mb(program)
    while held_mb(program) < before + more_mb:
        assert time.monotonic() < deadline, f"{held_mb(program):.0f} MB, {before:.0f} before"
        threading.Event().wait(LOOK_EVERY_S)
    program.signal(signal.SIGKILL)


def held_mb(program: Program) -> float:
    """Return what a running program holds, in MB."""
    held = resident_mb(program.process_id)
    assert held is not None, f"it has ended, or /proc does not tell:\n{program.said[-5:]}"
    return held

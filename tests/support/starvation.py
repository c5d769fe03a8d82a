"""Takes the processor away from a running process, without any privilege."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.processes import Program

# A twentieth of one processor, at most, and that shared with others.
RUN_S = 0.025
STOPPED_S = 0.475
# What is starved yields to the busy ones, and those to brokers, publishers and whoever else uses the machine.
STARVED_NICE = 19
BUSY_NICE = 10
BUSY = f"import os; os.nice({BUSY_NICE})\nwhile True: pass"
ENDED_S_MAX = 10.0


@dataclass(slots=True)
class Starvation:
    """How much of one processor a process got, once its starvation has ended."""

    share: float = 1.0


@contextlib.contextmanager
def starved(program: Program) -> Iterator[Starvation]:
    """Let a program run a twentieth of the time, behind processes that are always busy; it stays the last in line."""
    found = Starvation()
    give_way(program.process_id)
    with contextlib.ExitStack() as faults:
        for _ in range(os.cpu_count() or 1):
            faults.enter_context(busy_process())
        used, started = processor_s(program.process_id), time.monotonic()
        faults.enter_context(stopped_most_of_the_time(program))
        yield found
        found.share = (processor_s(program.process_id) - used) / (time.monotonic() - started)


def give_way(process_id: int) -> None:
    """Let every thread of a process run only when others do not want to."""
    for thread in Path(f"/proc/{process_id}/task").iterdir():
        os.setpriority(os.PRIO_PROCESS, int(thread.name), STARVED_NICE)


def processor_s(process_id: int) -> float:
    """Return the processor time a process has used, in seconds; what it had used where it has ended is not known: 0."""
    try:
        fields = Path(f"/proc/{process_id}/stat").read_text("ascii").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def busy_process() -> Iterator[None]:
    """Run a process that wants a whole processor."""
    with subprocess.Popen([sys.executable, "-c", BUSY]) as process:
        try:
            yield
        finally:
            process.kill()


@contextlib.contextmanager
def stopped_most_of_the_time(program: Program) -> Iterator[None]:
    """Stop and continue a program in turn; it runs when this ends."""
    over = threading.Event()

    def take_turns() -> None:
        while not over.is_set() and program.running():
            program.signal(signal.SIGSTOP)
            over.wait(STOPPED_S)
            program.signal(signal.SIGCONT)
            over.wait(RUN_S)

    turns = threading.Thread(target=take_turns, daemon=True)
    turns.start()
    try:
        yield
    finally:
        over.set()
        turns.join(ENDED_S_MAX)

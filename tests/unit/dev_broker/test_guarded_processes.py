"""Processes under a guardian end when they are told to, and when their parent dies."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shared.dev_broker.guarded_processes import GuardedProcesses

WAIT_S = 20.0
SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)",
]
PARENT = """
import os, sys, time
from pathlib import Path
from shared.dev_broker.guarded_processes import GuardedProcesses
folder = Path(sys.argv[1])
processes = GuardedProcesses.under_new_guardian(folder / "data", folder / "guardian.log")
processes.start(1, [sys.executable, "-c", "import time; time.sleep(600)"], folder / "1.log")
print(processes.process_id(1), end=" ")
# HERE
print(flush=True)
time.sleep(600)
"""
# A forked child inherits the pipe to the guardian, so the parent's death does not close it.
FORKING_PARENT = PARENT.replace("# HERE", "child = os.fork() or time.sleep(60)\nprint(child, end='')")


def eventually(is_so: Callable[[], bool]) -> bool:
    """Ask until the answer is yes: nobody is told when a process ends that is not its child."""
    deadline = time.monotonic() + WAIT_S
    while not is_so():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def is_gone(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


def guardian_of(process: int) -> int:
    return os.getsid(process)  # the guardian leads the session of its processes


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[GuardedProcesses]:
    (tmp_path / "data").mkdir()
    guarded = GuardedProcesses.under_new_guardian(tmp_path / "data", tmp_path / "guardian.log")
    yield guarded
    guarded.stop()


def process_of(processes: GuardedProcesses, node: int) -> int:
    process = processes.process_id(node)
    assert process is not None
    return process


def test_stop_ends_every_process_and_removes_the_data(processes: GuardedProcesses, tmp_path: Path) -> None:
    processes.start(1, SLEEPER, tmp_path / "1.log")
    processes.start(2, SLEEPER, tmp_path / "2.log")
    numbers = [process_of(processes, 1), process_of(processes, 2)]
    processes.stop()
    assert all(is_gone(number) for number in numbers)
    assert not (tmp_path / "data").exists()


def test_stopped_process_and_one_deaf_to_sigterm_end_too(processes: GuardedProcesses, tmp_path: Path) -> None:
    processes.start(1, SLEEPER, tmp_path / "1.log")
    processes.start(2, STUBBORN, tmp_path / "2.log")
    assert eventually(lambda: "deaf" in (tmp_path / "2.log").read_text())
    numbers = [process_of(processes, 1), process_of(processes, 2)]
    processes.send_signal(1, signal.SIGSTOP)
    processes.stop()
    assert all(is_gone(number) for number in numbers)


def test_end_of_a_process_is_reported_with_its_status(processes: GuardedProcesses, tmp_path: Path) -> None:
    processes.start(7, [sys.executable, "-c", "raise SystemExit(3)"], tmp_path / "7.log")
    assert processes.wait_end({7}, WAIT_S) == 7
    assert processes.end_status(7) == 3
    assert processes.process_id(7) is None


def test_program_that_does_not_exist_ends_at_once_and_its_log_says_why(
    processes: GuardedProcesses, tmp_path: Path
) -> None:
    processes.start(1, ["/does/not/exist"], tmp_path / "1.log")
    assert processes.end_status(1) == 127
    assert "No such file" in (tmp_path / "1.log").read_text()


def test_stop_ends_processes_whose_guardian_was_killed(processes: GuardedProcesses, tmp_path: Path) -> None:
    processes.start(1, SLEEPER, tmp_path / "1.log")
    process = process_of(processes, 1)
    os.kill(guardian_of(process), signal.SIGKILL)
    processes.stop()
    assert eventually(lambda: is_gone(process))


def test_guardian_that_is_told_to_end_takes_its_processes_along(processes: GuardedProcesses, tmp_path: Path) -> None:
    processes.start(1, SLEEPER, tmp_path / "1.log")
    os.kill(guardian_of(process_of(processes, 1)), signal.SIGTERM)
    assert processes.wait_end({1}, WAIT_S) == 1
    assert eventually(lambda: not (tmp_path / "data").exists())


@pytest.mark.parametrize("script", [PARENT, FORKING_PARENT], ids=["alone", "with a forked child that lives on"])
def test_nothing_outlives_a_parent_that_is_killed(script: str, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    with subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        process, *forked = (int(number) for number in parent.stdout.readline().split())
        parent.kill()
        assert eventually(lambda: is_gone(process))
        assert eventually(lambda: not (tmp_path / "data").exists())
        for child in forked:
            os.kill(child, signal.SIGKILL)

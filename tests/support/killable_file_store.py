"""A job that stores numbered labels in files, killed before each of the steps that it asks the file system for.

One process imports everything, and forks one for each step: the n-th is killed at step n and its output taken over by
another, until one comes to its end. Their outputs are named `{place}` with n put in.
"""

import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from consumer.bounded.arrow import import_duckdb, import_pyarrow
from consumer.bounded.outputs import DEFAULTS, OutputOptions, open_store
from consumer.bounded.ports import Mode, Store
from consumer.bounded.progress import Job, Progress
from shared.errors import ConfigurationError
from tests.support.label_rows import label_rows

MODULE = "tests.support.killable_file_store"
ROOT = Path(__file__).parents[2]
CHECKPOINT = 100
CHECKPOINTS = 3
JOB = Job({"inputs": "reviews.csv"})
# What files are made to last with, and moved and removed by.
STEPS = ("fsync", "rename", "replace", "unlink", "rmdir", "mkdir", "open")


def progress_after(checkpoints: int) -> Progress:
    """Return how far the job is after so many checkpoints."""
    return Progress(row=checkpoints * CHECKPOINT, labelled=checkpoints * CHECKPOINT)


def store_checkpoint(store: Store, number: int) -> None:
    """Store the n-th checkpoint, counted from 0."""
    store.append(label_rows(number * CHECKPOINT, (number + 1) * CHECKPOINT), progress_after(number + 1))


def finish_job(place: str, mode: Mode, job: Job = JOB, options: OutputOptions = DEFAULTS) -> Progress:
    """Run what is left of a job; return from where on."""
    store = open_store(place, mode, options)
    try:
        start = store.begin(job, label_rows(0, 0).schema)
        _go_on(store, start)
    finally:
        store.close()
    return start


def _go_on(store: Store, start: Progress) -> None:
    for number in range(start.row // CHECKPOINT, CHECKPOINTS):
        store_checkpoint(store, number)
    store.finish(progress_after(CHECKPOINTS))


def kill_at_every_step(place: str, *partition_by: str) -> int:
    """Run jobs to their end, each killed once before; return how many."""
    command = [sys.executable, "-m", MODULE, place, *partition_by]
    return int(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout)


def _count_down(steps: int) -> None:
    left = itertools.count(steps, -1)

    def stepping(step: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **options: Any) -> Any:
            if next(left) == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return step(*arguments, **options)

        return counted

    for name in STEPS:
        setattr(os, name, stepping(getattr(os, name)))


def _in_a_process(work: Callable[[], Any]) -> int:
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _run_until(step: int, place: str, options: OutputOptions) -> None:
    _count_down(step)
    finish_job(place, Mode.FRESH, options=options)


def _take_over(place: str, options: OutputOptions) -> None:
    store = open_store(place, Mode.RESUME, options)
    try:
        start = store.begin(JOB, label_rows(0, 0).schema)
    except ConfigurationError:
        # Killed after all was done: nothing is left to do.
        if not Path(place).exists():
            raise
    else:
        _go_on(store, start)
    finally:
        store.close()


def main(template: str, options: OutputOptions) -> None:
    """Kill and resume until there is no step left to kill at."""
    # Once for all of them, and no call that would start a thread: a thread is not there in a fork.
    for part in ("parquet", "csv", "ipc", "compute", "dataset"):
        import_pyarrow(f"pyarrow.{part}")
    import_duckdb()
    for number in itertools.count():
        place = template.format(number)

        killed = _in_a_process(partial(_run_until, number, place, options))
        if killed == 0:
            print(number)  # noqa: T201 - the answer
            return
        if killed != -signal.SIGKILL or _in_a_process(partial(_take_over, place, options)) != 0:
            sys.exit(f"{place} was killed with {killed} and could not be resumed")


if __name__ == "__main__":
    main(sys.argv[1], OutputOptions(partition_by=sys.argv[2] if sys.argv[2:] else None))

"""Starts a worker, hands it its task, and takes its report."""

import subprocess
import sys
import time
from collections.abc import Callable
from typing import TypeAlias

import msgspec

from consumer.measuring.worker import Report, Task
from shared.errors import ConfigurationError, FatalError

# A start, and a measurement that takes a few times as long as it was given.
START_S_MAX = 120.0
BUDGETS_MAX = 10
LINES_SHOWN = 8

Measure: TypeAlias = Callable[[Task], Report]


def measure_apart(task: Task) -> Report:
    """Return what a new process reports; ConfigurationError where the model is no good, FatalError where it fails."""
    command = [sys.executable, "-m", "consumer.measuring.worker"]
    with subprocess.Popen(  # noqa: S603 - our own program
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        started = msgspec.structs.replace(task, started_s=time.monotonic())
        try:
            said, complaint = process.communicate(
                msgspec.msgpack.encode(started), START_S_MAX + BUDGETS_MAX * task.budget_s
            )
        except BaseException as error:
            process.kill()
            if isinstance(error, subprocess.TimeoutExpired):
                raise FatalError(
                    f"measuring {task.folder}, {task.way}, did not end", hint="fewer reviews: --size"
                ) from None
            raise
    if process.returncode != 0:
        lines = "\n  ".join(complaint.decode("utf-8", "replace").splitlines()[-LINES_SHOWN:])
        group = ConfigurationError if process.returncode == ConfigurationError.exit_code else FatalError
        raise group(f"measuring {task.folder}, {task.way}:\n  {lines}", hint="`review-consumer model verify` checks it")
    return msgspec.msgpack.decode(said, type=Report)

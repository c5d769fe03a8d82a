"""What people see while a bounded job runs: a bar and the time of each step on a terminal, lines elsewhere."""

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from consumer.bounded.steps import Step, Steps

LINE_EVERY_S = 5.0
SHOW_EVERY_S = 0.1


class BatchDisplay:
    """Shows on stderr how far a job is; `share` says which share of the inputs was read, None where unknown."""

    def __init__(self, *, on_terminal: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._started_s = self._shown_s = clock()
        self.share: Callable[[], float | None] = lambda: None
        self._every_s = SHOW_EVERY_S if on_terminal else LINE_EVERY_S
        self._bar = (
            Progress(
                SpinnerColumn(),
                BarColumn(bar_width=24),
                TextColumn("{task.description}"),
                TimeElapsedColumn(),
                TimeRemainingColumn(),
                console=Console(stderr=True),
                transient=True,
            )
            if on_terminal
            else None
        )
        self._task = self._bar.add_task("prepare", total=None) if self._bar is not None else None

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def progressed(self, steps: Steps) -> None:
        """Show how far the job is, where the last time is a while ago."""
        now = self._clock()
        if now - self._shown_s < self._every_s:
            return
        self._shown_s = now
        share, seconds = self.share(), now - self._started_s
        line = f"{steps.rows:,} rows, {steps.rows / seconds:,.0f}/s"
        if self._bar is not None and self._task is not None:
            total = None if share is None else 1.0
            self._bar.update(
                self._task, total=total, completed=share or 0.0, description=f"{line}  [dim]{step_times(steps)}[/dim]"
            )
            return
        if share:
            line += f", {share:.0%}, {seconds / share - seconds:,.0f} s left"
        click.echo(line, err=True)


def step_times(steps: Steps) -> str:
    """Return the seconds of each step so far as one line."""
    return " · ".join(f"{step.value} {steps.seconds[step]:.1f} s" for step in Step)


def choose_display() -> BatchDisplay:
    """Return a bar where stderr is a terminal, lines elsewhere."""
    return BatchDisplay(on_terminal=sys.stderr.isatty())

"""What people see while a replay runs: a bar on a terminal, lines elsewhere."""

import sys
from types import TracebackType
from typing import Protocol, Self

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from producer.traffic.replay_report import ReplayProgress
from shared.review_rows import BadRow

LINE_EVERY_S = 5.0
BAD_ROWS_SHOWN_MAX = 20


class ReplayDisplay(Protocol):
    """Shows a replay while it is entered; a ReplayObserver."""

    def __enter__(self) -> Self:
        """Start to show."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Leave the screen as it should stay."""
        ...

    def progressed(self, progress: ReplayProgress) -> None:
        """Show how far the replay is."""
        ...

    def found_bad_row(self, row: BadRow) -> None:
        """Name a bad row."""
        ...


class LineDisplay:
    """A line on stderr every few seconds, for logs and pipes."""

    def __init__(self) -> None:
        self._shown_at_s = 0.0
        self._bad_rows = BadRowLines()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        pass

    def progressed(self, progress: ReplayProgress) -> None:
        """Write a line where the last one is some seconds old."""
        if progress.seconds - self._shown_at_s >= LINE_EVERY_S:
            self._shown_at_s = progress.seconds
            click.echo(progress_line(progress), err=True)

    def found_bad_row(self, row: BadRow) -> None:
        """Write a line for one of the first bad rows."""
        line = self._bad_rows.line(row)
        if line:
            click.echo(line, err=True)


class BarDisplay:
    """A bar with rate and remaining time on stderr, for people at a terminal."""

    def __init__(self) -> None:
        self._bad_rows = BadRowLines()
        self._bar = Progress(
            SpinnerColumn(),
            BarColumn(),
            TextColumn("{task.description}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._task: TaskID = self._bar.add_task("reading", total=None)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._bar.stop()

    def progressed(self, progress: ReplayProgress) -> None:
        """Move the bar."""
        total = None if progress.share is None else 1.0
        text = f"{progress.deliveries.sent:,} sent, {progress.rate_per_s:,.0f}/s"
        self._bar.update(self._task, total=total, completed=progress.share or 0.0, description=text)

    def found_bad_row(self, row: BadRow) -> None:
        """Write a line above the bar for one of the first bad rows."""
        line = self._bad_rows.line(row)
        if line:
            self._bar.console.print(line, markup=False, highlight=False, soft_wrap=True)


class BadRowLines:
    """Words for the first bad rows, one word for all others."""

    def __init__(self) -> None:
        self._count = 0

    def line(self, row: BadRow) -> str:
        """Return what to show for this row, nothing where enough were shown."""
        self._count += 1
        if self._count <= BAD_ROWS_SHOWN_MAX:
            return f"bad row: {row}"
        return "more bad rows are counted, not shown" if self._count == BAD_ROWS_SHOWN_MAX + 1 else ""


def choose_display() -> ReplayDisplay:
    """Return a bar where stderr is a terminal, lines elsewhere."""
    return BarDisplay() if sys.stderr.isatty() else LineDisplay()


def progress_line(progress: ReplayProgress) -> str:
    """Return progress as one line: what was sent, how fast, and how long it will take."""
    counts = progress.deliveries
    line = f"{counts.sent:,} sent, {counts.acknowledged:,} acknowledged, {progress.rate_per_s:,.0f}/s"
    if progress.share:
        remaining_s = progress.seconds / progress.share - progress.seconds
        line += f", {progress.share:.0%}, {remaining_s:,.0f} s left"
    return line

"""What people see while topics are read: a bar with rate and remaining time on a terminal, lines elsewhere."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sized
from types import TracebackType
from typing import Self, TypeVar

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

LINE_EVERY_S = 5.0

Chunk = TypeVar("Chunk", bound=Sized)


class ReadingDisplay:
    """Counts records as their chunks pass by; shows on stderr how far each step is."""

    def __init__(self, *, on_terminal: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._bar = (
            Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                TaskProgressColumn(show_speed=True),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                TimeRemainingColumn(),
                console=Console(stderr=True),
                transient=True,
            )
            if on_terminal
            else None
        )

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def track(self, step: str, chunks: Iterable[Chunk], total: int | None = None) -> Iterator[Chunk]:
        """Yield the chunks; `total` is how many records are expected at most (offsets may have gaps), where known."""
        if self._bar is not None:
            task = self._bar.add_task(step, total=total)
            for chunk in chunks:
                yield chunk
                self._bar.advance(task, len(chunk))
            # Offsets without a record are passed over, and done with.
            if total is not None:
                self._bar.update(task, completed=total)
            return
        done, started_s = 0, self._clock()
        told_s = started_s
        for chunk in chunks:
            yield chunk
            done += len(chunk)
            if self._clock() - told_s >= LINE_EVERY_S:
                told_s = self._clock()
                click.echo(progress_line(step, done, total, told_s - started_s), err=True)
        click.echo(end_line(step, done, self._clock() - started_s), err=True)


def choose_display() -> ReadingDisplay:
    """Return a bar where stderr is a terminal, lines elsewhere."""
    return ReadingDisplay(on_terminal=sys.stderr.isatty())


def progress_line(step: str, done: int, total: int | None, seconds: float) -> str:
    """Return progress as one line: what was read, how fast, and how long it will take where the total is known."""
    per_s = done / seconds if seconds > 0 else 0.0
    if total is None:
        return f"{step}: {done:,} read, {per_s:,.0f}/s"
    line = f"{step}: {done:,} of {total:,} read, {per_s:,.0f}/s"
    return f"{line}, {max(0, total - done) / per_s:,.0f} s left" if per_s else line


def end_line(step: str, done: int, seconds: float) -> str:
    """Return the line that stands at the end of a step."""
    return f"{step}: {done:,} read in {seconds:,.1f} s"

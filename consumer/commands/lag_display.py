"""Lag shown again and again: a table that stays in place on a terminal, lines elsewhere."""

import sys
from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self

import click
import msgspec
from rich.console import Console
from rich.live import Live

from consumer.kafka.group_lag import GroupLag, LagLimits
from consumer.reports.lag_summary import lag_line, lag_object, lag_table
from shared.errors import RetriableError


class Pause(Protocol):
    """What stops the watching."""

    def requested(self) -> bool:
        """Tell whether a stop was asked for."""
        ...

    def sleep(self, seconds: float) -> None:
        """Sleep so long, or until a stop is asked for."""
        ...


class LagDisplay:
    """Shows one reading after the other; a broker that does not answer is told on stderr, and asked again."""

    def __init__(self, limits: LagLimits, show: Callable[[GroupLag], None], live: Live | None = None) -> None:
        self._limits = limits
        self._show = show
        self._live = live

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def watch(self, read: Callable[[], GroupLag], every_s: float, pause: Pause) -> int:
        """Show lag until told to stop, or until it is within its limits where there are any; return the exit code.

        0 where the limits were reached, or there are none; 1 where it was stopped before.
        """
        while not pause.requested():
            try:
                found = read()
            except RetriableError as error:
                click.echo(f"{error}; asking again", err=True)
            else:
                self._show(found)
                if self._limits.given() and found.within(self._limits):
                    return 0
            pause.sleep(every_s)
        return 1 if self._limits.given() else 0


def json_display(limits: LagLimits) -> LagDisplay:
    """Return one that prints a JSON document a line."""

    def show(found: GroupLag) -> None:
        click.echo(msgspec.json.encode(lag_object(found, limits)))

    return LagDisplay(limits, show)


def choose_display(limits: LagLimits) -> LagDisplay:
    """Return one that keeps a table in place where stdout is a terminal, and prints lines elsewhere."""
    if not sys.stdout.isatty():
        return LagDisplay(limits, lambda found: click.echo(lag_line(found)))
    live = Live(console=Console(), auto_refresh=False)
    return LagDisplay(limits, lambda found: live.update(lag_table(found, limits), refresh=True), live)

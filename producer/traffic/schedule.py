"""When each event is due: an open loop, where a late event is sent at once and the next ones keep their times."""

from collections.abc import Callable, Iterator
from itertools import count, repeat

from shared.clock import Clock


def constant_rate(rate_per_s: float) -> Iterator[float]:
    """Yield when events are due, in seconds after the start, so many a second for ever."""
    # Divided anew each time: adding up intervals would drift.
    return (number / rate_per_s for number in count())


def as_fast_as_possible() -> Iterator[float]:
    """Yield times that are always due."""
    return repeat(0.0)


class Pacer:
    """Holds a sender back until each event is due; `due_s` are seconds after the first wait, never falling."""

    def __init__(self, due_s: Iterator[float], clock: Clock, sleep: Callable[[float], None]) -> None:
        self._due_s = due_s
        self._clock = clock
        self._sleep = sleep
        self._start: float | None = None

    def wait(self) -> float:
        """Sleep until the next event is due; return its intended time on the monotonic clock, in seconds.

        Latency counts from the intended time: a late start must not hide the delay it causes.
        """
        now = self._clock.monotonic()
        if self._start is None:
            self._start = now
        intended = self._start + next(self._due_s)
        if intended > now:
            self._sleep(intended - now)
        return intended

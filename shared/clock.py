"""Time as a port: the core asks a Clock, tests hand it one that they turn."""

import time
from typing import Protocol


class Clock(Protocol):
    """Tells the time: `monotonic` for durations (seconds), `now` for time stamps (seconds since 1970)."""

    def monotonic(self) -> float:
        """Return seconds that never go backwards."""
        ...

    def now(self) -> float:
        """Return seconds since 1970-01-01 UTC."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def monotonic(self) -> float:
        """Return the machine's monotonic time in seconds."""
        return time.perf_counter()

    def now(self) -> float:
        """Return the machine's wall-clock time in seconds since 1970."""
        return time.time()

"""What the last looks had in common: the course of throughput and latency, bounded in length."""

from collections import deque

from consumer.watching.view import View

LOOKS_MAX = 240


class Trend:
    """The newest figures last; None where nothing was known."""

    def __init__(self) -> None:
        self.consumed_per_second: deque[float | None] = deque(maxlen=LOOKS_MAX)
        self.latency_p99: deque[float | None] = deque(maxlen=LOOKS_MAX)
        self.lag_records: deque[float | None] = deque(maxlen=LOOKS_MAX)

    def add(self, view: View) -> None:
        """Note one look; the first one, which tells of the whole past, is no point of a course."""
        if view.interval_seconds is None:
            return
        self.consumed_per_second.append(view.flow.consumed_per_second)
        self.latency_p99.append(view.latency.p99)
        self.lag_records.append(view.lag.records)

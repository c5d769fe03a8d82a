"""Where the loop's wall time goes, read while it goes: a state that never ends is seen to grow."""

from collections.abc import Iterator, Mapping
from typing import Protocol

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from consumer.scoring.loop_time import LoopState

LOOP_STATES = tuple(state.value for state in LoopState)


class TimeReader(Protocol):
    """Who knows where the loop's time went."""

    def spent_s(self) -> Mapping[LoopState, float]:
        """Return the seconds spent in each state so far."""
        ...


class LoopSecondsCollector(Collector):
    """Reads a loop's time when it is asked; 0 everywhere before there is a loop."""

    def __init__(self) -> None:
        self._reader: TimeReader | None = None

    def read_from(self, reader: TimeReader) -> None:
        """Name the loop that is at work."""
        self._reader = reader

    def collect(self) -> Iterator[Metric]:
        """Yield the counter."""
        spent_s = self._reader.spent_s() if self._reader else dict.fromkeys(LoopState, 0.0)
        family = CounterMetricFamily(
            "reviews_loop_seconds", "Wall time of the loop, by what it was doing; sums to all of it.", labels=["state"]
        )
        for state, seconds in spent_s.items():
            family.add_metric([state.value], seconds)
        yield family

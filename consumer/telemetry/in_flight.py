"""What is scored and not yet safe: in records, and in bytes."""

from collections import deque
from collections.abc import Iterator

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector


class InFlight(Collector):
    """Batches go in and come out in one order; one may come out a moment before it goes in.

    That is where a batch is acknowledged before its delivery returns and it is told as scored.
    """

    def __init__(self) -> None:
        self._batches: deque[tuple[int, int]] = deque()
        self._acknowledged_first = 0
        self._records = 0
        self._size_bytes = 0

    def scored(self, records: int, size_bytes: int) -> None:
        """Count a batch in."""
        if self._acknowledged_first:
            self._acknowledged_first -= 1
            return
        self._batches.append((records, size_bytes))
        self._records += records
        self._size_bytes += size_bytes

    def acknowledged(self) -> None:
        """Count the oldest batch out."""
        if not self._batches:
            self._acknowledged_first += 1
            return
        records, size_bytes = self._batches.popleft()
        self._records -= records
        self._size_bytes -= size_bytes

    def forget(self) -> None:
        """Count everything out: it is given up."""
        self._batches.clear()
        self._acknowledged_first = self._records = self._size_bytes = 0

    def collect(self) -> Iterator[Metric]:
        """Yield both gauges."""
        yield GaugeMetricFamily(
            "reviews_inflight_records", "Records scored whose labels are not acknowledged yet.", self._records
        )
        yield GaugeMetricFamily(
            "reviews_inflight_bytes", "Bytes of reviews scored whose labels are not acknowledged yet.", self._size_bytes
        )

"""How far behind: in records, and in seconds, for each partition held."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from consumer.scoring.record import Partition, Record
from shared.clock import Clock


class LagReader(Protocol):
    """Who knows which partitions are held and what the broker still has."""

    def assigned(self) -> Sequence[Partition]:
        """Return the partitions held now."""
        ...

    def lag_records(self, place: Partition) -> int | None:
        """Return how many records are not delivered yet; None while it is not known."""
        ...


class LagCollector(Collector):
    """Computes lag when asked for it, so a loop that hangs is seen to fall behind.

    Seconds are counted from the later of two moments: the time stamp of the last delivered record, and the last time
    nothing was waiting. The oldest waiting record can't be older than either. Before the first of these moments they
    are counted from the first look. A moment that lies ahead, as one does where the clock was set back, becomes now.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._reader: LagReader | None = None
        self._since: dict[Partition, float] = {}
        self._first_look: dict[Partition, float] = {}

    def read_from(self, reader: LagReader | None) -> None:
        """Name who is asked; None for nobody any more."""
        self._reader = reader

    def delivered(self, last: Mapping[Partition, Record]) -> None:
        """Note the last delivered record of some partitions; one without a time stamp tells nothing."""
        now = self._clock.now()
        for place, record in last.items():
            stamp_s = record.timestamp()[1] / 1000
            if stamp_s >= 0:
                # One from the future counts as of now: else it would hide every delay until its time has come.
                self._since[place] = min(max(self._since.get(place, 0.0), stamp_s), now)

    def read(self) -> list[tuple[Partition, int, float]]:
        """Return lag in records and in seconds for each partition held where it is known."""
        rows: list[tuple[Partition, int, float]] = []
        reader = self._reader
        if reader is None:
            return rows
        now = self._clock.now()
        for place in reader.assigned():
            records = reader.lag_records(place)
            if records is None:
                continue
            if records == 0:
                self._since[place] = now
            moments = self._since if place in self._since else self._first_look
            # Where the clock was set back the moment lies ahead; it counts as now, else it would hide every delay.
            moments[place] = min(moments.get(place, now), now)
            rows.append((place, records, now - moments[place] if records else 0.0))
        return rows

    def collect(self) -> Iterator[Metric]:
        """Yield both gauges."""
        labels = ["topic", "partition"]
        records = GaugeMetricFamily("reviews_lag_records", "Records not delivered yet, per partition.", labels=labels)
        seconds = GaugeMetricFamily(
            "reviews_lag_seconds",
            "Age of the oldest record not delivered yet, at most; 0 when caught up.",
            labels=labels,
        )
        for (topic, partition), waiting, age_s in self.read():
            records.add_metric([topic, str(partition)], waiting)
            seconds.add_metric([topic, str(partition)], age_s)
        yield records
        yield seconds

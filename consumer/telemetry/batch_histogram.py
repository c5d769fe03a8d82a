"""A Prometheus histogram that takes a whole micro-batch at once: per record it costs next to nothing."""

import math
import threading
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from prometheus_client import Metric
from prometheus_client.core import Exemplar, HistogramMetricFamily
from prometheus_client.registry import Collector


class BatchHistogram(Collector):
    """Counts in fixed buckets, with at most one label whose values are all known in advance.

    One thread writes and others may read meanwhile: what they see is whole batches.
    """

    def __init__(
        self, name: str, documentation: str, bounds: Sequence[float], label: str = "", values: Sequence[str] = ("",)
    ) -> None:
        self._name = name
        self._documentation = documentation
        self._bounds = np.array(bounds, dtype=np.float64)
        self._bound_list = list(bounds)
        self._names = [*map(repr, map(float, bounds)), "+Inf"]
        self._label = label
        self._counts = {value: np.zeros(len(bounds) + 1, dtype=np.int64) for value in values}
        self._sums = dict.fromkeys(values, 0.0)
        self._exemplars: dict[str, list[Exemplar | None]] = {value: [None] * (len(bounds) + 1) for value in values}
        self._whole = threading.Lock()

    def observe(self, amount: float, value: str = "") -> None:
        """Count one observation under one label value; a negative one counts as 0."""
        amount = max(0.0, amount)
        with self._whole:
            self._counts[value][bisect_left(self._bound_list, amount)] += 1
            self._sums[value] += amount

    def observe_batch(self, amounts: NDArray[np.float64 | np.int64], value: str = "") -> int:
        """Count n observations (n,); NaN is unknown and left out, negative counts as 0; return how many were negative.

        A negative amount would break the sum, which Prometheus takes for a counter.
        """
        if len(amounts) == 1:
            return self._observe_one(float(amounts[0]), value)
        known = amounts[~np.isnan(amounts)]
        negative = int(np.count_nonzero(known < 0))
        if negative:
            known = np.maximum(known, 0.0)
        places = np.searchsorted(self._bounds, known, side="left")
        counts = np.bincount(places, minlength=len(self._bounds) + 1)
        total = float(known.sum())
        with self._whole:
            self._counts[value] += counts
            self._sums[value] += total
        return negative

    def point_at(self, amount: float, labels: Mapping[str, str], at_s: float, value: str = "") -> None:
        """Show where one observation came from, as its bucket's exemplar: the newest stays.

        `labels` have 128 characters together at most, as OpenMetrics asks; `at_s` is in seconds since 1970.
        """
        place = bisect_left(self._bound_list, amount)
        self._exemplars[value][place] = Exemplar(dict(labels), amount, at_s)

    def _observe_one(self, amount: float, value: str) -> int:
        # Without the cost of arrays: where little comes in, every batch is of one record.
        if math.isnan(amount):
            return 0
        self.observe(amount, value)
        return int(amount < 0)

    def collect(self) -> Iterator[Metric]:
        """Yield the family as it stands."""
        family = HistogramMetricFamily(self._name, self._documentation, labels=[self._label] if self._label else None)
        for value, counts in self._counts.items():
            with self._whole:
                totals, amount, exemplars = np.cumsum(counts).tolist(), self._sums[value], self._exemplars[value].copy()
            buckets = [
                (name, total) if exemplar is None else (name, total, exemplar)
                for name, total, exemplar in zip(self._names, totals, exemplars, strict=True)
            ]
            family.add_metric([value] if self._label else [], buckets, amount)
        yield family

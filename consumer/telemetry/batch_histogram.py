"""A Prometheus histogram that takes a whole micro-batch at once: per record it costs next to nothing."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from prometheus_client import Metric
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector


class BatchHistogram(Collector):
    """Counts in fixed buckets, with at most one label whose values are all known in advance."""

    def __init__(
        self, name: str, documentation: str, bounds: Sequence[float], label: str = "", values: Sequence[str] = ("",)
    ) -> None:
        self._name = name
        self._documentation = documentation
        self._bounds = np.array(bounds, dtype=np.float64)
        self._bound_list = list(bounds)
        self._label = label
        self._counts = {value: np.zeros(len(bounds) + 1, dtype=np.int64) for value in values}
        self._sums = dict.fromkeys(values, 0.0)

    def observe(self, amount: float, value: str = "") -> None:
        """Count one observation under one label value."""
        self._counts[value][bisect_left(self._bound_list, amount)] += 1
        self._sums[value] += amount

    def observe_batch(self, amounts: NDArray[np.float64], value: str = "") -> int:
        """Count n observations (n,); NaN is unknown and left out, negative counts as 0; return how many were negative.

        A negative amount would break the sum, which Prometheus takes for a counter.
        """
        known = amounts[~np.isnan(amounts)]
        negative = int(np.count_nonzero(known < 0))
        if negative:
            known = np.maximum(known, 0.0)
        places = np.searchsorted(self._bounds, known, side="left")
        self._counts[value] += np.bincount(places, minlength=len(self._bounds) + 1)
        self._sums[value] += float(known.sum())
        return negative

    def collect(self) -> Iterator[Metric]:
        """Yield the family as it stands."""
        family = HistogramMetricFamily(self._name, self._documentation, labels=[self._label] if self._label else None)
        for value, counts in self._counts.items():
            totals = np.cumsum(counts).tolist()
            names = [*map(repr, map(float, self._bound_list)), "+Inf"]
            buckets = [(name, total) for name, total in zip(names, totals, strict=True)]
            family.add_metric([value] if self._label else [], buckets, self._sums[value])
        yield family

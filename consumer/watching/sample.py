"""One page of metrics as it was read at a moment."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families

from consumer.watching.histogram import Histogram
from shared.errors import RetriableError

PREFIX = "reviews_"

Labels = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Sample:
    """What a page says, by the name of each series; `taken_s` is monotonic."""

    taken_s: float
    series: Mapping[str, Mapping[Labels, float]]

    def value(self, name: str) -> float | None:
        """Return the sum of a metric's series, None where it has none or one is no number."""
        values = [*self.series.get(name, {}).values()]
        return None if not values or any(map(math.isnan, values)) else math.fsum(values)

    def by_label(self, name: str, label: str) -> dict[str, float]:
        """Return a metric's values by one of its labels, in the page's order."""
        found: dict[str, float] = {}
        for labels, value in self.labelled(name):
            found[labels.get(label, "")] = found.get(labels.get(label, ""), 0.0) + value
        return found

    def labelled(self, name: str) -> Iterator[tuple[dict[str, str], float]]:
        """Yield a metric's series: its labels and its value."""
        for labels, value in self.series.get(name, {}).items():
            yield dict(labels), value

    def histogram(self, name: str, label: str = "", value: str = "") -> Histogram | None:
        """Return a histogram, of one label's value where one is named; None where the page has none."""
        wanted = {(label, value)} if label else set()
        found: dict[float, float] = {}
        for labels, count in self.series.get(f"{name}_bucket", {}).items():
            if wanted <= labels:
                bound = float(dict(labels)["le"])
                found[bound] = found.get(bound, 0.0) + count
        if not found or max(found) != math.inf:
            return None
        total = math.fsum(amount for labels, amount in self.series.get(f"{name}_sum", {}).items() if wanted <= labels)
        bounds = sorted(found)
        return Histogram(tuple(bounds), tuple(found[bound] for bound in bounds), total)


def read_sample(page: str, taken_s: float) -> Sample:
    """Return what a page in Prometheus' text format says; RetriableError where it is no page of a consumer."""
    series: dict[str, dict[Labels, float]] = {}
    try:
        for family in text_string_to_metric_families(page):
            for sample in family.samples:
                series.setdefault(sample.name, {})[frozenset(sample.labels.items())] = sample.value
    except (ValueError, KeyError, IndexError, TypeError) as error:
        # The parser says no more of what it can't read.
        raise RetriableError("answers, but not with metrics", hint="is it the address of --metrics-port?") from error
    if not any(name.startswith(PREFIX) for name in series):
        raise RetriableError("answers with metrics, but with none of a consumer")
    return Sample(taken_s, series)

"""What `compare --metrics-port` exports: the figures of the last comparison, as gauges."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

PREFIX = "reviews_comparison_"
WAY_LABELS = ("model", "digest", "scorer", "mode", "way")
FIGURES = {
    "accuracy": "Share of right answers on reviews that the model has not learnt from.",
    "macro_f1": "Mean of the classes' F1 on the same reviews.",
    "reviews": "Reviews that one round of the measurement went through.",
    "review_seconds": "Mean time of a review, its share of a call where a call has many; the median of the rounds.",
    "reviews_per_second": "Reviews a second, over a whole round; the median of the rounds.",
    "cpu_seconds_per_million": "Processor seconds, over all cores, for a million reviews.",
    "peak_memory_bytes": "Peak resident memory of the process that scored.",
    "labels_differing": "Reviews labelled otherwise than by the first way of the same model.",
    "probability_difference_max": "Largest difference of a probability from that of the first way of the same model.",
}


@dataclass(frozen=True, slots=True)
class WayFigures:
    """One way of scoring one model: its labels, in the order of WAY_LABELS, and its figures by the names of FIGURES.

    What could not be measured is left out; `latency_s` has seconds by quantile.
    """

    labels: tuple[str, str, str, str, str]
    figures: Mapping[str, float]
    latency_s: Mapping[float, float]


@dataclass(frozen=True, slots=True)
class ComparisonFigures:
    """A whole comparison; `thresholds` by name, in the unit that the name ends with or as a share."""

    ended_s: float
    good_enough: bool
    ways: Sequence[WayFigures] = field(default=())
    thresholds: Mapping[str, float] = field(default_factory=dict)


class ComparisonCollector(Collector):
    """Shows the last comparison; no figure before the first one has ended."""

    def __init__(self) -> None:
        self._shown: ComparisonFigures | None = None

    def show(self, figures: ComparisonFigures) -> None:
        """Replace what is shown."""
        self._shown = figures

    @property
    def shown(self) -> ComparisonFigures | None:
        """What is shown now."""
        return self._shown

    def collect(self) -> Iterator[Metric]:
        """Yield the gauges."""
        shown = self._shown
        # Two folders may hold the same model: of series that can't be told apart the last one stands.
        ways = {way.labels: way for way in shown.ways} if shown else {}
        for name, documentation in FIGURES.items():
            family = GaugeMetricFamily(PREFIX + name, documentation, labels=WAY_LABELS)
            for way in ways.values():
                if name in way.figures:
                    family.add_metric(way.labels, way.figures[name])
            yield family
        latency = GaugeMetricFamily(
            f"{PREFIX}latency_seconds",
            "Time that this share of the reviews waited less than; the median of the rounds.",
            labels=(*WAY_LABELS, "quantile"),
        )
        for way in ways.values():
            for quantile, seconds in way.latency_s.items():
                latency.add_metric((*way.labels, f"{quantile:g}"), seconds)
        yield latency
        yield from _of_the_whole(shown)


def _of_the_whole(shown: ComparisonFigures | None) -> Iterator[Metric]:
    threshold = GaugeMetricFamily(
        f"{PREFIX}threshold", "What the verdict goes by: shares, and seconds a review.", labels=("threshold",)
    )
    verdict = GaugeMetricFamily(f"{PREFIX}verdict", "1 where every threshold was met, else 0.")
    ended = GaugeMetricFamily(f"{PREFIX}timestamp_seconds", "When the last comparison ended, in seconds since 1970.")
    if shown is not None:
        for name, value in shown.thresholds.items():
            threshold.add_metric((name,), value)
        verdict.add_metric((), float(shown.good_enough))
        ended.add_metric((), shown.ended_s)
    yield from (threshold, verdict, ended)

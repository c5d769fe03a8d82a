"""A comparison as figures for Prometheus."""

from collections.abc import Iterator

from consumer.measuring.results import Comparison
from consumer.measuring.subject import Measurement, Subject
from consumer.measuring.timing import PERCENTILES
from consumer.measuring.verdict import PROBABILITY_DIFFERENCE_MAX, Thresholds
from consumer.telemetry.comparison_metrics import ComparisonFigures, WayFigures

DIGEST_LETTERS = 12
MEGABYTE = 1_000_000


def figures_of(comparison: Comparison, thresholds: Thresholds, ended_s: float) -> ComparisonFigures:
    """Return what a comparison found; `ended_s` is when it ended, in seconds since 1970."""
    return ComparisonFigures(
        ended_s=ended_s,
        good_enough=comparison.succeeded,
        ways=[way for subject in comparison.subjects for way in _ways(subject)],
        thresholds={
            "accuracy": thresholds.accuracy_min,
            "real_time_seconds": thresholds.real_time_s_max,
            "real_time_seconds_of_fast": thresholds.fast_s_max,
            "probability_difference": PROBABILITY_DIFFERENCE_MAX,
        },
    )


def _ways(subject: Subject) -> Iterator[WayFigures]:
    for measurement in subject.measurements:
        yield WayFigures(
            labels=(
                subject.recipe,
                subject.digest[:DIGEST_LETTERS],
                subject.scored_by.value,
                measurement.mode.value,
                measurement.way,
            ),
            figures={name: value for name, value in _figures(measurement).items() if value is not None},
            latency_s={PERCENTILES[name]: spread.median for name, spread in measurement.timing.latency_s.items()},
        )


def _figures(measurement: Measurement) -> dict[str, float | None]:
    timing, memory_mb = measurement.timing, measurement.memory_peak_mb
    return {
        "accuracy": measurement.quality.accuracy.value,
        "macro_f1": measurement.quality.macro_f1,
        "reviews": timing.reviews,
        "review_seconds": timing.review_s.median,
        "reviews_per_second": timing.per_s.median,
        "cpu_seconds_per_million": None if timing.cpu_s_a_million is None else timing.cpu_s_a_million.median,
        "peak_memory_bytes": None if memory_mb is None else memory_mb * MEGABYTE,
        "labels_differing": measurement.parity.labels_differ,
        "probability_difference_max": measurement.parity.probability_difference_max,
    }

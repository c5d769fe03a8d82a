import msgspec
from prometheus_client import CollectorRegistry

from consumer.measuring.answers import Parity
from consumer.measuring.results import Comparison
from consumer.measuring.ways import Mode
from consumer.reports.comparison_figures import figures_of
from consumer.telemetry.comparison_metrics import ComparisonCollector
from tests.support.made_up_comparison import THRESHOLDS, comparison, measurement, subject

BATCH = {"model": "default", "digest": "ab" * 6, "scorer": "compiled", "mode": "batch", "way": "all in one call"}


def exported(*found: Comparison) -> CollectorRegistry:
    collector = ComparisonCollector()
    for one in found:
        collector.show(figures_of(one, THRESHOLDS, ended_s=1000.0))
    registry = CollectorRegistry()
    registry.register(collector)
    return registry


def test_every_figure_of_a_way_is_a_gauge_in_base_units() -> None:
    registry = exported(comparison())
    expected = {
        "accuracy": 0.9,
        "macro_f1": 0.9,
        "reviews": 200,
        "review_seconds": 1e-5,
        "reviews_per_second": 1e5,
        "cpu_seconds_per_million": 10,
        "peak_memory_bytes": 250e6,
        "labels_differing": 0,
        "probability_difference_max": 0,
    }

    assert {name: registry.get_sample_value(f"reviews_comparison_{name}", BATCH) for name in expected} == expected
    assert registry.get_sample_value("reviews_comparison_latency_seconds", BATCH | {"quantile": "0.99"}) == 2e-3


def test_verdict_thresholds_and_the_moment_are_exported() -> None:
    registry = exported(comparison())

    assert registry.get_sample_value("reviews_comparison_verdict") == 1
    assert registry.get_sample_value("reviews_comparison_timestamp_seconds") == 1000
    assert registry.get_sample_value("reviews_comparison_threshold", {"threshold": "accuracy"}) == 0.85
    assert registry.get_sample_value("reviews_comparison_threshold", {"threshold": "real_time_seconds"}) == 0.1


def test_the_last_comparison_replaces_the_one_before() -> None:
    registry = exported(comparison(), comparison(subject(parity=Parity(200, 3, 0.5))))
    real_time = BATCH | {"mode": "real-time", "way": "one a call"}

    assert registry.get_sample_value("reviews_comparison_verdict") == 0
    assert registry.get_sample_value("reviews_comparison_labels_differing", real_time) == 3
    assert registry.get_sample_value("reviews_comparison_accuracy", BATCH | {"model": "fast"}) is None


def test_nothing_is_said_before_the_first_comparison_has_ended() -> None:
    assert [sample for family in exported().collect() for sample in family.samples] == []


def test_what_could_not_be_measured_is_left_out() -> None:
    unknown = msgspec.structs.replace(measurement(Mode.BATCH, "all in one call", 1e-5, 0), memory_peak_mb=None)
    registry = exported(comparison(msgspec.structs.replace(subject(), measurements=[unknown])))

    assert registry.get_sample_value("reviews_comparison_peak_memory_bytes", BATCH) is None
    assert registry.get_sample_value("reviews_comparison_accuracy", BATCH) == 0.9


def test_the_same_model_twice_gives_each_series_once() -> None:
    samples = [
        (sample.name, tuple(sample.labels.items()))
        for family in exported(comparison(subject(), subject())).collect()
        for sample in family.samples
    ]

    assert samples
    assert len(set(samples)) == len(samples)

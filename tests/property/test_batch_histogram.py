"""The batch histogram against the simplest one there is, and against Prometheus's own."""

import math
import sys
import threading
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Histogram

from consumer.telemetry.batch_histogram import BatchHistogram

BOUNDS = (0.001, 0.01, 0.5, 1, 2.5)
# Values exactly on a bound are the interesting ones.
amounts = st.floats(-5, 5) | st.sampled_from([*BOUNDS, 0.0, -0.0, math.nan, math.inf, 2.5000000000000004])
batches = st.lists(st.lists(amounts, max_size=30), max_size=5)


def exported(histogram: BatchHistogram, value: str = "") -> dict[str, float]:
    """Return a family's samples by `le`, `_sum` and `_count`."""
    registry = CollectorRegistry()
    registry.register(histogram)
    found: dict[str, float] = {}
    for family in registry.collect():
        for sample in family.samples:
            if sample.labels.get("kind", "") == value:
                found[sample.labels.get("le", sample.name.rpartition("_")[2])] = sample.value
    return found


def counted(values: Sequence[float]) -> dict[str, float]:
    """Return what a naive histogram exports: bounds inclusive, unknown left out, negative as 0."""
    known = [max(0.0, amount) for amount in values if not math.isnan(amount)]
    buckets = {repr(float(bound)): float(sum(amount <= bound for amount in known)) for bound in BOUNDS}
    return buckets | {"+Inf": float(len(known)), "count": float(len(known)), "sum": sum(known)}


@given(batches)
def test_batches_are_counted_as_one_by_one(batches: list[list[float]]) -> None:
    histogram = BatchHistogram("seconds", "Some.", BOUNDS)
    negative = sum(histogram.observe_batch(np.array(batch, dtype=np.float64)) for batch in batches)
    everything = [amount for batch in batches for amount in batch]
    assert negative == sum(amount < 0 for amount in everything)
    assert exported(histogram) == pytest.approx(counted(everything))


@given(st.lists(st.floats(0, 5) | st.sampled_from(BOUNDS)))
def test_observations_are_counted_as_prometheus_counts_them_singly_and_in_batches(values: list[float]) -> None:
    singly, together = BatchHistogram("seconds", "Some.", BOUNDS), BatchHistogram("seconds", "Some.", BOUNDS)
    registry = CollectorRegistry()
    theirs = Histogram("seconds", "Some.", buckets=BOUNDS, registry=registry)
    for amount in values:
        singly.observe(amount)
        theirs.observe(amount)
    together.observe_batch(np.array(values, dtype=np.float64))
    for place, count in exported(singly).items():
        name, labels = (f"seconds_{place}", {}) if place in {"sum", "count"} else ("seconds_bucket", {"le": place})
        assert registry.get_sample_value(name, labels) == pytest.approx(count)
        assert exported(together)[place] == pytest.approx(count)


@given(st.lists(st.floats(-5, 5)))
def test_negative_amounts_count_as_nothing_singly_as_in_batches(values: list[float]) -> None:
    histogram = BatchHistogram("seconds", "Some.", BOUNDS)
    for amount in values:
        histogram.observe(amount)
    assert exported(histogram) == pytest.approx(counted(values))


@given(batches, batches)
def test_each_label_value_has_its_own_counts(first: list[list[float]], second: list[list[float]]) -> None:
    histogram = BatchHistogram("seconds", "Some.", BOUNDS, "kind", ("a", "b", "idle"))
    for value, batches in (("a", first), ("b", second)):
        for batch in batches:
            histogram.observe_batch(np.array(batch, dtype=np.float64), value)
    assert exported(histogram, "a") == pytest.approx(counted([amount for batch in first for amount in batch]))
    assert exported(histogram, "b") == pytest.approx(counted([amount for batch in second for amount in batch]))
    assert exported(histogram, "idle") == counted([])


def test_who_reads_while_a_batch_is_counted_sees_it_wholly_or_not_at_all() -> None:
    histogram = BatchHistogram("seconds", "Some.", BOUNDS)
    ones, read = np.ones(7), threading.Event()

    def write() -> None:
        while not read.is_set():
            histogram.observe_batch(ones)
            histogram.observe(1.0)

    before = sys.getswitchinterval()
    writer = threading.Thread(target=write)
    # Threads take turns as often as they can.
    sys.setswitchinterval(1e-6)
    writer.start()
    try:
        found = [exported(histogram) for _ in range(3000)]
    finally:
        read.set()
        writer.join()
        sys.setswitchinterval(before)
    assert found[-1]["count"] > 0
    assert [one for one in found if not one["sum"] == one["count"] == one["+Inf"] == one["1.0"]] == []


def test_the_batch_given_is_not_changed() -> None:
    amounts = np.array([-1.0, np.nan, 2.0])
    BatchHistogram("seconds", "Some.", BOUNDS).observe_batch(amounts)
    np.testing.assert_array_equal(amounts, [-1.0, np.nan, 2.0])

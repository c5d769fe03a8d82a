"""The consumer's metrics: what is exported from the start, and what each event moves."""

import numpy as np
import pytest
from prometheus_client import CollectorRegistry

from consumer.scoring.batching import BatchBounds, BatchPolicy
from consumer.scoring.loop_time import LoopState, LoopTime
from consumer.scoring.oldest import oldest_record
from consumer.scoring.ports import BatchTimes
from consumer.scoring.record import Batch, last_records
from consumer.telemetry.catalogue import declared_metrics, metric_names
from consumer.telemetry.loop_seconds import LOOP_STATES
from consumer.telemetry.metrics import (
    CLOSED_BY,
    LABELS,
    REBALANCES,
    STAGES,
    TRANSACTION_ENDS,
    ConsumerMetrics,
)
from shared.errors import Reason
from tests.support.fake_clock import START_S, FakeClock
from tests.support.fake_scorer import MODEL, outcome_of
from tests.support.memory_records import TOPIC, MemoryRecord, review_value


class Bench:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.registry = CollectorRegistry()
        self.metrics = ConsumerMetrics(self.registry, self.clock)

    def value(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(f"reviews_{name}", labels)

    def in_flight(self) -> tuple[float | None, float | None]:
        """Return what is in flight: records, bytes."""
        return self.value("inflight_records"), self.value("inflight_bytes")

    def score(self, records: list[MemoryRecord], queue_s: list[float] | None = None) -> None:
        waits = np.array(queue_s or [0.1] * len(records))
        self.metrics.scored(outcome_of(records), BatchTimes(waits, 0.5, 0.01, 0.02, 0.04))

    def acknowledge(self, records: list[MemoryRecord], durable_after_s: float = 0.2) -> None:
        oldest = oldest_record(outcome_of(records))
        self.metrics.acknowledged(Batch(records).timestamps_ms, last_records(records), durable_after_s, oldest)


def batch(good: int = 1, bad: int = 0) -> list[MemoryRecord]:
    values = [review_value(f"r{number}", "a good lamp") for number in range(good)] + [b"?"] * bad
    return [MemoryRecord(value, at_offset=offset) for offset, value in enumerate(values)]


@pytest.mark.parametrize(
    ("name", "label", "values"),
    [
        ("labelled_total", "label", LABELS),
        ("dead_lettered_total", "reason", [reason.value for reason in Reason]),
        ("batches_total", "closed_by", CLOSED_BY),
        ("loop_seconds_total", "state", LOOP_STATES),
        ("rebalances_total", "kind", REBALANCES),
        ("stage_seconds_count", "stage", STAGES),
    ],
)
def test_every_known_label_value_is_exported_as_zero_from_the_start(name: str, label: str, values: list[str]) -> None:
    bench = Bench()
    assert {value: bench.value(name, **{label: value}) for value in values} == dict.fromkeys(values, 0)


@pytest.mark.parametrize(
    "name",
    ["consumed_total", "rewinds_total", "clock_skew_total", "inflight_records", "end_to_end_latency_seconds_count"],
)
def test_every_metric_without_a_label_is_zero_from_the_start(name: str) -> None:
    assert Bench().value(name) == 0


def test_a_batch_counts_its_records_labels_and_dead_letters() -> None:
    bench = Bench()
    bench.score(batch(3, 2))
    bench.score(batch(1))
    assert bench.value("consumed_total") == 6
    assert bench.value("labelled_total", label="positive") == 4
    assert bench.value("labelled_total", label="negative") == 0
    assert bench.value("dead_lettered_total", reason="not_json") == 2
    assert bench.value("batches_total", closed_by="drained") == 2
    assert bench.value("batch_records_sum") == 6
    assert bench.metrics.totals() == {"consumed": 6, "labelled": 4, "dead_lettered": 2}


def test_the_loops_time_is_read_from_the_loop_whenever_somebody_asks() -> None:
    bench = Bench()
    time = LoopTime(bench.clock)
    bench.metrics.loop_time.read_from(time)
    time.enter(LoopState.SCORE)
    bench.clock.advance(2)
    assert bench.value("loop_seconds_total", state="score") == 2
    bench.clock.advance(1)
    assert bench.value("loop_seconds_total", state="score") == 3


def test_where_a_batch_spent_its_time_is_told_by_stage() -> None:
    bench = Bench()
    bench.score(batch())
    stages = {stage: bench.value("stage_seconds_sum", stage=stage) for stage in STAGES}
    assert stages == pytest.approx({"queue": 0.1, "decode": 0.01, "score": 0.02, "publish": 0.04, "commit": 0})


def test_what_is_scored_is_in_flight_until_it_is_acknowledged() -> None:
    bench = Bench()
    first, second = batch(3), batch(2)
    bytes_first, bytes_second = (sum(len(record.content or b"") for record in records) for records in (first, second))
    bench.score(first)
    bench.score(second)
    assert bench.in_flight() == (5, bytes_first + bytes_second)
    bench.acknowledge(first)
    assert bench.in_flight() == (2, bytes_second)
    bench.acknowledge(second)
    assert bench.in_flight() == (0, 0)


def test_a_batch_acknowledged_before_it_was_told_as_scored_was_never_in_flight() -> None:
    bench = Bench()
    records = batch(3)
    bench.acknowledge(records)
    assert bench.in_flight() == (0, 0)
    bench.score(records)
    assert bench.in_flight() == (0, 0)
    bench.score(batch(2))
    assert bench.value("inflight_records") == 2


def test_after_a_rewind_nothing_is_in_flight() -> None:
    bench = Bench()
    bench.score(batch(3))
    bench.metrics.rewound()
    assert bench.in_flight() == (0, 0)
    assert bench.value("rewinds_total") == 1
    bench.score(batch(2))
    assert bench.value("inflight_records") == 2


def test_latency_runs_from_the_records_time_stamp_to_the_acknowledgement() -> None:
    bench = Bench()
    stamps = [START_S * 1000, (START_S - 2) * 1000, -1]
    bench.clock.advance(1)
    bench.acknowledge([MemoryRecord(b"", at_offset=offset, stamp_ms=int(ms)) for offset, ms in enumerate(stamps)])
    assert bench.value("end_to_end_latency_seconds_count") == 2
    assert bench.value("end_to_end_latency_seconds_sum") == pytest.approx(4.0)
    assert bench.value("stage_seconds_sum", stage="commit") == pytest.approx(0.2)
    assert bench.value("last_commit_timestamp_seconds") == START_S + 1


def test_a_record_from_the_future_counts_as_skew_and_not_as_negative_time() -> None:
    bench = Bench()
    bench.score(batch(3), queue_s=[-4.0, 1.0, np.nan])
    assert bench.value("clock_skew_total") == 1
    assert bench.value("stage_seconds_sum", stage="queue") == pytest.approx(1.0)
    assert bench.value("stage_seconds_count", stage="queue") == 2


def test_the_loop_is_silent_since_its_last_sign_of_life() -> None:
    bench = Bench()
    bench.clock.advance(70)
    assert bench.metrics.silent_for_s() == 70
    bench.metrics.alive()
    bench.clock.advance(3)
    assert bench.metrics.silent_for_s() == 3
    bench.score(batch())
    assert bench.metrics.silent_for_s() == 0


def test_partitions_held_and_their_changes_are_told() -> None:
    bench = Bench()
    bench.metrics.rebalanced("assigned", 3, 3)
    bench.metrics.rebalanced("revoked", 1, 2)
    assert bench.value("assigned_partitions") == 2
    assert [bench.value("rebalances_total", kind=kind) for kind in REBALANCES] == [1, 1, 0]


def test_what_runs_is_told_with_the_models_short_digest() -> None:
    bench = Bench()
    bench.metrics.serving("9.9", MODEL)
    assert bench.value("build_info", version="9.9", model="keywords", digest=MODEL.digest[:12]) == 1


def test_lag_follows_what_was_delivered() -> None:
    bench = Bench()
    bench.metrics.lag.read_from(Waiting(4))
    bench.acknowledge([MemoryRecord(b"", stamp_ms=int(START_S - 30) * 1000)])
    assert bench.value("lag_seconds", topic=TOPIC, partition="0") == 30


def test_every_declared_metric_has_a_sentence_of_help_and_a_name_of_ours() -> None:
    metrics = declared_metrics()
    assert len(metric_names()) == len(metrics) > 15
    assert [metric.name for metric in metrics if not metric.name.startswith("reviews_")] == []
    assert [metric.name for metric in metrics if not metric.documentation.endswith((".", "it."))] == []
    counters = [metric.name for metric in metrics if metric.kind == "counter"]
    assert counters
    assert all(name.endswith("_total") for name in counters)


class Waiting:
    """A LagReader of one partition."""

    def __init__(self, records: int) -> None:
        self._records = records

    def assigned(self) -> list[tuple[str, int]]:
        return [(TOPIC, 0)]

    def lag_records(self, place: tuple[str, int]) -> int | None:
        del place
        return self._records


def test_transactions_are_counted_by_how_they_ended_and_timed_where_they_were_committed() -> None:
    bench = Bench()
    bench.metrics.transaction_ended("committed", 0.012)
    bench.metrics.transaction_ended("aborted", 0.5)
    assert {end: bench.value("transactions_total", outcome=end) for end in TRANSACTION_ENDS} == {
        "committed": 1, "aborted": 1, "fenced": 0,
    }  # fmt: skip
    assert (bench.value("transaction_seconds_count"), bench.value("transaction_seconds_sum")) == (1, 0.012)


def test_what_the_policy_has_learnt_is_exported_as_it_stands() -> None:
    bench = Bench()
    assert bench.value("batch_cost_fixed_seconds") == 0
    policy = BatchPolicy(BatchBounds())
    bench.metrics.batch_costs.read_from(policy)
    for size in (1000, 500_000) * 2000:
        policy.observe(size, size * 3e-8 + 0.01)
    policy.note_age(30)
    assert bench.value("batch_cost_seconds_per_byte") == pytest.approx(3e-8, rel=0.01)
    assert bench.value("batch_cost_fixed_seconds") == pytest.approx(0.01, rel=0.01)
    assert bench.value("batch_cost_error_ratio") == pytest.approx(0, abs=0.01)
    assert bench.value("catching_up") == 1

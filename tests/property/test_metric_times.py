"""Whatever time stamps and the clock say, no observation is negative and each known one is counted once."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from consumer.scoring.oldest import oldest_record
from consumer.scoring.ports import BatchTimes
from consumer.scoring.record import last_records
from consumer.telemetry.metrics import ConsumerMetrics
from tests.support.fake_clock import START_S, FakeClock
from tests.support.fake_scorer import outcome_of
from tests.support.memory_records import MemoryRecord, review_value

NOW_MS = int(START_S) * 1000
FAR_MS = 2**62
stamps = st.sampled_from([-1, 0, 1, NOW_MS, NOW_MS + 1, FAR_MS]) | st.integers(-1, 2 * NOW_MS)
# How far the wall clock jumps before each step: back as well.
jumps = st.sampled_from([0.0, -3600.0, 3600.0]) | st.floats(-1e6, 1e6)
batches = st.lists(st.tuples(st.lists(stamps, max_size=8), jumps, jumps), max_size=5)


@given(batches)
def test_no_time_stamp_and_no_clock_makes_a_negative_observation(
    batches: list[tuple[list[int], float, float]],
) -> None:
    registry, clock = CollectorRegistry(), FakeClock()
    metrics = ConsumerMetrics(registry, clock)
    skewed = 0
    for stamps_ms, before_scored_s, before_acknowledged_s in batches:
        clock.jump(before_scored_s)
        records = [MemoryRecord(review_value("r"), 0, row, stamp_ms=stamp) for row, stamp in enumerate(stamps_ms)]
        outcome = outcome_of(records)
        # As the loop computes it.
        queue_s = np.where(outcome.batch.timestamps_ms < 0, np.nan, clock.now() - outcome.batch.timestamps_ms / 1000)
        skewed += sum(stamp >= 0 and clock.now() < stamp / 1000 for stamp in stamps_ms)
        metrics.scored(outcome, BatchTimes(queue_s, 0.1, 0.1, 0.1, 0.1))
        clock.jump(before_acknowledged_s)
        metrics.acknowledged(outcome.batch.timestamps_ms, last_records(records), 0.1, oldest_record(outcome))
    # A machine may have no limit, which is infinite.
    families = [family for family in registry.collect() if family.name != "reviews_memory_limit_bytes"]
    samples = [sample for family in families for sample in family.samples]
    wrong = [sample for sample in samples if not (sample.value >= 0 and math.isfinite(sample.value))]
    assert wrong == []
    assert [sample for sample in samples if sample.exemplar and sample.exemplar.value < 0] == []
    known = sum(stamp >= 0 for stamps_ms, _, _ in batches for stamp in stamps_ms)
    assert registry.get_sample_value("reviews_end_to_end_latency_seconds_count") == known
    assert registry.get_sample_value("reviews_stage_seconds_count", {"stage": "queue"}) == known
    assert registry.get_sample_value("reviews_clock_skew_total") == skewed

"""What is exported stays the same set of series whatever the records hold."""

from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from consumer.scoring.oldest import oldest_record
from consumer.scoring.ports import BatchTimes
from consumer.scoring.record import Batch, Record, last_records
from consumer.telemetry.metrics import ConsumerMetrics
from shared.codec import encode_review
from shared.reviews import Review
from tests.support.fake_clock import FakeClock
from tests.support.fake_scorer import MODEL, outcome_of
from tests.support.memory_records import TOPIC, MemoryRecord

# Far beyond what a clock shows, either way; -1 is what Kafka stores for a record without one.
STAMP_MS_MAX = 10**15
stamps_ms = st.sampled_from([-1, 0, 1_700_000_000_000, STAMP_MS_MAX]) | st.integers(-STAMP_MS_MAX, STAMP_MS_MAX)
headers = st.lists(st.tuples(st.text(max_size=8), st.binary(max_size=8) | st.none()), max_size=3)
good = st.builds(
    Review, review_id=st.text(min_size=1, max_size=8), text=st.text(max_size=40), rating=st.none() | st.integers(1, 5)
).map(encode_review)
records = st.builds(
    MemoryRecord,
    content=good | st.binary(max_size=40) | st.none(),
    in_partition=st.integers(0, 50),
    at_offset=st.integers(0, 2**62),
    name=st.binary(max_size=8) | st.none(),
    pairs=st.none() | headers,
    stamp_ms=stamps_ms,
)


class Consumer:
    """Metrics of a consumer of one topic with two partitions, told of batches as the loop tells."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.registry = CollectorRegistry()
        self.metrics = ConsumerMetrics(self.registry, self.clock)
        self.metrics.serving("1.0", MODEL)
        self.metrics.lag.read_from(self)

    def assigned(self) -> list[tuple[str, int]]:
        return [(TOPIC, 0), (TOPIC, 1)]

    def lag_records(self, place: tuple[str, int]) -> int:
        return place[1]

    def label(self, batch: Sequence[Record]) -> None:
        """Score a batch, and have it acknowledged."""
        stamps = Batch(batch).timestamps_ms
        waits_s = np.where(stamps < 0, np.nan, self.clock.now() - stamps / 1000)
        outcome = outcome_of(batch)
        self.metrics.scored(outcome, BatchTimes(waits_s, 0.1, 0.01, 0.02, 0.01))
        self.metrics.acknowledged(stamps, last_records(batch), 0.2, oldest_record(outcome))

    def series(self) -> set[str]:
        return {
            f"{sample.name}{sorted(sample.labels.items())}"
            for family in self.registry.collect()
            for sample in family.samples
        }

    def values(self) -> list[float]:
        return [sample.value for family in self.registry.collect() for sample in family.samples]


@given(st.lists(st.lists(records, min_size=1, max_size=8), max_size=4), st.lists(st.floats(-1e6, 1e6), max_size=4))
def test_no_record_adds_a_series_or_takes_one_away_and_no_value_is_negative_or_unknown(
    batches: list[list[MemoryRecord]], clock_steps_s: list[float]
) -> None:
    consumer = Consumer()
    before = consumer.series()
    for batch, step_s in zip(batches, [*clock_steps_s, *[1.0] * len(batches)], strict=False):
        consumer.clock.advance(step_s)
        consumer.label(batch)
        # Also between batches, when some are told of and others are not.
        assert min(consumer.values()) >= 0
    assert consumer.series() == before
    assert not np.isnan(consumer.values()).any()

"""Every metric of the consumer, declared once with unit and help, and the observer that moves them."""

from collections import Counter as Tally
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.process_collector import ProcessCollector

from consumer.scoring.oldest import OldestRecord
from consumer.scoring.outcome import Outcome
from consumer.scoring.ports import BatchTimes
from consumer.scoring.record import ClosedBy, Partition, Record
from consumer.telemetry.batch_costs import BatchCostCollector
from consumer.telemetry.batch_histogram import BatchHistogram
from consumer.telemetry.exemplars import exemplar_labels
from consumer.telemetry.in_flight import InFlight
from consumer.telemetry.kafka_clients import KafkaClientCollector
from consumer.telemetry.lag import LagCollector
from consumer.telemetry.limits import LimitsCollector
from consumer.telemetry.log_counts import LogCounts
from consumer.telemetry.loop_seconds import LoopSecondsCollector
from consumer.telemetry.models import ModelMetrics
from consumer.telemetry.quality import QualityMetrics
from consumer.telemetry.topic_state import TopicStateCollector
from shared.clock import Clock
from shared.errors import Reason
from shared.reviews import Model

LABELS = ("positive", "neutral", "negative")
STAGES = ("queue", "decode", "score", "publish", "commit")
CLOSED_BY = tuple(reason.value for reason in ClosedBy)
TRANSACTION_ENDS = ("committed", "aborted", "fenced")
REBALANCES = ("assigned", "revoked", "lost")
STAGE_BOUNDS_S = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)
END_TO_END_BOUNDS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)
BATCH_BOUNDS = tuple(2**power for power in range(14))


class ConsumerMetrics:
    """An Observer, and a GroupObserver, that counts; label values known in advance are exported as 0 from the start."""

    def __init__(self, registry: CollectorRegistry, clock: Clock) -> None:
        self._clock = clock
        self._seen_at = clock.monotonic()
        self._totals = {"consumed": 0, "labelled": 0, "dead_lettered": 0}
        ProcessCollector(registry=registry)
        self.lag = LagCollector(clock)
        self.batch_costs = BatchCostCollector()
        self.loop_time = LoopSecondsCollector()
        self.kafka_clients = KafkaClientCollector()
        self.topic_state = TopicStateCollector()
        self._in_flight = InFlight()
        self.log_counts = LogCounts(registry)
        self._declare_counters(registry)
        self.models = ModelMetrics(registry)
        self._declare_gauges(registry)
        self._declare_histograms(registry)
        histograms = (self._end_to_end, self._stages, self._batch_records, self._transaction_seconds)
        states = (self.loop_time, self._in_flight, self.lag, self.topic_state, self.kafka_clients, LimitsCollector())
        for collector in (*states, self.batch_costs, *histograms):
            registry.register(collector)
        self.quality = QualityMetrics(registry, LABELS)

    def _declare_counters(self, registry: CollectorRegistry) -> None:
        def counter(name: str, documentation: str, label: str = "", values: tuple[str, ...] = ()) -> Counter:
            made = Counter(f"reviews_{name}", documentation, [label] if label else (), registry=registry)
            for value in values:
                made.labels(value)
            return made

        self._consumed = counter("consumed", "Records read from the input topic.")
        self._labelled = counter("labelled", "Reviews labelled, by label.", "label", LABELS)
        reasons = tuple(reason.value for reason in Reason)
        self._dead_lettered = counter("dead_lettered", "Records that can't be used, by reason.", "reason", reasons)
        self._batches = counter("batches", "Micro-batches, by what ended them.", "closed_by", CLOSED_BY)
        self._rebalances = counter("rebalances", "Changes of the partitions held, by kind.", "kind", REBALANCES)
        self._transactions = counter(
            "transactions", "Transactions of exactly-once delivery, by how they ended.", "outcome", TRANSACTION_ENDS
        )
        self._rewinds = counter("rewinds", "Times that undelivered records were given up and read again.")
        self._clock_skew = counter("clock_skew", "Records whose time stamp lies in the future; their age counts as 0.")

    def _declare_gauges(self, registry: CollectorRegistry) -> None:
        def gauge(name: str, documentation: str, labels: tuple[str, ...] = ()) -> Gauge:
            return Gauge(f"reviews_{name}", documentation, labels, registry=registry)

        self._assigned = gauge("assigned_partitions", "Partitions held now.")
        self._last_scored = gauge("last_scored_timestamp_seconds", "When a batch was last scored, seconds since 1970.")
        self._last_commit = gauge(
            "last_commit_timestamp_seconds", "When labels last became durable, seconds since 1970."
        )

    def _declare_histograms(self, registry: CollectorRegistry) -> None:
        del registry  # registered together, below the declarations
        self._end_to_end = BatchHistogram(
            "reviews_end_to_end_latency_seconds",
            "From a record's time stamp to the acknowledgement of its label.",
            END_TO_END_BOUNDS_S,
        )
        self._stages = BatchHistogram(
            "reviews_stage_seconds",
            "Where time goes: queue is a record's wait before it was read, the others are one batch's; "
            "commit lasts from its hand-over to the broker until it is durable.",
            STAGE_BOUNDS_S,
            "stage",
            STAGES,
        )
        self._batch_records = BatchHistogram("reviews_batch_records", "Records in a micro-batch.", BATCH_BOUNDS)
        self._transaction_seconds = BatchHistogram(
            "reviews_transaction_seconds",
            "From the hand-over of a transaction's offsets until it is committed.",
            STAGE_BOUNDS_S,
        )

    def serving(self, version: str, model: Model) -> None:
        """Say which program and which model are at work."""
        self.models.serving(version, model)

    def scored(self, outcome: Outcome[Any], times: BatchTimes) -> None:
        """Count one batch; see the port."""
        self.alive()
        count = len(outcome.batch)
        self._in_flight.scored(count, outcome.batch.size_bytes)
        self._consumed.inc(count)
        self._totals["consumed"] += count
        self._totals["labelled"] += len(outcome.scores.labels)
        self._totals["dead_lettered"] += len(outcome.dead_letters)
        for label, labels in outcome.scores.label_counts().items():
            self._labelled.labels(label).inc(labels)
        for reason, letters in Tally(letter.reason.value for letter in outcome.dead_letters).items():
            self._dead_lettered.labels(reason).inc(letters)
        self._batches.labels(outcome.batch.closed_by.value).inc()
        self._batch_records.observe(count)
        self._last_scored.set(self._clock.now())
        self._clock_skew.inc(self._stages.observe_batch(times.queue_s, "queue"))
        self._stages.observe(times.decode_s, "decode")
        self._stages.observe(times.score_s, "score")
        self._stages.observe(times.deliver_s, "publish")
        self.quality.scored(outcome)

    def waited(self, seconds: float) -> None:
        """Note a sign of life; the loop itself tells where its time went; see the port."""
        del seconds
        self.alive()

    def acknowledged(
        self,
        timestamps_ms: NDArray[np.int64],
        last: Mapping[Partition, Record],
        durable_after_s: float,
        oldest: OldestRecord | None,
    ) -> None:
        """Count records that are safe; see the port."""
        now = self._clock.now()
        ages_s = np.where(timestamps_ms < 0, np.nan, now - timestamps_ms / 1000)
        self._end_to_end.observe_batch(ages_s)
        if oldest is not None:
            self._end_to_end.point_at(max(0.0, now - oldest.timestamp_ms / 1000), exemplar_labels(oldest), now)
        self._stages.observe(durable_after_s, "commit")
        self._in_flight.acknowledged()
        self._last_commit.set(now)
        self.lag.delivered(last)

    def transaction_ended(self, outcome: str, seconds: float) -> None:
        """Count a transaction; see TransactionObserver."""
        self._transactions.labels(outcome).inc()
        if outcome == "committed":
            self._transaction_seconds.observe(seconds)

    def rewound(self) -> None:
        """Count a rewind; see the port."""
        self._rewinds.inc()
        self._in_flight.forget()

    def alive(self) -> None:
        """Note a sign of life; see the port."""
        self._seen_at = self._clock.monotonic()

    def rebalanced(self, kind: str, partitions: int, assigned: int) -> None:
        """Count a change of the partitions held; see GroupObserver."""
        del partitions  # the number of changes is counted, not their size
        self._rebalances.labels(kind).inc()
        self._assigned.set(assigned)

    def totals(self) -> dict[str, int]:
        """Return what was counted so far: records consumed, labelled, dead-lettered."""
        return dict(self._totals)

    def silent_for_s(self) -> float:
        """Return how long ago the loop last gave a sign of life, in seconds."""
        return self._clock.monotonic() - self._seen_at

"""An observer that remembers what it was told."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from consumer.scoring.oldest import OldestRecord
from consumer.scoring.outcome import Outcome, ReadableRecords
from consumer.scoring.ports import BatchTimes
from consumer.scoring.record import Partition, Record


@dataclass(frozen=True, slots=True)
class ScoredBatch:
    """What `scored` was told."""

    outcome: Outcome[ReadableRecords]
    times: BatchTimes


@dataclass(frozen=True, slots=True)
class AcknowledgedBatch:
    """What `acknowledged` was told."""

    timestamps_ms: list[int]
    last: dict[Partition, int]
    durable_after_s: float
    oldest: OldestRecord | None


class RecordingObserver:
    """An Observer, TransactionObserver, GroupObserver and CostObserver that only takes notes."""

    def __init__(self) -> None:
        self.batches: list[ScoredBatch] = []
        self.durable: list[AcknowledgedBatch] = []
        self.waits: list[float] = []
        self.rewinds = 0
        self.signs_of_life = 0
        self.rebalances: list[tuple[str, int, int]] = []
        self.transactions: list[tuple[str, float]] = []
        self.costs: list[tuple[int, float]] = []

    def scored(self, outcome: Outcome[ReadableRecords], times: BatchTimes) -> None:
        self.batches.append(ScoredBatch(outcome, times))

    def waited(self, seconds: float) -> None:
        self.waits.append(seconds)

    def acknowledged(
        self,
        timestamps_ms: NDArray[np.int64],
        last: Mapping[Partition, Record],
        durable_after_s: float,
        oldest: OldestRecord | None,
    ) -> None:
        offsets = {place: record.offset() for place, record in last.items()}
        self.durable.append(AcknowledgedBatch(timestamps_ms.tolist(), offsets, durable_after_s, oldest))

    def rewound(self) -> None:
        self.rewinds += 1

    def alive(self) -> None:
        self.signs_of_life += 1

    def rebalanced(self, kind: str, partitions: int, assigned: int) -> None:
        self.rebalances.append((kind, partitions, assigned))

    def transaction_ended(self, outcome: str, seconds: float) -> None:
        self.transactions.append((outcome, seconds))

    def observe(self, size_bytes: int, seconds: float) -> None:
        self.costs.append((size_bytes, seconds))

    def batch_sizes(self) -> list[int]:
        """Return how many records each batch had."""
        return [len(batch.outcome.batch) for batch in self.batches]

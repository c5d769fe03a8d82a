"""Several observers as one."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from consumer.scoring.oldest import OldestRecord
from consumer.scoring.outcome import Outcome
from consumer.scoring.ports import BatchTimes, Observer
from consumer.scoring.record import Partition, Record


class BatchObserver(Protocol):
    """Told of batches alone."""

    def scored(self, outcome: Outcome[Any], times: BatchTimes) -> None:
        """Note that a batch was scored and handed to the sink."""
        ...


class ToldTogether:
    """An Observer that tells another everything, and some more of each batch."""

    def __init__(self, first: Observer, others: Sequence[BatchObserver]) -> None:
        self._first = first
        self._others = others

    def scored(self, outcome: Outcome[Any], times: BatchTimes) -> None:
        """Tell each of them."""
        self._first.scored(outcome, times)
        for other in self._others:
            other.scored(outcome, times)

    def waited(self, seconds: float) -> None:
        """Tell the first; see the port."""
        self._first.waited(seconds)

    def acknowledged(
        self,
        timestamps_ms: NDArray[np.int64],
        last: Mapping[Partition, Record],
        durable_after_s: float,
        oldest: OldestRecord | None,
    ) -> None:
        """Tell the first; see the port."""
        self._first.acknowledged(timestamps_ms, last, durable_after_s, oldest)

    def rewound(self) -> None:
        """Tell the first; see the port."""
        self._first.rewound()

    def alive(self) -> None:
        """Tell the first; see the port."""
        self._first.alive()

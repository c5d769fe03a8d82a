"""An Observer that notes nothing: for who wants to hear of some things only."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from consumer.scoring.oldest import OldestRecord
from consumer.scoring.outcome import Outcome
from consumer.scoring.ports import BatchTimes
from consumer.scoring.record import Partition, Record


class SilentObserver:
    """Does nothing whatever it is told; see Observer."""

    __slots__ = ()

    def scored(self, outcome: Outcome[Any], times: BatchTimes) -> None:
        """Do nothing."""

    def waited(self, seconds: float) -> None:
        """Do nothing."""

    def acknowledged(
        self,
        timestamps_ms: NDArray[np.int64],
        last: Mapping[Partition, Record],
        durable_after_s: float,
        oldest: OldestRecord | None,
    ) -> None:
        """Do nothing."""

    def rewound(self) -> None:
        """Do nothing."""

    def alive(self) -> None:
        """Do nothing."""

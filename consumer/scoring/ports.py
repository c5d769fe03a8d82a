"""What the core asks of the world: small promises that each technology keeps in its own folder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from consumer.scoring.batching import BatchLimits
from consumer.scoring.oldest import OldestRecord
from consumer.scoring.outcome import DeadLetter, Outcome, Readable, ReadableT, Scores
from consumer.scoring.record import Batch, Partition, Record

ReadT_co = TypeVar("ReadT_co", bound=Readable, covariant=True)


class Source(Protocol):
    """Where records come from."""

    def poll(self, limits: BatchLimits, wait_s: float) -> Batch:
        """Return what is there, at most `limits`; waits, at most `wait_s`, only where nothing is there.

        Raises ConfigurationError where reading on would skip records, RetriableError where what was read and not
        delivered must be read again, FatalError where a new process is needed.
        """
        ...

    def rewind(self) -> None:
        """Make `poll` return again every record that was not delivered."""
        ...

    def exhausted(self) -> bool:
        """Return whether everything that was asked for has been returned by `poll`."""
        ...


class Decoder(Protocol[ReadT_co]):
    """Reads the reviews of what a source returned: the two belong together."""

    def __call__(self, records: Sequence[Record], value_bytes_max: int, /) -> tuple[ReadT_co, list[DeadLetter]]:
        """Return what can be scored and what can't, both in order of arrival; longer values are refused."""
        ...


class Scorer(Protocol):
    """A model at work."""

    def score(self, texts: Sequence[str]) -> Scores:
        """Return one row a text, in order; pure, and may be called from another thread than the loop's."""
        ...


class Sink(Protocol[ReadableT]):
    """Where outcomes go."""

    def deliver(self, outcome: Outcome[ReadableT]) -> None:
        """Take a batch over; it becomes durable in order, maybe later; waits where too much is in flight.

        The source's records count as delivered only when every label and dead letter of the batch is durable.
        Raises RetriableError where records must be rewound, FatalError or ConfigurationError where that won't help.
        """
        ...

    def advance(self, wait_s: float) -> int:
        """Notice what has become durable; return how many records are still in flight.

        Waits, at most `wait_s`, only while a batch handed over now could not be started on: what arrives meanwhile can
        join that batch.
        """
        ...

    def drain(self, deadline_s: float) -> None:
        """Wait until everything is durable and marked as delivered; RetriableError after `deadline_s` seconds."""
        ...

    def abandon(self) -> None:
        """Forget what is in flight and not durable: it will be rewound and delivered again."""
        ...


class CostObserver(Protocol):
    """Told what a batch cost, by the sink, which alone knows when its delivery needs nobody's attention any more."""

    def observe(self, size_bytes: int, seconds: float) -> None:
        """Note that a batch of so many bytes took so long, waiting for earlier batches not counted."""
        ...


@dataclass(frozen=True, slots=True)
class BatchTimes:
    """Where one batch spent its time, in seconds; `queue_s` has one value a record, NaN where it is not known.

    `score_s` is what scoring took, also where the loop did something else meanwhile.
    """

    queue_s: NDArray[np.float64]
    poll_s: float
    decode_s: float
    score_s: float
    deliver_s: float


class Observer(Protocol):
    """Told what happened, once a batch, never once a record."""

    def scored(self, outcome: Outcome[Any], times: BatchTimes) -> None:
        """Note that a batch was scored and handed to the sink."""
        ...

    def waited(self, seconds: float) -> None:
        """Note that the loop waited and nothing came."""
        ...

    def acknowledged(
        self,
        timestamps_ms: NDArray[np.int64],
        last: Mapping[Partition, Record],
        durable_after_s: float,
        oldest: OldestRecord | None,
    ) -> None:
        """Note that a batch became durable.

        Of its records it is given all milliseconds since 1970, the last of each partition, and the oldest, None where
        that is not known.
        """
        ...

    def rewound(self) -> None:
        """Note that what was in flight is given up and will be read again."""
        ...

    def alive(self) -> None:
        """Note that the loop waits for somebody else, and is not stuck."""
        ...

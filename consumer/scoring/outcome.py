"""What became of one micro-batch: every record once, labelled or dead-lettered."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, Protocol, Self, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from consumer.scoring.record import Batch, Record
from shared.errors import Reason
from shared.reviews import Model, Review

# How many n-grams texts have, repeated as they are, and how many of these the model knows.
TermCounts: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True)
class LabelNumbers:
    """Labels as columns hold them: where in `names`, which are different from each other, each (n,) stands."""

    names: tuple[str, ...]
    numbers: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Scores:
    """A model's answer for n texts: n labels, their probabilities (n,), and those of all k classes (n, k), float64.

    `numbered` are the same labels, where the scorer has them so. `terms` are those of all the texts together; None
    where the scorer can't tell.
    """

    model: Model
    classes: tuple[str, ...]
    labels: Sequence[str]
    confidences: NDArray[np.float64]
    probabilities: NDArray[np.float64]
    numbered: LabelNumbers | None = None
    terms: TermCounts | None = None

    def label_counts(self) -> Mapping[str, int]:
        """Return how many texts got each label, of those that any got."""
        if self.numbered is None:
            return Counter(self.labels)
        names = self.numbered.names
        counts = np.bincount(self.numbered.numbers, minlength=len(names)).tolist()
        return {name: count for name, count in zip(names, counts, strict=True) if count}


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One record that can't be used, and why; `stage` names the step that refused it.

    `headers` are those that can be kept; None where they are the record's own. A record whose headers can't be read
    must not be asked for them again: the Kafka client ends the process then.
    """

    record: Record
    reason: Reason
    message: str
    stage: str
    headers: Sequence[tuple[str, bytes | None]] | None = None


class Readable(Protocol):
    """What could be read of a batch, in order of arrival."""

    def texts(self) -> Sequence[str]:
        """Return the reviews' texts."""
        ...

    def record(self, row: int) -> Record:
        """Return the record that a row was read from."""
        ...

    def without(self, rows: set[int]) -> Self:
        """Return the same without some rows."""
        ...


ReadableT = TypeVar("ReadableT", bound=Readable)


@dataclass(frozen=True, slots=True)
class ReadableRecords:
    """Records that could be read, in order of arrival: columns of one length, so that none needs an object more.

    `traceparents` holds each record's trace context (W3C), None where it has none.
    """

    records: list[Record] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)
    traceparents: list[bytes | None] = field(default_factory=list)

    def texts(self) -> list[str]:
        """Return the reviews' texts."""
        return [review.text for review in self.reviews]

    def record(self, row: int) -> Record:
        """Return the record that a row was read from."""
        return self.records[row]

    def without(self, rows: set[int]) -> "ReadableRecords":
        """Return the columns without some rows."""
        kept = [row for row in range(len(self.records)) if row not in rows]
        return ReadableRecords(
            [self.records[row] for row in kept],
            [self.reviews[row] for row in kept],
            [self.traceparents[row] for row in kept],
        )


@dataclass(frozen=True, slots=True)
class Outcome(Generic[ReadableT]):
    """What became of a batch: each record is in `labelled`, beside its row of `scores`, or in `dead_letters`, once.

    `work_s` is what decoding and scoring took, in seconds.
    """

    batch: Batch
    labelled: ReadableT
    scores: Scores
    dead_letters: Sequence[DeadLetter]
    scored_at: datetime
    work_s: float = 0.0

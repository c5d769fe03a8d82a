"""What became of one micro-batch: every record once, labelled or dead-lettered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from consumer.scoring.record import Record
from shared.errors import Reason
from shared.reviews import Model, Review


@dataclass(frozen=True, slots=True)
class Scores:
    """A model's answer for n texts: n labels, their probabilities (n,), and those of all k classes (n, k), float64."""

    model: Model
    classes: tuple[str, ...]
    labels: Sequence[str]
    confidences: NDArray[np.float64]
    probabilities: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Labelled:
    """One record that could be read, and the review in it; its scores stand at the same place in `Scores`."""

    record: Record
    review: Review


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


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of `records`; each is in `labelled` or in `dead_letters`, once, in order of arrival."""

    records: Sequence[Record]
    labelled: Sequence[Labelled]
    scores: Scores
    dead_letters: Sequence[DeadLetter]
    scored_at: datetime

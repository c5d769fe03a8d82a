"""The ways to score that are held against each other, and how each is set up."""

from enum import StrEnum
from typing import TypeAlias

import msgspec


class Mode(StrEnum):
    """How reviews come to the model."""

    BATCH = "batch"  # many in one call
    REAL_TIME = "real-time"  # one a call, in this process
    MICRO_BATCH = "micro-batch"  # the loop's own batches of what has arrived
    STREAM = "stream"  # through Kafka and back


class ScoredBy(StrEnum):
    """What does the arithmetic of one artifact."""

    COMPILED = "compiled"
    SKLEARN = "scikit-learn"


class Chunks(msgspec.Struct, frozen=True, tag="chunks"):
    """Score in calls of so many reviews; 0: all in one call."""

    reviews: int

    mode = Mode.BATCH

    def __str__(self) -> str:
        return f"{self.reviews:,} a call" if self.reviews else "all in one call"


class OneByOne(msgspec.Struct, frozen=True, tag="one"):
    """Score one review a call."""

    mode = Mode.REAL_TIME

    def __str__(self) -> str:
        return "one a call"


class Arrivals(msgspec.Struct, frozen=True, tag="arrivals"):
    """Let the loop take what has arrived, so many reviews a second."""

    per_s: float

    mode = Mode.MICRO_BATCH

    def __str__(self) -> str:
        return f"{self.per_s:,g} a second"


Way: TypeAlias = Chunks | OneByOne | Arrivals

WHOLE = Chunks(0)
THOUSAND = Chunks(1000)
# Between one review a call and a thousand: what shows how the cost of a call is shared out.
SMALLER_CHUNKS = (Chunks(10), Chunks(100))

"""What a replay is asked to do, and what became of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from producer.ingest.deliveries import Deliveries
from shared.errors import ReviewstreamError


class BadRowPolicy(StrEnum):
    """What a row that holds no review means for those behind it."""

    STOP = "stop"
    SKIP = "skip"


class Rounds(StrEnum):
    """How often the source is read."""

    ONE = "one"
    ENDLESS = "endless"


class Ending(StrEnum):
    """Why a replay read no further."""

    END_OF_INPUT = "end_of_input"
    LIMIT = "limit"
    SIGNAL = "signal"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class TimeWindow:
    """A stretch of time from `start` (inside) to `end` (outside); None where it is open."""

    start: datetime | None = None
    end: datetime | None = None

    def holds(self, moment: datetime | None) -> bool:
        """Tell whether a moment lies inside; an unknown one only lies inside a window open on both sides."""
        if self.start is None and self.end is None:
            return True
        if moment is None or (self.start is not None and moment < self.start):
            return False
        return self.end is None or moment < self.end


@dataclass(frozen=True, slots=True)
class ReplayPlan:
    """How many reviews, from when, how often, and what bad rows mean."""

    limit: int | None = None
    window: TimeWindow = TimeWindow()
    rounds: Rounds = Rounds.ONE
    bad_rows: BadRowPolicy = BadRowPolicy.STOP
    drain_wait_s_max: float = 30.0


@dataclass(frozen=True, slots=True)
class ReplayProgress:
    """How far a replay is: `share` of the whole where that is known, `outside` the window not sent."""

    deliveries: Deliveries
    bad_rows: int
    outside: int
    seconds: float
    share: float | None = None

    @property
    def rate_per_s(self) -> float:
        """Reviews acknowledged a second."""
        return self.deliveries.acknowledged / self.seconds if self.seconds > 0 else 0.0


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """The end of a replay: why it ended, the final account, and the error that ended it, if one did."""

    ending: Ending
    progress: ReplayProgress
    error: ReviewstreamError | None = None

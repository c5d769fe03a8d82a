"""How large a micro-batch may grow: as much as can be labelled in the time a batch may take, by what batches took."""

from dataclasses import dataclass
from enum import StrEnum

from consumer.scoring.record import ClosedBy

# What a batch is taken to cost before the first one was seen: 20 ns a byte and a millisecond.
FIRST_SECONDS_PER_BYTE = 2e-8
FIRST_FIXED_S = 1e-3
FIRST_SIZE_BYTES = 100_000
# How much an observation still counts when the next one comes: about the last 200 batches are remembered.
MEMORY = 0.995
# Sizes that differ by less than this share of their mean tell nothing about the slope.
SPREAD_MIN = 0.05
# While catching up, throughput matters: no more of the time than this goes to what a batch costs whatever its size.
FIXED_SHARE = 0.05
# A batch is never so small that more than this share of its time is fixed cost: it would make lateness worse.
FIXED_SHARE_MAX = 0.5


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """How large the next batch may be; `bytes_because` says what the limit of its bytes stands for."""

    records: int = 1000
    size_bytes: int = 8 * 1024 * 1024
    bytes_because: ClosedBy = ClosedBy.BYTES

    def closes(self, records: int, size_bytes: int) -> ClosedBy:
        """Return why a batch of this size ends: a limit it has reached, or that nothing else was there."""
        if records >= self.records:
            return ClosedBy.COUNT
        return self.bytes_because if size_bytes >= self.size_bytes else ClosedBy.DRAINED


@dataclass(frozen=True, slots=True)
class BatchBounds:
    """What no batch exceeds; the first two bound memory, the third lateness, in seconds."""

    records: int = 4096
    size_bytes: int = 8 * 1024 * 1024
    time_s: float = 0.05
    # Records older than this put the policy into catch-up, where a batch may take up to `catch_up_time_s`.
    latency_objective_s: float = 1.0
    catch_up_time_s: float = 0.5


class Pace(StrEnum):
    """What batches are sized for."""

    STEADY = "steady"  # each is done within `BatchBounds.time_s`
    CATCH_UP = "catch_up"  # the stream is late: as many records a second as can be


class CostModel:
    """Seconds a batch takes, as a line over its bytes, fitted to what batches took: t = a·bytes + b, both ≥ 0.

    Least squares with exponential forgetting, kept as five decayed sums; it starts from a guess that soon fades.
    """

    def __init__(self) -> None:
        self.seconds_per_byte = FIRST_SECONDS_PER_BYTE
        self.fixed_s = FIRST_FIXED_S
        # Mean of |actual - predicted| / actual, forgotten at the same pace.
        self.error_ratio = 0.0
        self._weight = self._x = self._y = self._xx = self._xy = 0.0
        for size_bytes in (0, FIRST_SIZE_BYTES):
            self._add(size_bytes, self.predict_s(size_bytes))

    def predict_s(self, size_bytes: float) -> float:
        """Return the seconds that a batch of so many bytes is expected to take."""
        return self.seconds_per_byte * size_bytes + self.fixed_s

    def bytes_within(self, seconds: float) -> float:
        """Return how many bytes are expected to be done in so many seconds."""
        room_s = max(0.0, seconds - self.fixed_s)
        return room_s / self.seconds_per_byte if self.seconds_per_byte > 0 else float("inf")

    def observe(self, size_bytes: int, seconds: float) -> None:
        """Learn what one batch took."""
        if seconds <= 0:
            return
        error = abs(seconds - self.predict_s(size_bytes)) / seconds
        self.error_ratio += (1 - MEMORY) * (min(error, 10.0) - self.error_ratio)
        self._add(size_bytes, seconds)
        mean_x, mean_y = self._x / self._weight, self._y / self._weight
        variance = self._xx / self._weight - mean_x * mean_x
        if variance > (SPREAD_MIN * mean_x) ** 2:
            slope = (self._xy / self._weight - mean_x * mean_y) / variance
            # Clamped: a line with a negative part predicts nonsense outside of what was seen.
            self.seconds_per_byte = min(max(0.0, slope), mean_y / mean_x)
            self.fixed_s = max(0.0, mean_y - self.seconds_per_byte * mean_x)
        elif mean_x > 0:
            # All of one size: the fixed part stays as it was learnt, the rest explains what is left.
            self.fixed_s = min(self.fixed_s, mean_y)
            self.seconds_per_byte = (mean_y - self.fixed_s) / mean_x

    def _add(self, x: float, y: float) -> None:
        self._weight = self._weight * MEMORY + 1.0
        self._x = self._x * MEMORY + x
        self._y = self._y * MEMORY + y
        self._xx = self._xx * MEMORY + x * x
        self._xy = self._xy * MEMORY + x * y


class BatchPolicy:
    """Says how large the next batch may be: state plus what it is told, without a clock.

    It never makes anybody wait: a batch is what is there (natural batching), and this is only its upper bound.
    """

    def __init__(self, bounds: BatchBounds) -> None:
        self._bounds = bounds
        self.cost = CostModel()
        self.pace = Pace.STEADY

    def limits(self) -> BatchLimits:
        """Return the limits of the next batch."""
        bounds, fixed_s = self._bounds, self.cost.fixed_s
        budget_s = max(bounds.time_s, fixed_s / FIXED_SHARE_MAX)
        if self.pace is Pace.CATCH_UP:
            budget_s = max(budget_s, min(fixed_s / FIXED_SHARE, bounds.catch_up_time_s))
        size_bytes = self.cost.bytes_within(budget_s)
        if size_bytes >= bounds.size_bytes:
            return BatchLimits(bounds.records, bounds.size_bytes, ClosedBy.BYTES)
        return BatchLimits(bounds.records, max(1, int(size_bytes)), ClosedBy.TIME)

    def note_age(self, oldest_s: float) -> None:
        """Note how old a batch's oldest record was when it was read, in seconds; NaN where that is not known."""
        self.pace = Pace.CATCH_UP if oldest_s > self._bounds.latency_objective_s else Pace.STEADY

    def observe(self, size_bytes: int, seconds: float) -> None:
        """Learn what one batch took from its decoding until its delivery no longer needs anybody's attention."""
        self.cost.observe(size_bytes, seconds)

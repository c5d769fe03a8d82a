"""One model with one scorer, and what was measured of it."""

import msgspec

from consumer.measuring.accuracy import Quality
from consumer.measuring.answers import Parity
from consumer.measuring.timing import Spread, Timing
from consumer.measuring.ways import Mode, ScoredBy
from consumer.model.metrics import Bin


class Measurement(msgspec.Struct, frozen=True):
    """One way of scoring: how long it took, how good it was, and how far it is from the first way of its model.

    `chunk` is how many reviews a call had, where that was set; `memory_peak_mb` is of the process that scored.
    """

    mode: Mode
    way: str
    timing: Timing
    quality: Quality
    parity: Parity
    memory_peak_mb: float | None
    chunk: int | None = None

    @property
    def call_reviews(self) -> int:
        """How many reviews the largest call of a batch had."""
        return min(self.chunk or self.timing.reviews, self.timing.reviews)


class Subject(msgspec.Struct, frozen=True):
    """One model with one scorer; `start_s` is from process start to the first answer, over all its processes.

    `serves` says whether it is the scorer that the product itself takes for this model.
    """

    folder: str
    recipe: str
    digest: str
    scored_by: ScoredBy
    serves: bool
    start_s: Spread | None
    measurements: list[Measurement]
    reliability: tuple[Bin, ...]

    @property
    def title(self) -> str:
        """The model's recipe and what scores it."""
        return f"{self.recipe}, {self.scored_by.value}"

    def measured(self, mode: Mode) -> list[Measurement]:
        """Return the measurements of one mode."""
        return [measurement for measurement in self.measurements if measurement.mode is mode]

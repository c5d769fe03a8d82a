"""What n reviews cost in each mode, as a line fitted to what was measured, and where two lines cross."""

import math
from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

# A line needs two points.
POINTS_MIN = 2


class Cost(msgspec.Struct, frozen=True):
    """Seconds until the last of n reviews that are there at once has its label: `fixed_s` + `review_s` · n.

    `started_for_it`: the process starts when the reviews are there and ends with them; others are running already and
    take each review as it comes.
    """

    name: str
    fixed_s: float
    review_s: float
    started_for_it: bool

    def seconds(self, reviews: float) -> float:
        """Return how long so many reviews take."""
        return self.fixed_s + self.review_s * reviews

    def reviews_within(self, seconds: float) -> int:
        """Return how many reviews are done in so many seconds."""
        return max(0, math.floor((seconds - self.fixed_s) / self.review_s)) if self.review_s > 0 else 0


class Crossing(msgspec.Struct, frozen=True):
    """Up to so many reviews `below` answers sooner, from then on `above`."""

    reviews: int
    below: str
    above: str


def fit_line(seconds_by_size: Mapping[int, float]) -> tuple[float, float]:
    """Return fixed seconds and seconds a review of calls with so many reviews each; both ≥ 0.

    Least squares of the relative errors: a call with one review counts as much as one with thousands.
    """
    sizes = np.array(list(seconds_by_size), float)
    seconds = np.array(list(seconds_by_size.values()), float)
    if len(sizes) < POINTS_MIN:
        return 0.0, float(seconds[0] / sizes[0])
    slope, fixed = np.polyfit(sizes, seconds, 1, w=1 / seconds)
    if slope <= 0:
        return 0.0, float((seconds / sizes).min())
    if fixed < 0:
        # Through the origin then; a line with a negative part predicts nonsense for few reviews.
        return 0.0, float((sizes / seconds).sum() / ((sizes / seconds) ** 2).sum())
    return float(fixed), float(slope)


def crossing(one: Cost, other: Cost) -> Crossing | None:
    """Return where two costs are the same; None where one answers sooner whatever the number."""
    gentle, steep = sorted((one, other), key=lambda cost: cost.review_s)
    if gentle.review_s == steep.review_s or gentle.fixed_s <= steep.fixed_s:
        return None
    reviews = (gentle.fixed_s - steep.fixed_s) / (steep.review_s - gentle.review_s)
    return Crossing(math.ceil(reviews), below=steep.name, above=gentle.name)


def crossings(costs: Sequence[Cost]) -> list[Crossing]:
    """Return where a process that is started for the reviews overtakes each that is running."""
    pairs = [(one, other) for one in costs if one.started_for_it for other in costs if not other.started_for_it]
    return [found for found in (crossing(one, other) for one, other in pairs) if found is not None]

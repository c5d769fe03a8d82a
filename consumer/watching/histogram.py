"""A Prometheus histogram as its buckets tell it: differences, sums and quantiles."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Histogram:
    """Observations up to each bound (n,), the last of which is infinite, as cumulative counts (n,), and their sum."""

    bounds: tuple[float, ...]
    cumulative: tuple[float, ...]
    total: float

    @property
    def count(self) -> float:
        """How many observations there are."""
        return self.cumulative[-1]

    @property
    def mean(self) -> float | None:
        """Their mean, None without any."""
        return self.total / self.count if self.count > 0 else None

    def minus(self, earlier: "Histogram") -> "Histogram":
        """Return what was observed since then."""
        return self._with(earlier, -1)

    def plus(self, other: "Histogram") -> "Histogram":
        """Return the observations of both, in the bounds that both have: counts up to these are exact."""
        return self._with(other, 1)

    def quantile(self, share: float) -> float | None:
        """Return the value below which this share of the observations lies, None without any.

        As histogram_quantile of Prometheus: even spread within a bucket, which begins at 0 where it is the first; what
        lies beyond the last finite bound counts as on it.
        """
        if self.count <= 0:
            return None
        rank = share * self.count
        place = next(index for index, count in enumerate(self.cumulative) if count >= rank)
        end = self.bounds[place]
        if math.isinf(end):
            return self.bounds[place - 1] if place else None
        if place == 0 and end <= 0:
            return end
        begin, below = (self.bounds[place - 1], self.cumulative[place - 1]) if place else (0.0, 0.0)
        inside = self.cumulative[place] - below
        return begin + (end - begin) * ((rank - below) / inside if inside else 0.0)

    def counts(self) -> tuple[tuple[float, float], ...]:
        """Return each bound with the number of observations that lie between it and the one before."""
        below = (0.0, *self.cumulative)
        return tuple(zip(self.bounds, (self.cumulative[i] - below[i] for i in range(len(self.bounds))), strict=True))

    def _with(self, other: "Histogram", sign: int) -> "Histogram":
        known = dict(zip(other.bounds, other.cumulative, strict=True))
        both = [(bound, count + sign * known[bound]) for bound, count in self._pairs() if bound in known]
        return Histogram(
            tuple(bound for bound, _ in both), tuple(count for _, count in both), self.total + sign * other.total
        )

    def _pairs(self) -> list[tuple[float, float]]:
        return list(zip(self.bounds, self.cumulative, strict=True))

"""Figures of several rounds: the median and the range, and ratios taken round by round."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spread:
    """The median and the range of one figure over the rounds of one run."""

    median: float
    low: float
    high: float


def spread(figures: Sequence[float]) -> Spread:
    """Return the median and the range, to four significant digits: more would be noise."""
    return Spread(*(float(f"{figure:.4g}") for figure in (statistics.median(figures), min(figures), max(figures))))


def ratios(figures: Sequence[float], reference: Sequence[float]) -> list[float]:
    """Return each round's figure over the reference's of the same round."""
    return [figure / base for figure, base in zip(figures, reference, strict=True)]

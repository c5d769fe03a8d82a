"""Makes a model's probabilities honest, and says how honest they are; all of it on texts the model did not learn."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from consumer.model.metrics import Bin, NeutralBand
from consumer.model.probabilities import TWO_CLASSES, link_for, probabilities

Vector = NDArray[np.float64]

BINS = 10
# A band that would call more than this share of the texts neutral is no help to anybody.
NEUTRAL_SHARE_MAX = 0.5
# Bands are written with three digits: more would suggest a precision they lack.
BAND_STEP = 0.001
# Keeps log(p) finite for a probability that rounds to 0.
PROBABILITY_MIN = 1e-15


@dataclass(frozen=True, slots=True)
class Platt:
    """z' = slope * z + offset; with more than two classes the offset is 0 and the slope an inverse temperature."""

    slope: float = 1.0
    offset: float = 0.0

    def apply(self, scores: Vector) -> Vector:
        """Return the calibrated scores."""
        return self.slope * scores + self.offset


def fit_platt(scores: Vector, truth: NDArray[np.int64], class_count: int) -> Platt:
    """Return the calibration with the largest likelihood of the true classes (m,) given out-of-fold scores (m, c).

    As in Platt 1999, a little of each text is kept for the other classes: else a model that is always right on
    few texts would be taken for one that is always right.
    """
    link = link_for(class_count)
    known = np.ones(len(truth), dtype=np.bool_)
    targets = np.full((len(truth), class_count), 1 / (len(truth) + class_count))
    targets[np.arange(len(truth)), truth] += len(truth) / (len(truth) + class_count)

    def loss(parameters: Vector) -> float:
        offset = parameters[1] if class_count == TWO_CLASSES else 0.0
        shares = probabilities(np.exp(parameters[0]) * scores + offset, known, link)
        return float(-(targets * np.log(np.maximum(shares, PROBABILITY_MIN))).sum(axis=1).mean())

    # Start where scores have a spread of one; the slope's logarithm keeps it positive.
    start = np.array([-np.log(max(float(scores.std()), PROBABILITY_MIN)), 0.0])
    found = minimize(loss, start, method="Nelder-Mead", options={"xatol": 1e-5, "fatol": 1e-9})
    offset = float(found.x[1]) if class_count == TWO_CLASSES else 0.0
    return Platt(float(np.exp(found.x[0])), offset)


def reliability(shares: Vector, truth: NDArray[np.int64]) -> tuple[Bin, ...]:
    """Return ten bins of the likeliest class's probability; a bin without texts is all zeros."""
    confidence = shares.max(axis=1)
    right = shares.argmax(axis=1) == truth
    places = np.minimum((confidence * BINS).astype(np.int64), BINS - 1)
    bins = []
    for place in range(BINS):
        inside = places == place
        count = int(inside.sum())
        sure = float(confidence[inside].mean()) if count else 0.0
        bins.append(Bin(count, sure, float(right[inside].mean()) if count else 0.0))
    return tuple(bins)


def expected_calibration_error(bins: Sequence[Bin]) -> float:
    """Return the mean distance of confidence and accuracy over the bins, each weighted by its texts."""
    total = sum(content.texts for content in bins)
    return sum(content.texts * abs(content.confidence - content.accuracy) for content in bins) / max(total, 1)


def choose_neutral_band(positive: Vector, truth: NDArray[np.int64], aim: float) -> NeutralBand:
    """Return the narrowest band outside of which `aim` of the out-of-fold labels are right.

    Where no band that leaves half of the texts a label gets there, the widest of those.
    """
    distance = np.abs(positive - 0.5)
    right = (positive > 0.5) == (truth == 1)  # noqa: PLR2004 - even odds
    widest = float(np.quantile(distance, NEUTRAL_SHARE_MAX))
    for half_width in np.arange(0, widest, BAND_STEP):
        outside = distance >= half_width
        if right[outside].mean() >= aim:
            break
    accuracy, share = float(right[outside].mean()), float(outside.mean())
    return NeutralBand(round(float(half_width), 3), aim, accuracy, share)

"""From probabilities to labels: one rule for every scorer."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

NEUTRAL = "neutral"


class Labelling:
    """Labels rows of class probabilities.

    A label is the likeliest class, and its confidence that class's probability. A text is `neutral` where all classes
    are equally likely, as they are without any known term, and, with two classes, where |p - 0.5| is below the band;
    its confidence is still the largest probability, so a neutral label is never a confident one.
    """

    def __init__(self, classes: Sequence[str], neutral_band: float) -> None:
        self.classes = tuple(classes)
        self._band = neutral_band
        self._names = (*self.classes, NEUTRAL)
        self._name_array = np.array(self._names, object)

    def label(self, probabilities: NDArray[np.float64]) -> tuple[list[str], NDArray[np.float64]]:
        """Return labels and confidences (n,) of probabilities (n, k)."""
        if len(self.classes) == 2:  # noqa: PLR2004 - the case the band is for
            positive = probabilities[:, 1]
            distance = np.abs(positive - 0.5)
            places = np.where((distance < self._band) | (distance == 0), 2, positive > 0.5)  # noqa: PLR2004
            return self._name_array[places].tolist(), np.maximum(positive, probabilities[:, 0])
        if not len(probabilities):
            return [], np.empty(0)
        largest = probabilities.max(axis=1)
        undecided = largest == probabilities.min(axis=1)
        places = np.where(undecided, len(self.classes), probabilities.argmax(axis=1))
        return self._name_array[places].tolist(), largest

    def label_one(self, probabilities: Sequence[float]) -> tuple[str, float]:
        """Return label and confidence of one row, as `label` does, without the cost of arrays."""
        largest = max(probabilities)
        undecided = largest == min(probabilities)
        if len(self.classes) == 2:  # noqa: PLR2004 - the case the band is for
            undecided = undecided or abs(probabilities[1] - 0.5) < self._band
        return NEUTRAL if undecided else self._names[probabilities.index(largest)], largest

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
        self.names = self.classes if NEUTRAL in self.classes else (*self.classes, NEUTRAL)
        self._neutral = self.names.index(NEUTRAL)
        self._name_array = np.array(self.names, object)

    def label(self, probabilities: NDArray[np.float64]) -> tuple[list[str], NDArray[np.float64]]:
        """Return labels and confidences (n,) of probabilities (n, k)."""
        return self.named(self.numbers(probabilities)), confidences(probabilities)

    def numbers(self, probabilities: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return where in `names` the labels (n,) of probabilities (n, k) stand."""
        if len(self.classes) == 2:  # noqa: PLR2004 - the case the band is for
            positive = probabilities[:, 1]
            distance = np.abs(positive - 0.5)
            return np.where((distance < self._band) | (distance == 0), self._neutral, positive > 0.5)  # noqa: PLR2004
        if not len(probabilities):
            return np.empty(0, np.int64)
        undecided = probabilities.max(axis=1) == probabilities.min(axis=1)
        return np.where(undecided, self._neutral, probabilities.argmax(axis=1))

    def named(self, numbers: NDArray[np.int64]) -> list[str]:
        """Return the labels (n,) that stand there in `names`."""
        labels: list[str] = self._name_array[numbers].tolist()
        return labels

    def label_one(self, probabilities: Sequence[float]) -> tuple[str, float]:
        """Return label and confidence of one row, as `label` does, without the cost of arrays."""
        largest = max(probabilities)
        undecided = largest == min(probabilities)
        if len(self.classes) == 2:  # noqa: PLR2004 - the case the band is for
            undecided = undecided or abs(probabilities[1] - 0.5) < self._band
        return NEUTRAL if undecided else self.names[probabilities.index(largest)], largest


def confidences(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the largest (n,) of probabilities (n, k)."""
    if probabilities.shape[1] == 2:  # noqa: PLR2004 - the usual case, several times as fast
        return np.maximum(probabilities[:, 1], probabilities[:, 0])
    largest: NDArray[np.float64] = probabilities.max(axis=1)
    return largest

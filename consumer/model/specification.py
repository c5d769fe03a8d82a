"""What a linear model is: how a text becomes terms, what each term weighs, how a score becomes a probability."""

from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray


class Features(msgspec.Struct, frozen=True):
    """How a text becomes a vector of terms; `consumer.model.tokenising` is the reference for the first three."""

    # "words": scikit-learn's (?u)\b\w\w+\b | "reviews": the tokeniser of consumer.model.tokenising
    tokens: str
    # "none" | "marked": up to three words behind a negation get the prefix "~"
    negation: str
    # 1 to 3; the shortest n-gram is one token
    ngram_max: int
    # "binary": present or not | "counts" | "sublinear-idf": (1 + ln count) * idf
    weighting: str
    # "l2" | "root-known": divided by the root of the number of distinct known n-grams | "none"
    norm: str


@dataclass(frozen=True, slots=True)
class LinearModel:
    """A model of n terms and c scores a text.

    A text's weight v_t of term t follows `features`; z_k = intercepts[k] + sum over t of weights[t, k] * v_t;
    z'_k = slope * z_k + offset; the link turns z' into probabilities. A text without any known term is neutral.
    """

    features: Features
    # Labels, sorted.
    classes: tuple[str, ...]
    # n-grams, sorted by code point, their tokens joined by one space.
    terms: tuple[str, ...]
    # (n, c) float64: c is 1 for two classes (towards classes[1]), else one column a class.
    weights: NDArray[np.float64]
    # (n,) float64 where the weighting is "sublinear-idf".
    idf: NDArray[np.float64] | None
    # (c,) float64
    intercepts: NDArray[np.float64]
    # "sigmoid" | "softmax"
    link: str
    # Calibration; 1 and 0 for none.
    slope: float
    offset: float
    # Two classes only: a text with |p - 0.5| below it is neutral; 0 for none.
    neutral_band: float

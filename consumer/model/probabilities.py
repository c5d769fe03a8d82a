"""From calibrated scores to probabilities."""

import numpy as np
from numpy.typing import NDArray

SIGMOID = "sigmoid"
SOFTMAX = "softmax"
TWO_CLASSES = 2

Vector = NDArray[np.float64]
Flags = NDArray[np.bool_]


def sigmoid(scores: Vector) -> Vector:
    """Return 1 / (1 + exp(-z)) without overflow at either end."""
    small = np.exp(-np.abs(scores))
    return np.where(scores >= 0, 1 / (1 + small), small / (1 + small))


def softmax(scores: Vector) -> Vector:
    """Return exp(z_k) over its sum in each row (m, k)."""
    powers: Vector = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares: Vector = powers / powers.sum(axis=1, keepdims=True)
    return shares


def link_for(class_count: int) -> str:
    """Return how scores become probabilities: one score for two classes, else one each."""
    return SIGMOID if class_count == TWO_CLASSES else SOFTMAX


def probabilities(scores: Vector, known: Flags, link: str) -> Vector:
    """Return the probabilities (m, k) of calibrated scores (m, c); uniform where no term of the text is known (m,)."""
    if link == SIGMOID:
        second = sigmoid(scores[:, 0])
        shares = np.column_stack([1 - second, second])
    else:
        shares = softmax(scores)
    shares[~known] = 1 / shares.shape[1]
    return shares

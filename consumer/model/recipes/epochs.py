"""A small neural network with a softmax, trained in epochs that can be watched."""

from collections.abc import Callable, Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.neural_network import MLPClassifier
from sklearn.utils.validation import check_is_fitted

from consumer.model.metrics import Epoch

Matrix = NDArray[np.float64]

# Every tenth row is set aside to see whether an epoch still helps with texts not learnt from.
CHECK_EVERY = 10
HIDDEN_UNITS = 64
# The usual step of Adam (Kingma & Ba 2015), and a penalty that keeps 20 tokens from being learnt by heart.
LEARNING_RATE = 0.001
PENALTY = 0.001


Watch = Callable[[Epoch], None]


class EpochClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # sklearn is untyped
    """One hidden layer and a softmax; `history_` holds every epoch."""

    def __init__(self, epochs: int = 15, seed: int = 7) -> None:
        self.epochs = epochs
        self.seed = seed

    def fit(self, rows: Matrix, labels: Sequence[str], watch: Watch | None = None) -> Self:
        """Train for all epochs; `watch` is told of each."""
        names = np.asarray(labels, dtype=object)
        order = np.random.default_rng(self.seed).permutation(len(names))
        checked, learnt = np.split(order, [len(names) // CHECK_EVERY])
        # Few rows: check by what was learnt, rather than by nothing.
        checked = checked if len(checked) else learnt
        self.classes_ = np.unique(names)
        self.network_ = MLPClassifier(
            (HIDDEN_UNITS,), alpha=PENALTY, learning_rate_init=LEARNING_RATE, random_state=self.seed
        )
        self.history_: list[Epoch] = []
        for number in range(1, self.epochs + 1):
            self.network_.partial_fit(rows[learnt], names[learnt].astype(str), classes=self.classes_.astype(str))
            epoch = Epoch(
                number, *self._judge(rows[learnt], names[learnt]), *self._judge(rows[checked], names[checked])
            )
            self.history_.append(epoch)
            if watch is not None:
                watch(epoch)
        return self

    def predict_proba(self, rows: Matrix) -> Matrix:
        """Return the softmax (m, k)."""
        check_is_fitted(self, "network_")
        shares: Matrix = self.network_.predict_proba(rows)
        return shares

    def predict(self, rows: Matrix) -> NDArray[np.object_]:
        """Return the most probable class of each row."""
        names: NDArray[np.object_] = self.classes_[self.predict_proba(rows).argmax(axis=1)]
        return names

    def _judge(self, rows: Matrix, names: NDArray[np.object_]) -> tuple[float, float]:
        """Return mean cross-entropy in nats, and accuracy."""
        shares = self.predict_proba(rows)
        places = np.searchsorted(self.classes_.astype(str), names.astype(str))
        likelihood = np.maximum(shares[np.arange(len(names)), places], np.finfo(float).tiny)
        return float(-np.log(likelihood).mean()), float((shares.argmax(axis=1) == places).mean())

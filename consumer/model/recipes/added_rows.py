"""A classifier that learns from more rows than it is given: a lexicon, and how reviews begin and end."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.utils.validation import check_is_fitted

from consumer.model.recipes.lexicon import AddedRow, Prior, prior_rows, read_lexicon

POSITIVE = "positive"
NEGATIVE = "negative"
# A review of fewer sentences is not longer than what its ends say.
SENTENCES_MIN = 4

_split_sentences = re.compile(r"(?<=[.!?])\s+|<br\s*/?>").split


class WithAddedRows(ClassifierMixin, MetaEstimatorMixin, BaseEstimator):  # type: ignore[misc]  # sklearn is untyped
    """Fits a pipeline on the texts given and on rows made from a prior and from the ends of long reviews.

    The rows are made while fitting, so cross-validation never judges by them. What is kept is `estimator_`.
    """

    def __init__(self, estimator: Any, prior: Prior = Prior.VADER, ends_weight: float = 0.3) -> None:
        self.estimator = estimator
        self.prior = prior
        self.ends_weight = ends_weight

    def fit(self, texts: Sequence[str], labels: Sequence[str]) -> Self:
        """Fit a clone of the pipeline; every step that learns from labels is told what each row counts for."""
        added = list(self._added_rows(texts, labels))
        weight = np.array([1.0] * len(texts) + [row.weight for row in added])
        all_texts = [*texts, *(row.text for row in added)]
        all_labels = np.array([*labels, *(row.label for row in added)], dtype=object)
        weights = {f"{name}__sample_weight": weight for name, _ in self.estimator.steps}
        self.estimator_ = clone(self.estimator).fit(all_texts, all_labels, **weights)
        self.classes_ = self.estimator_.classes_
        return self

    def decision_function(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Return the pipeline's scores: (m,) for two classes, (m, k) for more."""
        check_is_fitted(self)
        scores: NDArray[np.float64] = self.estimator_.decision_function(texts)
        return scores

    def predict_proba(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Return the pipeline's probabilities (m, k)."""
        check_is_fitted(self)
        probabilities: NDArray[np.float64] = self.estimator_.predict_proba(texts)
        return probabilities

    def predict(self, texts: Sequence[str]) -> NDArray[np.object_]:
        """Return the most probable class of each text."""
        check_is_fitted(self)
        labels: NDArray[np.object_] = self.estimator_.predict(texts)
        return labels

    def _added_rows(self, texts: Sequence[str], labels: Sequence[str]) -> Iterator[AddedRow]:
        if {POSITIVE, NEGATIVE} <= set(labels):
            yield from prior_rows(read_lexicon(Prior(self.prior)), POSITIVE, NEGATIVE)
        if self.ends_weight:
            for text, label in zip(texts, labels, strict=True):
                for sentence in ends(text):
                    yield AddedRow(sentence, label, self.ends_weight)


def ends(text: str) -> list[str]:
    """Return the first and the last sentence of a review of several, nothing of a short one."""
    sentences = [sentence for sentence in _split_sentences(text) if sentence.strip()]
    return [sentences[0], sentences[-1]] if len(sentences) >= SENTENCES_MIN else []

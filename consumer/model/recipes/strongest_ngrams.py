"""The default recipe's steps: keep the n-grams that say most, and scale each by how much it says."""

from collections.abc import Iterable, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.linear_model import LogisticRegression
from sklearn.utils.validation import check_is_fitted

from consumer.model.recipes.ngram_candidates import count_candidates
from consumer.model.specification import Features
from consumer.model.tokenising import terms, tokeniser

Vector = NDArray[np.float64]

# liblinear's tolerance under which this recipe was measured: a tighter fit costs time and changes no accuracy.
DUAL_TOLERANCE = 0.03
# lbfgs looks at the mean gradient, which is small from the start: scikit-learn's own tolerance.
GRADIENT_TOLERANCE = 1e-4
ITERATIONS_MAX = 500


def regression(strength: float, class_count: int, seed: int) -> Any:
    """Return an untrained logistic regression through the origin: a text that says little gets little opinion."""
    if class_count == 2:  # noqa: PLR2004 - liblinear knows two classes only
        return LogisticRegression(
            C=strength,
            solver="liblinear",
            dual=True,
            tol=DUAL_TOLERANCE,
            max_iter=ITERATIONS_MAX,
            fit_intercept=False,
            random_state=seed,
        )
    return LogisticRegression(
        C=strength, solver="lbfgs", tol=GRADIENT_TOLERANCE, max_iter=ITERATIONS_MAX, fit_intercept=False
    )


class NaiveBayesWeights(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # sklearn is untyped
    """Scales binary features by their naive-Bayes log ratio (Wang & Manning 2012) and rows by the root of their length.

    Column t is multiplied by the largest |r_tk|**power over the classes k, where r_tk is the log of t's share of the
    features in class k over its share outside, both counts plus one. The sign is left to the regression.
    """

    def __init__(self, power: float = 0.85) -> None:
        self.power = power

    def fit(self, matrix: Any, labels: Sequence[str], sample_weight: Vector | None = None) -> Self:
        """Learn the columns' scales from a binary matrix, its rows counted `sample_weight` (m,) times."""
        names = np.asarray(labels)
        weight = np.ones(len(names)) if sample_weight is None else np.asarray(sample_weight)
        scale = np.zeros(matrix.shape[1])
        for name in np.unique(names):
            inside = matrix.T @ (weight * (names == name)) + 1
            outside = matrix.T @ (weight * (names != name)) + 1
            ratio = np.log(inside / inside.sum()) - np.log(outside / outside.sum())
            scale = np.maximum(scale, np.abs(ratio) ** self.power)
        self.scale_ = scale
        return self

    def transform(self, matrix: Any) -> Any:
        """Return the scaled matrix: a row of n known terms is divided by sqrt(n)."""
        check_is_fitted(self)
        lengths = np.maximum(np.diff(matrix.indptr), 1)
        return sparse.diags_array(1 / np.sqrt(lengths)) @ matrix @ sparse.diags_array(self.scale_)


class StrongestNgrams(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # sklearn is untyped
    """Turns texts into a binary matrix of the `terms_max` n-grams with the largest weights in a first regression."""

    def __init__(  # noqa: PLR0913, PLR0917 - scikit-learn wants each parameter by its name
        self,
        features: Features,
        df_min: int = 2,
        terms_max: int = 300_000,
        power: float = 0.85,
        strength: float = 10.0,
        class_count: int = 2,
        seed: int = 7,
    ) -> None:
        self.features = features
        self.df_min = df_min
        self.terms_max = terms_max
        self.power = power
        self.strength = strength
        self.class_count = class_count
        self.seed = seed

    def fit(self, texts: Iterable[str], labels: Sequence[str], sample_weight: Vector | None = None) -> Self:
        """Choose the n-grams."""
        self.fit_transform(texts, labels, sample_weight)
        return self

    def fit_transform(self, texts: Iterable[str], labels: Sequence[str], sample_weight: Vector | None = None) -> Any:
        """Choose the n-grams and return the texts' matrix of them."""
        split = tokeniser(self.features)
        candidates = count_candidates(map(split, texts), self.features.ngram_max, self.df_min)
        columns = np.arange(candidates.matrix.shape[1])
        if len(columns) > self.terms_max:
            strengths = self._strengths(candidates.matrix, labels, sample_weight)
            # Stable: among equals the shorter, earlier n-gram stays, whatever the machine.
            columns = np.sort(np.argsort(-strengths, kind="stable")[: self.terms_max])
        spelled = candidates.spell(columns)
        order = np.array(sorted(range(len(spelled)), key=spelled.__getitem__), dtype=np.int64)
        self.terms_ = tuple(spelled[place] for place in order)
        self._columns = {term: column for column, term in enumerate(self.terms_)}
        matrix = candidates.matrix[:, columns[order]]
        matrix.sort_indices()
        return matrix

    def transform(self, texts: Iterable[str]) -> Any:
        """Return which of the chosen n-grams (n,) are in each text, as a binary CSR matrix (m, n)."""
        check_is_fitted(self, "terms_")
        indices: list[int] = []
        ends = [0]
        for text in texts:
            known = {self._columns[term] for term in terms(text, self.features) if term in self._columns}
            indices.extend(sorted(known))
            ends.append(len(indices))
        shape = (len(ends) - 1, len(self.terms_))
        return sparse.csr_matrix((np.ones(len(indices)), np.array(indices, dtype=np.int32), ends), shape=shape)

    def get_feature_names_out(self, input_features: object = None) -> NDArray[np.object_]:
        """Return the terms in the order of the columns."""
        del input_features
        return np.array(self.terms_, dtype=object)

    def _strengths(self, matrix: Any, labels: Sequence[str], sample_weight: Vector | None) -> Vector:
        weights = NaiveBayesWeights(self.power).fit(matrix, labels, sample_weight)
        classifier = regression(self.strength, self.class_count, self.seed)
        classifier.fit(weights.transform(matrix), labels, sample_weight)
        strengths: Vector = np.abs(classifier.coef_ * weights.scale_).max(axis=0)
        return strengths

"""Turns a trained pipeline into the plain numbers that any scorer can use."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.naive_bayes import MultinomialNB

from consumer.model.calibration import Platt
from consumer.model.probabilities import TWO_CLASSES, link_for
from consumer.model.recipes.catalogue import Recipe
from consumer.model.specification import LinearModel


def linear_model(recipe: Recipe, pipeline: Any, platt: Platt, neutral_band: float) -> LinearModel | None:
    """Return the model in a pipeline trained by `recipe`, None where it is no linear one."""
    if recipe.features is None:
        return None
    classes = tuple(str(name) for name in pipeline.classes_)
    weights, intercepts = _coefficients(pipeline[-1])
    if recipe.features.weighting == "binary":
        weights *= pipeline[1].scale_[:, np.newaxis]
    return LinearModel(
        features=recipe.features,
        classes=classes,
        terms=tuple(str(term) for term in pipeline[0].get_feature_names_out()),
        weights=np.ascontiguousarray(weights),
        idf=np.array(pipeline[0].idf_) if recipe.features.weighting == "sublinear-idf" else None,
        intercepts=intercepts,
        link=link_for(len(classes)),
        slope=platt.slope,
        offset=platt.offset,
        neutral_band=neutral_band,
    )


def _coefficients(classifier: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return weights (n, c) and intercepts (c,) of a logistic regression or of naive Bayes."""
    if isinstance(classifier, MultinomialNB):
        weights, intercepts = classifier.feature_log_prob_.T, classifier.class_log_prior_
        if len(intercepts) == TWO_CLASSES:
            return weights[:, 1:] - weights[:, :1], intercepts[1:] - intercepts[:1]
        return np.array(weights), np.array(intercepts)
    weights = np.array(classifier.coef_.T, dtype=np.float64)
    return weights, np.broadcast_to(classifier.intercept_, weights.shape[1]).astype(np.float64)

"""What a trained scikit-learn pipeline says before calibration: one score a text for two classes, else one a class."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sklearn
from numpy.typing import NDArray
from scipy import sparse

from consumer.model.calibration import PROBABILITY_MIN
from consumer.model.probabilities import TWO_CLASSES


@dataclass(frozen=True, slots=True)
class ClassScores:
    """Scores (m, c), float64, and whether the text has any term the model knows (m,)."""

    scores: NDArray[np.float64]
    known: NDArray[np.bool_]


def class_scores(pipeline: Any, texts: Sequence[str]) -> ClassScores:
    """Return the pipeline's scores, as precise as its last step gives them."""
    # Texts are str by their decoder's word; sklearn's own checks cost as much as scoring one of them.
    with sklearn.config_context(assume_finite=True, skip_parameter_validation=True):
        first = features = pipeline[0].transform(texts)
        for step in pipeline[1:-1]:
            features = step.transform(features)
        # A known term may weigh nothing, and later steps may leave it out: the first says what is known.
        return ClassScores(_scores(pipeline[-1], features), _has_content(first if sparse.issparse(first) else features))


def _scores(classifier: Any, features: Any) -> NDArray[np.float64]:
    if hasattr(classifier, "decision_function"):
        scores = np.asarray(classifier.decision_function(features), dtype=np.float64)
        return scores.reshape(len(scores), -1)
    if hasattr(classifier, "predict_joint_log_proba"):
        logarithms = np.asarray(classifier.predict_joint_log_proba(features), dtype=np.float64)
    else:
        shares = np.asarray(classifier.predict_proba(features), dtype=np.float64)
        logarithms = np.log(np.maximum(shares, PROBABILITY_MIN))
    if logarithms.shape[1] == TWO_CLASSES:
        return logarithms[:, 1:] - logarithms[:, :1]
    return logarithms


def _has_content(features: Any) -> NDArray[np.bool_]:
    filled = np.diff(features.indptr) > 0 if sparse.issparse(features) else np.any(features != 0, axis=1)
    return np.asarray(filled, dtype=np.bool_)

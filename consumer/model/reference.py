"""Scores with the scikit-learn pipeline itself: slower than need be, and right by definition."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import sklearn

from consumer.model.artifact import PIPELINE, Manifest, read_manifest, read_verified
from consumer.scoring.outcome import Scores
from shared.reviews import Model


class SklearnScorer:
    """A Scorer over a trained pipeline; `classes` are the labels in the order of its columns."""

    def __init__(self, pipeline: Any, model: Model, classes: tuple[str, ...]) -> None:
        self._pipeline = pipeline
        self._model = model
        self._classes = classes
        self._names = np.array(classes, dtype=object)

    def score(self, texts: Sequence[str]) -> Scores:
        """Return the label with the highest probability for each text; see the port."""
        if not texts:
            nothing = np.empty((0, len(self._classes)))
            return Scores(self._model, self._classes, [], np.empty(0), nothing)
        # Texts are str by their decoder's word; sklearn's own checks cost as much as scoring one of them.
        with sklearn.config_context(assume_finite=True, skip_parameter_validation=True):
            probabilities = np.asarray(self._pipeline.predict_proba(texts), dtype=np.float64)
        best = probabilities.argmax(axis=1)
        confidences = probabilities[np.arange(len(texts)), best]
        return Scores(self._model, self._classes, self._names[best].tolist(), confidences, probabilities)


def load_reference(folder: Path) -> tuple[SklearnScorer, Manifest]:
    """Load a model after checking its digests; ConfigurationError where they differ.

    The file is a pickle, which can run code: only what `train` wrote and the manifest vouches for is opened.
    """
    manifest = read_manifest(folder)
    pipeline = joblib.load(io.BytesIO(read_verified(folder, manifest, PIPELINE)))
    return SklearnScorer(pipeline, manifest.model(), manifest.classes), manifest

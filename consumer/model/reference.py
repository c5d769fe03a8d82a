"""Scores with the scikit-learn pipeline itself: slower than need be, and right by definition."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import joblib
import numpy as np

from consumer.model.artifact import PIPELINE, read_verified
from consumer.model.calibration import Platt
from consumer.model.class_scores import class_scores
from consumer.model.labelling import Labelling
from consumer.model.manifest import Manifest, read_manifest
from consumer.model.probabilities import probabilities
from consumer.scoring.outcome import Scores
from shared.reviews import Model


class SklearnScorer:
    """A Scorer over a trained pipeline; `classes` are the labels in the order of its columns.

    A text without any term the pipeline knows gets the same probability for each class, and so is neutral.
    """

    def __init__(self, pipeline: Any, model: Model, labelling: Labelling, link: str, platt: Platt) -> None:
        self._pipeline = pipeline
        self._model = model
        self._labelling = labelling
        self._link = link
        self._platt = platt

    def score(self, texts: Sequence[str]) -> Scores:
        """Return each text's label and the probabilities behind it; see the port."""
        classes = self._labelling.classes
        if not texts:
            return Scores(self._model, classes, [], np.empty(0), np.empty((0, len(classes))))
        found = class_scores(self._pipeline, texts)
        shares = probabilities(self._platt.apply(found.scores), found.known, self._link)
        labels, confidences = self._labelling.label(shares)
        return Scores(self._model, classes, labels, confidences, shares)


def reference_scorer(pipeline: Any, manifest: Manifest) -> SklearnScorer:
    """Return the scorer of a trained pipeline and what its manifest says of it."""
    labelling = Labelling(manifest.classes, manifest.neutral_band.half_width)
    return SklearnScorer(pipeline, manifest.model(), labelling, manifest.link, Platt(manifest.slope, manifest.offset))


def load_pipeline(folder: Path, manifest: Manifest) -> Any:
    """Return a model's scikit-learn pipeline; ConfigurationError where the file is not the one the manifest describes.

    The file is a pickle, which can run code: only what `train` wrote and the manifest vouches for is opened.
    """
    return joblib.load(io.BytesIO(read_verified(folder, manifest, PIPELINE)))


def load_reference(folder: Path) -> tuple[SklearnScorer, Manifest]:
    """Load a model to be scored by scikit-learn, after checking its digests; ConfigurationError where they differ."""
    manifest = read_manifest(folder)
    return reference_scorer(load_pipeline(folder, manifest), manifest), manifest

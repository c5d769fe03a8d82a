"""The model as the applications use it: the trained scikit-learn pipeline, or the compiled scorer in its place."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

import joblib
import numpy as np

SKLEARN = "sklearn"
COMPILED = "compiled"

# Texts in; the label of each and its probability out.
Classify: TypeAlias = Callable[[Sequence[str]], list[tuple[str, float]]]


def load_classifier(model: Path, scorer: str) -> Classify:
    """Load a model's folder: `sklearn` calls the pipeline's `predict_proba`, `compiled` the scorer of `run`."""
    return _compiled(model) if scorer == COMPILED else _pipeline(model)


def _pipeline(model: Path) -> Classify:
    pipeline = joblib.load(model / "pipeline.joblib")
    classes = [str(name) for name in pipeline.classes_]

    def classify(texts: Sequence[str]) -> list[tuple[str, float]]:
        probabilities = pipeline.predict_proba(texts)
        best = np.argmax(probabilities, axis=1)
        return [(classes[place], float(row[place])) for place, row in zip(best, probabilities, strict=True)]

    return classify


def _compiled(model: Path) -> Classify:
    # Not needed, and slow to import, where scikit-learn scores.
    from consumer.model.load import load_scorer  # noqa: PLC0415

    scorer = load_scorer(model).scorer

    def classify(texts: Sequence[str]) -> list[tuple[str, float]]:
        scores = scorer.score(texts)
        return list(zip(scores.labels, scores.confidences.tolist(), strict=True))

    return classify

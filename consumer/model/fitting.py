"""Fits a recipe: once on everything, or fold by fold so that each review is judged by a model that never saw it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.model_selection import StratifiedKFold

from consumer.model.class_scores import ClassScores, class_scores
from consumer.model.judging import Answers
from consumer.model.recipes.catalogue import trained_pipeline
from consumer.model.recipes.epochs import EpochClassifier, Watch
from shared.datasets import LabelledReview
from shared.errors import InputError

Step = Callable[[str], None]
# Scored at once while judging: what is held in memory beside the model.
BATCH_TEXTS = 4096


@dataclass(frozen=True, slots=True)
class Rows:
    """Labelled reviews and the data set each is from."""

    reviews: Sequence[LabelledReview]
    datasets: Sequence[str]

    def texts(self) -> list[str]:
        """Return the texts."""
        return [review.text for review in self.reviews]

    def labels(self) -> list[str]:
        """Return the true classes."""
        return [review.sentiment for review in self.reviews]

    def truth(self, classes: Sequence[str]) -> Any:
        """Return the number of each row's true class (m,), int64."""
        numbers = {name: number for number, name in enumerate(classes)}
        return np.array([numbers[label] for label in self.labels()], dtype=np.int64)


def fit(estimator: Any, texts: Sequence[str], labels: Sequence[str], watch: Watch | None = None) -> Any:
    """Return the trained pipeline; InputError where the data have nothing to learn from."""
    steps = getattr(estimator, "steps", [])
    parameters = {f"{name}__watch": watch for name, step in steps if isinstance(step, EpochClassifier)}
    try:
        return trained_pipeline(estimator.fit(texts, np.array(labels, dtype=object), **parameters))
    except ValueError as error:
        raise InputError(f"nothing can be learnt from these reviews: {error}", hint="add more reviews") from error


def answer(pipeline: Any, rows: Rows, classes: Sequence[str]) -> Answers:
    """Return what a trained pipeline says to rows it did not learn from."""
    return Answers(_score(pipeline, rows.texts()), rows.truth(classes), rows.datasets)


def answer_out_of_fold(
    estimator: Any, rows: Rows, classes: Sequence[str], folds: StratifiedKFold, step: Step
) -> Answers:
    """Return what models trained on the other folds say to each fold; data sets and classes are spread evenly."""
    texts, labels = np.array(rows.texts(), dtype=object), np.array(rows.labels(), dtype=object)
    kinds = np.array([f"{name} {label}" for name, label in zip(rows.datasets, labels, strict=True)])
    scores: Any = None
    known = np.zeros(len(texts), dtype=np.bool_)
    for number, (learnt, judged) in enumerate(folds.split(texts, kinds), start=1):
        step(f"fold {number} of {folds.n_splits}")
        pipeline = fit(clone(estimator), texts[learnt].tolist(), labels[learnt].tolist())
        found = _score(pipeline, texts[judged].tolist())
        scores = np.zeros((len(texts), found.scores.shape[1])) if scores is None else scores
        scores[judged], known[judged] = found.scores, found.known
    return Answers(ClassScores(scores, known), rows.truth(classes), rows.datasets)


def _score(pipeline: Any, texts: Sequence[str]) -> ClassScores:
    starts = range(0, len(texts), BATCH_TEXTS)
    parts = [class_scores(pipeline, texts[start : start + BATCH_TEXTS]) for start in starts]
    return ClassScores(np.concatenate([part.scores for part in parts]), np.concatenate([part.known for part in parts]))

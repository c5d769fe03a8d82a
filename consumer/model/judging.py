"""Judges a model on reviews it did not learn from."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from consumer.model.calibration import Platt, expected_calibration_error, reliability
from consumer.model.class_scores import ClassScores
from consumer.model.labelling import Labelling
from consumer.model.metrics import Judgement, Share, share
from consumer.model.probabilities import link_for, probabilities

Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Answers:
    """Scores (m, c) of m reviews, the number of the true class of each (m,), and the data set each is from (m,)."""

    found: ClassScores
    truth: NDArray[np.int64]
    datasets: Sequence[str]

    def shares(self, platt: Platt, class_count: int) -> Vector:
        """Return the probabilities (m, k) under a calibration."""
        return probabilities(platt.apply(self.found.scores), self.found.known, link_for(class_count))


def judge(answers: Answers, platt: Platt, labelling: Labelling) -> Judgement:
    """Return how good the answers are, calibrated and labelled as the model would."""
    classes = labelling.classes
    shares = answers.shares(platt, len(classes))
    labels, _ = labelling.label(shares)
    right = shares.argmax(axis=1) == answers.truth
    names = np.array(classes, dtype=object)[answers.truth]
    decided = np.isin(np.array(labels, dtype=object), classes)
    raw = answers.shares(Platt(), len(classes))
    return Judgement(
        accuracy=share(int(right.sum()), len(right)),
        accuracy_by_dataset=by_dataset(right, answers.datasets),
        accuracy_outside_band=share(int((right & decided).sum()), int(decided.sum())),
        confusion=_confusion(names.tolist(), labels),
        labels={name: count / max(len(labels), 1) for name, count in sorted(Counter(labels).items())},
        reliability=reliability(shares, answers.truth),
        calibration_error=expected_calibration_error(reliability(shares, answers.truth)),
        calibration_error_before=expected_calibration_error(reliability(raw, answers.truth)),
    )


def by_dataset(right: NDArray[np.bool_], datasets: Sequence[str]) -> dict[str, Share]:
    """Return the share of right answers in each data set, in order of appearance."""
    names = np.array(datasets, dtype=object)
    return {
        name: share(int(right[names == name].sum()), int((names == name).sum())) for name in dict.fromkeys(datasets)
    }


def _confusion(truth: Sequence[str], labels: Sequence[str]) -> Mapping[str, Mapping[str, int]]:
    counts = Counter(zip(truth, labels, strict=True))
    answers = sorted(set(labels) | set(truth))
    return {true: {label: counts[true, label] for label in answers} for true in sorted(set(truth))}

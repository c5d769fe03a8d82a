"""What one way said to the reviews, and whether two ways said the same."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from consumer.scoring.outcome import Scores


@dataclass(frozen=True, slots=True)
class Answers:
    """The labels of the first n reviews, and the probabilities (n, k) float64 behind them, by `classes`."""

    classes: tuple[str, ...]
    labels: Sequence[str]
    probabilities: NDArray[np.float64]


class Parity(msgspec.Struct, frozen=True):
    """How far one way's answers are from the reference's, over the reviews that both were asked."""

    reviews: int
    labels_differ: int
    probability_difference_max: float


def join(parts: Iterable[Scores]) -> Answers:
    """Return the answers of several calls, of which there is at least one, as one."""
    scores = list(parts)
    labels = [label for part in scores for label in part.labels]
    return Answers(scores[0].classes, labels, np.concatenate([part.probabilities for part in scores]))


def parity(answers: Answers, reference: Answers) -> Parity:
    """Return how far the answers of one artifact are from each other."""
    count = min(len(answers.labels), len(reference.labels))
    pairs = zip(answers.labels[:count], reference.labels[:count], strict=True)
    distance = np.abs(answers.probabilities[:count] - reference.probabilities[:count])
    return Parity(count, sum(ours != theirs for ours, theirs in pairs), float(distance.max(initial=0.0)))

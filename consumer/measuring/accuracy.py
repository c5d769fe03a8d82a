"""How good answers are: the likeliest class against the known one, as models are judged everywhere here."""

from collections.abc import Sequence

import msgspec
import numpy as np
from sklearn.metrics import precision_recall_fscore_support

from consumer.measuring.answers import Answers
from consumer.model.calibration import reliability
from consumer.model.labelling import NEUTRAL
from consumer.model.metrics import Bin, Share, share


class ClassQuality(msgspec.Struct, frozen=True):
    """How well one class is found: shares of 1, and how many reviews are of it."""

    precision: float
    recall: float
    f1: float
    reviews: int


class Quality(msgspec.Struct, frozen=True):
    """How good answers are.

    `accuracy`, `macro_f1` and `by_class` ask for the likeliest class, neutral band or not; `outside_band` leaves out
    what is labelled neutral without neutral being a class of the model.
    """

    accuracy: Share
    macro_f1: float
    by_class: dict[str, ClassQuality]
    neutral_labels: Share
    outside_band: Share


def quality(answers: Answers, truth: Sequence[str]) -> Quality:
    """Return how good the first answers are, one for each known class; every known class is one of the model's."""
    count = min(len(truth), len(answers.labels))
    known, labels = np.array(truth[:count], object), np.array(answers.labels[:count], object)
    shares = answers.probabilities[:count]
    likeliest = np.array(answers.classes, object)[shares.argmax(axis=1)]
    right = likeliest == known
    classes = sorted(set(known.tolist()))
    figures = precision_recall_fscore_support(
        known.astype(str), likeliest.astype(str), labels=classes, average=None, zero_division=0.0
    )
    by_class = {
        name: ClassQuality(round(float(precision), 4), round(float(recall), 4), round(float(f1), 4), int(reviews))
        for name, precision, recall, f1, reviews in zip(classes, *figures, strict=True)
    }
    undecided = (labels == NEUTRAL) & (NEUTRAL not in answers.classes)
    return Quality(
        accuracy=share(int(right.sum()), count),
        macro_f1=round(sum(found.f1 for found in by_class.values()) / len(by_class), 4),
        by_class=by_class,
        neutral_labels=share(int((labels == NEUTRAL).sum()), count),
        outside_band=share(int((right & ~undecided).sum()), int((~undecided).sum())),
    )


def sureness(answers: Answers, truth: Sequence[str]) -> tuple[Bin, ...]:
    """Return how sure and how often right the model is, in ten bins of the likeliest class's probability."""
    count = min(len(truth), len(answers.labels))
    numbers = {name: number for number, name in enumerate(answers.classes)}
    return reliability(answers.probabilities[:count], np.array([numbers[name] for name in truth[:count]], np.int64))

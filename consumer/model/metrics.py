"""What is known about how good a model is: plain data, kept in its manifest."""

import math
from collections.abc import Mapping

import msgspec

# Two-sided 95 % of a normal distribution.
Z_95 = 1.959964


class Share(msgspec.Struct, frozen=True):
    """So many of so many, and the 95 % interval (Wilson 1927) of the share behind it."""

    count: int
    of: int
    low: float
    high: float

    @property
    def value(self) -> float:
        """The share itself, 0 of nothing."""
        return self.count / self.of if self.of else 0.0

    def __str__(self) -> str:
        return f"{self.value:.1%} [{self.low:.1%}, {self.high:.1%}]"


def share(count: int, of: int) -> Share:
    """Return a share with its interval."""
    if not of:
        return Share(0, 0, 0.0, 1.0)
    value, spread = count / of, Z_95**2 / of
    centre = (value + spread / 2) / (1 + spread)
    reach = Z_95 / (1 + spread) * math.sqrt(value * (1 - value) / of + spread / (4 * of))
    return Share(count, of, max(0.0, centre - reach), min(1.0, centre + reach))


class Bin(msgspec.Struct, frozen=True):
    """The texts whose likeliest class got a probability within one tenth: how sure the model was, how often right."""

    texts: int
    confidence: float
    accuracy: float


class NeutralBand(msgspec.Struct, frozen=True):
    """Two classes only: a text with |p - 0.5| below `half_width` is neutral, so that the others meet the aim."""

    half_width: float
    aim: float
    accuracy_outside: float
    share_outside: float


NO_BAND = NeutralBand(half_width=0.0, aim=0.0, accuracy_outside=0.0, share_outside=1.0)


class Epoch(msgspec.Struct, frozen=True):
    """How good a network was after one pass over the data: on what it learnt from, and on what was set aside."""

    number: int
    loss: float
    accuracy: float
    checked_loss: float
    checked_accuracy: float


class Judgement(msgspec.Struct, frozen=True):
    """How good a model is on reviews it did not learn from.

    `accuracy` asks for the likeliest class, band or no band; `labels` is the mix of labels given, the band applied:
    the reference that a stream's mix can be held against. `confusion` maps the true class to the labels given.
    """

    accuracy: Share
    accuracy_by_dataset: Mapping[str, Share]
    accuracy_outside_band: Share
    confusion: Mapping[str, Mapping[str, int]]
    labels: Mapping[str, float]
    reliability: tuple[Bin, ...]
    calibration_error: float
    calibration_error_before: float


class TrainingData(msgspec.Struct, frozen=True):
    """What a model learnt from; the digest is the SHA-256 of texts and labels in order."""

    source: str
    reviews: int
    by_class: Mapping[str, int]
    digest: str
    duplicates_dropped: int


class Costs(msgspec.Struct, frozen=True):
    """What training took; no part of a model's identity."""

    seconds: float
    memory_mib: float

"""Whether what was measured is good enough."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec

from consumer.measuring.subject import Subject
from consumer.measuring.ways import Mode

FAST = "fast"
# What a kernel and scikit-learn may differ by: the order in which they add.
PROBABILITY_DIFFERENCE_MAX = 1e-9


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What is good enough: a share of right answers to exceed, and seconds a review to stay below."""

    accuracy_min: float
    real_time_s_max: float
    fast_s_max: float


class Check(msgspec.Struct, frozen=True):
    """One thing that was wanted, what was found, and whether that will do."""

    what: str
    wanted: str
    found: str
    met: bool


def judge(subjects: Sequence[Subject], thresholds: Thresholds) -> list[Check]:
    """Return the checks of the first model with its first scorer, of any fast model, and of what all modes said."""
    judged = subjects[0]
    return [
        *_accuracy(judged, thresholds),
        *_real_time(judged, thresholds.real_time_s_max),
        *(
            check
            for subject in subjects
            if subject.recipe == FAST and subject is not judged and subject.serves
            for check in _real_time(subject, thresholds.fast_s_max)
        ),
        *_parity(subjects),
    ]


def _accuracy(judged: Subject, thresholds: Thresholds) -> Iterator[Check]:
    # The way that went furthest: that the others say the same is a check of its own.
    best_known = max((one.quality.accuracy for one in judged.measurements), key=lambda share: share.of)
    yield Check(
        f"{judged.title}: accuracy on {best_known.of:,} reviews",
        f"> {thresholds.accuracy_min:.1%}",
        str(best_known),
        best_known.value > thresholds.accuracy_min,
    )


def _real_time(subject: Subject, seconds_max: float) -> Iterator[Check]:
    for measurement in subject.measured(Mode.REAL_TIME):
        found_s = measurement.timing.review_s.median
        met = found_s < seconds_max
        yield Check(f"{subject.title}: real time, a review", f"< {seconds_max:g} s", f"{found_s:.6f} s", met)


def _parity(subjects: Sequence[Subject]) -> Iterator[Check]:
    found = [measurement.parity for subject in subjects for measurement in subject.measurements]
    differ = sum(one.labels_differ for one in found)
    yield Check("labels that differ between modes", "0", f"{differ:,}", differ == 0)
    largest = max(one.probability_difference_max for one in found)
    yield Check(
        "largest difference of a probability",
        f"≤ {PROBABILITY_DIFFERENCE_MAX:g}",
        f"{largest:.2g}",
        largest <= PROBABILITY_DIFFERENCE_MAX,
    )

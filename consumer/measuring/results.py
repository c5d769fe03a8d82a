"""What a comparison found: plain data, written as JSON and shown as tables and plots."""

from typing import Any

import msgspec

from consumer.measuring.advice import Advice
from consumer.measuring.costs import Cost, Crossing
from consumer.measuring.sample import SampleFacts
from consumer.measuring.subject import Subject
from consumer.measuring.verdict import Check
from consumer.measuring.ways import Mode


class Published(msgspec.Struct, frozen=True):
    """What the experiment this project started from had published of a mode."""

    mode: Mode
    said: str
    accuracy: float | None = None
    review_s: float | None = None


# Never measured here: shown beside our figures, as the report's reference.
PUBLISHED = (
    Published(Mode.BATCH, "88.10 %, 0.0015 s a review", 0.881, 0.0015),
    Published(Mode.REAL_TIME, "88.10 %, 0.0100 s a review", 0.881, 0.01),
    Published(Mode.MICRO_BATCH, "a thousand reviews in a batch of 30 s", None, 0.03),
)


class Comparison(msgspec.Struct, frozen=True):
    """A whole comparison; `settings` are those that bound what was measured, `left_out` says what was not and why."""

    machine: dict[str, Any]
    settings: dict[str, Any]
    sample: SampleFacts
    subjects: list[Subject]
    left_out: list[str]
    costs: list[Cost]
    crossings: list[Crossing]
    advice: Advice | None
    checks: list[Check]
    published: tuple[Published, ...] = PUBLISHED

    @property
    def succeeded(self) -> bool:
        """Whether every threshold is met."""
        return all(check.met for check in self.checks)


def published_of(mode: Mode) -> str:
    """Return what had been published of a mode, as text."""
    return next((reference.said for reference in PUBLISHED if reference.mode is mode), "")

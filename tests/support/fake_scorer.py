"""A scorer that looks for two words."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import numpy as np

from consumer.scoring.decoding import decode
from consumer.scoring.outcome import Outcome, ReadableRecords, Scores
from consumer.scoring.record import Batch, Record
from shared.reviews import Model
from tests.support.fake_clock import START_S, FakeClock

MODEL = Model("keywords", "1", "d1" * 32)
CLASSES = ("negative", "neutral", "positive")


class FakeScorer:
    """A Scorer: `good` is positive, `bad` negative, anything else neutral; takes `text_s` by the clock for a text."""

    def __init__(self, clock: FakeClock | None = None, text_s: float = 0.0) -> None:
        self._clock = clock
        self.text_s = text_s
        self.calls: list[list[str]] = []
        self.while_scoring: Callable[[], None] = lambda: None

    def score(self, texts: Sequence[str]) -> Scores:
        self.calls.append(list(texts))
        self.while_scoring()
        if self._clock is not None:
            self._clock.advance(self.text_s * len(texts))
        return keyword_scores(texts)


def keyword_scores(texts: Sequence[str]) -> Scores:
    """Return what FakeScorer says of some texts."""
    places = [2 if "good" in text else 0 if "bad" in text else 1 for text in texts]
    probabilities = np.full((len(texts), 3), 0.125)
    probabilities[np.arange(len(texts)), places] = 0.75
    labels = [CLASSES[place] for place in places]
    return Scores(MODEL, CLASSES, labels, np.full(len(texts), 0.75), probabilities)


def outcome_of(batch: Batch | Sequence[Record], value_bytes_max: int = 1_000_000) -> Outcome[ReadableRecords]:
    """Return what becomes of records when FakeScorer scores them at the start of FakeClock's time."""
    if not isinstance(batch, Batch):
        batch = Batch(batch, sum(len(record.value() or b"") for record in batch))
    readable, dead_letters = decode(batch.records, value_bytes_max)
    scored_at = datetime.fromtimestamp(START_S, UTC)
    return Outcome(batch, readable, keyword_scores(readable.texts()), dead_letters, scored_at)

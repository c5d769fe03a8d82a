"""Whether the model is still good: how sure it is, what it knows of the texts, and whether ratings agree with it."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry, Counter, Gauge

from consumer.scoring.outcome import Outcome, ReadableRecords, Scores
from consumer.telemetry.batch_histogram import BatchHistogram

# Of the label given: with three classes, the likeliest has a third at least.
SCORE_BOUNDS = (0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.975, 0.99, 1.0)
TEXT_CHARS_BOUNDS = tuple(2**power for power in range(4, 18))
YES_NO = ("yes", "no")
# As training reads stars: what lies between says neither.
NEGATIVE_STARS_MAX, POSITIVE_STARS_MIN = 2, 4
NEGATIVE, POSITIVE = "negative", "positive"


class QualityMetrics:
    """Counts what became of the reviews of each batch, all of them in a few calls."""

    def __init__(self, registry: CollectorRegistry, labels: Sequence[str]) -> None:
        """`labels` are those that every model gives."""
        self._labels = labels
        self._scores = BatchHistogram(
            "reviews_score",
            "Probability of the label given; sum over count is the accuracy that the model expects of itself.",
            SCORE_BOUNDS,
        )
        self._text_chars = BatchHistogram("reviews_text_chars", "Characters in a review's text.", TEXT_CHARS_BOUNDS)
        for histogram in (self._scores, self._text_chars):
            registry.register(histogram)
        terms = Counter(
            "reviews_terms",
            "Words, pairs and triples of words in the texts (n-grams), by whether the model knows them; "
            "0 where scikit-learn scores.",
            ("known",),
            registry=registry,
        )
        agreement = Counter(
            "reviews_rated_agreement",
            "Reviews labelled positive or negative with 1 to 2 or 4 to 5 stars, by whether the stars say the same.",
            ("agree",),
            registry=registry,
        )
        self._known, self._unknown = (terms.labels(value) for value in YES_NO)
        self._agreed, self._disagreed = (agreement.labels(value) for value in YES_NO)
        self._reference = Gauge(
            "reviews_reference_label_share",
            "Share of each label on the reviews that the model was judged by; absent where that is not known.",
            ("label",),
            registry=registry,
        )

    def refer_to(self, shares: Mapping[str, float]) -> None:
        """Say which share of the labels each has on reviews like those the model was made for; none: not known."""
        if not shares:
            self._reference.clear()
            return
        for label, share in (dict.fromkeys(self._labels, 0.0) | dict(shares)).items():
            self._reference.labels(label).set(share)

    def scored(self, outcome: Outcome[ReadableRecords]) -> None:
        """Count the labelled reviews of one batch."""
        reviews, scores = outcome.labelled.reviews, outcome.scores
        if not reviews:
            return
        self._scores.observe_batch(scores.confidences)
        self._text_chars.observe_batch(np.fromiter([len(review.text) for review in reviews], np.int64, len(reviews)))
        if scores.terms is not None:
            ngrams, known = scores.terms
            self._known.inc(known)
            self._unknown.inc(ngrams - known)
        # None becomes NaN, which is neither.
        self._compare(np.array([review.rating for review in reviews], np.float64), scores)

    def _compare(self, stars: NDArray[np.float64], scores: Scores) -> None:
        said = _signs(stars >= POSITIVE_STARS_MIN, stars <= NEGATIVE_STARS_MAX)
        if not said.any():
            return
        same = said * _label_signs(scores)
        self._agreed.inc(int(np.count_nonzero(same > 0)))
        self._disagreed.inc(int(np.count_nonzero(same < 0)))


def _label_signs(scores: Scores) -> NDArray[np.int8]:
    """Return 1 for each positive label, -1 for each negative one, 0 for any other (n,)."""
    numbered = scores.numbered
    names = np.array(scores.labels if numbered is None else numbered.names, object)
    signs = _signs(names == POSITIVE, names == NEGATIVE)
    return signs if numbered is None else signs[numbered.numbers]


def _signs(positive: NDArray[np.bool_], negative: NDArray[np.bool_]) -> NDArray[np.int8]:
    """Return 1 for what is positive, -1 for what is negative, 0 for what is neither (n,)."""
    return positive.view(np.int8) - negative.view(np.int8)

"""Rounds become figures, answers become quality and parity, figures become a verdict."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import f1_score

from consumer.measuring.accuracy import quality, sureness
from consumer.measuring.answers import Answers, Parity, parity
from consumer.measuring.rounds import REVIEWS_MIN, reviews_that_fit, round_of_chunks
from consumer.measuring.timing import Round, summarise
from consumer.measuring.verdict import judge
from tests.support.fake_scorer import FakeScorer
from tests.support.made_up_comparison import THRESHOLDS, comparison, subject

CLASSES = ("negative", "positive")


def answers(*positive: float, band: float = 0.0) -> Answers:
    shares = np.array([[1 - share, share] for share in positive])
    labels = ["neutral" if abs(share - 0.5) < band else CLASSES[int(share > 0.5)] for share in positive]
    return Answers(CLASSES, labels, shares)


def test_rounds_give_median_and_range_and_percentiles() -> None:
    rounds = [Round(seconds, seconds / 2, seconds, 1, [seconds] * 4) for seconds in (4.0, 2.0, 3.0)]
    timing = summarise(rounds)
    assert (timing.seconds.median, timing.seconds.low, timing.seconds.high) == (3.0, 2.0, 4.0)
    assert timing.review_s.median == 0.75
    assert timing.latency_s["p99"].median == 3.0
    assert timing.cpu_s_a_million is not None
    assert timing.cpu_s_a_million.median == 375_000
    assert timing.reviews_a_call == 4


def test_processor_time_that_nobody_told_is_left_out() -> None:
    assert summarise([Round(1.0, None, 1.0, None, [1.0])]).cpu_s_a_million is None


def test_the_likeliest_class_counts_also_where_the_label_is_neutral() -> None:
    found = quality(answers(0.9, 0.52, 0.2, 0.8, band=0.1), ["positive", "positive", "negative", "negative"])
    assert (found.accuracy.count, found.accuracy.of) == (3, 4)
    assert (found.neutral_labels.count, found.outside_band.count, found.outside_band.of) == (1, 2, 3)
    expected = f1_score(["p", "p", "n", "n"], ["p", "p", "n", "p"], average="macro")
    assert found.macro_f1 == pytest.approx(expected, abs=1e-4)
    assert found.by_class["positive"].reviews == 2


def test_reviews_without_a_known_class_are_not_judged_by() -> None:
    found = quality(answers(0.9, 0.9, 0.9), ["positive", "negative"])
    assert found.accuracy.of == 2
    assert sum(content.texts for content in sureness(answers(0.9, 0.9, 0.9), ["positive", "negative"])) == 2


def test_a_label_that_differs_is_counted_and_a_probability_measured() -> None:
    found = parity(answers(0.9, 0.4), answers(0.9, 0.6, 0.7))
    assert (found.reviews, found.labels_differ) == (2, 1)
    assert found.probability_difference_max == pytest.approx(0.2)


def test_every_review_of_a_chunk_waits_for_its_call() -> None:
    scorer = FakeScorer()
    found, said = round_of_chunks(2)(scorer, ["good", "bad", "good"])
    assert [len(call) for call in scorer.calls] == [2, 1]
    assert found.calls == 2
    assert found.latencies_s[0] == found.latencies_s[1]
    assert list(said.labels) == ["positive", "negative", "positive"]


def test_slow_scorers_get_fewer_reviews_but_enough_for_percentiles() -> None:
    assert reviews_that_fit(0.001, 3.0, 5000) == 1000
    assert reviews_that_fit(10.0, 3.0, 5000) == REVIEWS_MIN
    assert reviews_that_fit(10.0, 3.0, 7) == 7


def test_a_good_comparison_is_good_enough() -> None:
    found = comparison()
    assert found.succeeded
    assert [check.what for check in found.checks][:3] == [
        "default, compiled: accuracy on 200 reviews",
        "default, compiled: real time, a review",
        "fast, compiled: real time, a review",
    ]


@pytest.mark.parametrize(
    ("subjects", "missed"),
    [
        ([subject(alone_s=0.2)], "default, compiled: real time, a review"),
        ([subject(), subject("fast", alone_s=0.006)], "fast, compiled: real time, a review"),
        ([subject(parity=Parity(200, 1, 0.0))], "labels that differ between modes"),
        ([subject(parity=Parity(200, 0, 1e-6))], "largest difference of a probability"),
    ],
)
def test_each_threshold_can_be_missed(subjects: list[object], missed: str) -> None:
    checks = judge(subjects, THRESHOLDS)  # type: ignore[arg-type]  # parametrize hands over objects
    assert [check.what for check in checks if not check.met] == [missed]


def test_accuracy_must_be_above_its_threshold_not_at_it() -> None:
    at_it = replace(THRESHOLDS, accuracy_min=0.9)
    assert [check.what for check in judge([subject()], at_it) if not check.met] == [
        "default, compiled: accuracy on 200 reviews"
    ]

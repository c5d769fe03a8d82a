"""What says whether the model is still good, moved by batches."""

from dataclasses import replace

import numpy as np
import pytest
from prometheus_client import CollectorRegistry

from consumer.scoring.outcome import LabelNumbers, Outcome, ReadableRecords, TermCounts
from consumer.telemetry.metrics import LABELS
from consumer.telemetry.quality import QualityMetrics
from shared.codec import encode_review
from shared.reviews import Review
from tests.support.fake_scorer import outcome_of
from tests.support.memory_records import MemoryRecord


class Bench:
    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.metrics = QualityMetrics(self.registry, LABELS)

    def value(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(f"reviews_{name}", labels)

    def agreement(self) -> tuple[float | None, float | None]:
        return self.value("rated_agreement_total", agree="yes"), self.value("rated_agreement_total", agree="no")


def outcome(*reviews: tuple[str, float | None], terms: TermCounts | None = None) -> Outcome[ReadableRecords]:
    """Return what becomes of texts and their stars, and of a record that is no review."""
    values = [encode_review(Review(f"r{row}", text, rating=stars)) for row, (text, stars) in enumerate(reviews)]
    records = [MemoryRecord(value, at_offset=offset) for offset, value in enumerate([b"?", *values])]
    found = outcome_of(records)
    return replace(found, scores=replace(found.scores, terms=terms))


@pytest.mark.parametrize("stars", [1, 1.5, 2])
def test_few_stars_agree_with_negative_and_not_with_positive(stars: float) -> None:
    bench = Bench()
    bench.metrics.scored(outcome(("bad", stars), ("good", stars), ("bad", stars)))
    assert bench.agreement() == (2, 1)


@pytest.mark.parametrize("stars", [4, 4.5, 5])
def test_many_stars_agree_with_positive_and_not_with_negative(stars: float) -> None:
    bench = Bench()
    bench.metrics.scored(outcome(("bad", stars), ("good", stars), ("good", stars)))
    assert bench.agreement() == (2, 1)


@pytest.mark.parametrize("stars", [None, 2.01, 3, 3.99])
def test_stars_in_the_middle_and_none_at_all_are_not_counted(stars: float | None) -> None:
    bench = Bench()
    bench.metrics.scored(outcome(("bad", stars), ("good", stars)))
    assert bench.agreement() == (0, 0)


def test_a_neutral_label_neither_agrees_nor_disagrees() -> None:
    bench = Bench()
    bench.metrics.scored(outcome(("so so", 1), ("so so", 5), ("good", 5)))
    assert bench.agreement() == (1, 0)


def test_stars_of_some_reviews_are_compared_with_those_reviews_labels() -> None:
    bench = Bench()
    bench.metrics.scored(outcome(("good", None), ("bad", 1), ("good", 3), ("bad", 5), ("good", None)))
    assert bench.agreement() == (1, 1)


def test_labels_known_by_their_numbers_are_compared_with_stars_as_by_their_names() -> None:
    bench = Bench()
    found = outcome(("good", 5), ("bad", 5), ("so so", 5), ("bad", 1), ("good", None), ("good", 4))
    names = ("neutral", "positive", "negative")
    numbers = np.array([names.index(label) for label in found.scores.labels])
    numbered = replace(found.scores, numbered=LabelNumbers(names, numbers))
    bench.metrics.scored(replace(found, scores=numbered))
    assert bench.agreement() == (3, 1)
    assert numbered.label_counts() == {"neutral": 1, "positive": 3, "negative": 2} == found.scores.label_counts()


def test_a_label_that_no_text_got_has_no_count() -> None:
    found = outcome(("good", None)).scores
    numbered = replace(found, numbered=LabelNumbers(("negative", "positive"), np.array([1])))
    assert numbered.label_counts() == found.label_counts() == {"positive": 1}


def test_a_text_counts_by_its_characters_and_not_by_its_bytes() -> None:
    bench = Bench()
    bench.metrics.scored(outcome(("\u00e9" * 16, None), ("x" * 17, None), ("", None)))
    assert bench.value("text_chars_sum") == 33
    assert bench.value("text_chars_bucket", le="16.0") == 2
    assert bench.value("text_chars_bucket", le="32.0") == 3


def test_sum_over_count_of_the_score_is_the_mean_probability_of_the_labels() -> None:
    bench = Bench()
    found = outcome(("good", None), ("bad", None), ("so so", None))
    bench.metrics.scored(replace(found, scores=replace(found.scores, confidences=np.array([1.0, 0.35, 0.6]))))
    assert bench.value("score_count") == 3
    assert bench.value("score_sum") == pytest.approx(1.95)
    assert (bench.value("score_bucket", le="0.35"), bench.value("score_bucket", le="0.99")) == (1, 2)


def test_terms_are_counted_by_whether_the_model_knows_them() -> None:
    bench = Bench()
    bench.metrics.scored(outcome(("good", None), terms=(10, 7)))
    bench.metrics.scored(outcome(("good", None), terms=(5, 0)))
    assert (bench.value("terms_total", known="yes"), bench.value("terms_total", known="no")) == (7, 8)


def test_a_scorer_that_can_not_tell_its_terms_moves_no_count_of_them() -> None:
    bench = Bench()
    bench.metrics.scored(outcome(("good", None)))
    assert (bench.value("terms_total", known="yes"), bench.value("terms_total", known="no")) == (0, 0)


def test_a_batch_of_dead_letters_only_moves_nothing() -> None:
    bench = Bench()
    bench.metrics.scored(outcome())
    assert (bench.value("score_count"), bench.value("text_chars_count"), bench.agreement()) == (0, 0, (0, 0))


def test_a_label_that_never_came_has_a_reference_share_of_0() -> None:
    bench = Bench()
    bench.metrics.refer_to({"positive": 0.6, "negative": 0.4})
    shares = {label: bench.value("reference_label_share", label=label) for label in LABELS}
    assert shares == {"positive": 0.6, "neutral": 0, "negative": 0.4}


def test_a_model_without_a_reference_leaves_none_of_the_one_before() -> None:
    bench = Bench()
    bench.metrics.refer_to({"positive": 1.0})
    bench.metrics.refer_to({})
    assert [bench.value("reference_label_share", label=label) for label in LABELS] == [None] * len(LABELS)

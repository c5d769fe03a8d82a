import numpy as np
import pytest

from consumer.model.calibration import (
    Platt,
    choose_neutral_band,
    expected_calibration_error,
    fit_platt,
    reliability,
)
from consumer.model.class_scores import ClassScores
from consumer.model.judging import Answers, judge
from consumer.model.labelling import Labelling
from consumer.model.metrics import share
from consumer.model.probabilities import probabilities, sigmoid, softmax

CLASSES = ("negative", "positive")


def test_a_share_has_wilsons_interval() -> None:
    found = share(90, 100)
    assert [found.low, found.high] == pytest.approx([0.8256, 0.9448], abs=1e-4)
    assert share(0, 10).low == 0.0
    assert share(0, 0).value == 0.0


def test_sigmoid_and_softmax_stay_finite_at_both_ends() -> None:
    ends = np.array([-1e308, -800.0, 0.0, 800.0, 1e308])
    assert sigmoid(ends).tolist() == [0.0, 0.0, 0.5, 1.0, 1.0]
    assert softmax(np.array([[800.0, -800.0, 0.0]])).tolist() == [[1.0, 0.0, 0.0]]


def test_a_text_without_known_terms_has_no_opinion() -> None:
    known = np.array([True, False])
    assert probabilities(np.array([[0.0], [3.0]]), known, "sigmoid")[1].tolist() == [0.5, 0.5]
    assert probabilities(np.zeros((2, 3)), known, "softmax")[1].tolist() == [1 / 3] * 3


def test_calibration_finds_the_slope_and_offset_that_were_applied() -> None:
    chance = np.random.default_rng(7)
    true_scores = chance.normal(scale=2, size=(20_000, 1))
    truth = (chance.random(20_000) < sigmoid(true_scores[:, 0])).astype(np.int64)
    found = fit_platt((true_scores - 0.5) / 3, truth, 2)
    assert found.slope == pytest.approx(3, rel=0.05)
    assert found.offset == pytest.approx(0.5, abs=0.08)


def test_calibration_of_a_model_that_is_always_right_stays_finite() -> None:
    truth = np.array([0, 1] * 20)
    found = fit_platt(np.where(truth, 1.0, -1.0).reshape(-1, 1), truth, 2)
    assert 1 < found.slope < 10


def test_three_classes_get_a_temperature() -> None:
    chance = np.random.default_rng(7)
    scores = chance.normal(scale=2, size=(20_000, 3))
    truth = np.array([chance.choice(3, p=row) for row in softmax(scores)])
    found = fit_platt(scores * 4, truth, 3)
    assert found.slope == pytest.approx(0.25, rel=0.05)
    assert found.offset == 0


def test_calibration_error_is_the_distance_of_confidence_and_accuracy() -> None:
    shares = np.array([[0.1, 0.9]] * 10)
    truth = np.array([1] * 7 + [0] * 3)
    bins = reliability(shares, truth)
    assert (bins[9].texts, bins[9].accuracy) == (10, 0.7)
    assert expected_calibration_error(bins) == pytest.approx(0.2)


def test_the_band_is_the_narrowest_that_meets_the_aim() -> None:
    positive = np.array([0.45, 0.55, 0.45, 0.55, 0.9, 0.9, 0.9, 0.1, 0.1, 0.1])
    truth = np.array([1, 0, 0, 1, 1, 1, 1, 0, 0, 0])
    band = choose_neutral_band(positive, truth, 0.95)
    assert band.half_width == pytest.approx(0.051, abs=0.0011)
    assert (band.accuracy_outside, band.share_outside) == (1.0, 0.6)
    assert choose_neutral_band(positive, truth, 0.8).half_width == 0.0


def test_a_band_never_takes_more_than_half_of_the_texts() -> None:
    positive = np.random.default_rng(7).random(1000)
    truth = np.random.default_rng(8).integers(0, 2, 1000)
    assert choose_neutral_band(positive, truth, 0.95).share_outside >= 0.49


def test_a_judgement_counts_labels_with_the_band_and_accuracy_without_it() -> None:
    scores = ClassScores(np.array([[3.0], [0.1], [-3.0], [5.0]]), np.array([True, True, True, False]))
    answers = Answers(scores, np.array([1, 1, 1, 0]), ["a", "a", "b", "b"])
    found = judge(answers, Platt(), Labelling(CLASSES, 0.1))
    assert (found.accuracy.count, found.accuracy.of) == (3, 4)
    assert (found.accuracy_outside_band.count, found.accuracy_outside_band.of) == (1, 2)
    assert found.confusion["positive"] == {"negative": 1, "neutral": 1, "positive": 1}
    assert found.labels == {"negative": 0.25, "neutral": 0.5, "positive": 0.25}
    assert [part.value for part in found.accuracy_by_dataset.values()] == [1.0, 0.5]

"""Probabilities become labels by one rule, in bulk and alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.model.labelling import Labelling

TWO = ("negative", "positive")
THREE = ("negative", "neutral", "positive")
shares = st.floats(0, 1)


def test_likeliest_class_is_the_label_and_its_probability_the_confidence() -> None:
    labels, confidences = Labelling(TWO, 0).label(np.array([[0.8, 0.2], [0.4, 0.6]]))
    assert labels == ["negative", "positive"]
    assert confidences.tolist() == [0.8, 0.6]


def test_probability_inside_the_band_is_neutral_and_at_its_edge_is_not() -> None:
    labels, confidences = Labelling(TWO, 0.125).label(np.array([[0.45, 0.55], [0.375, 0.625], [0.625, 0.375]]))
    assert labels == ["neutral", "positive", "negative"]
    assert confidences.tolist() == [0.55, 0.625, 0.625]


@pytest.mark.parametrize("classes", [TWO, THREE])
def test_text_the_model_knows_nothing_of_is_neutral_without_a_band(classes: tuple[str, ...]) -> None:
    labels, _ = Labelling(classes, 0).label(np.full((1, len(classes)), 1 / len(classes)))
    assert labels == ["neutral"]


def test_three_classes_have_no_band() -> None:
    labels, _ = Labelling(THREE, 0.4).label(np.array([[0.4, 0.25, 0.35]]))
    assert labels == ["negative"]


@pytest.mark.parametrize("classes", [TWO, THREE])
def test_no_texts_give_no_labels(classes: tuple[str, ...]) -> None:
    labels, confidences = Labelling(classes, 0.1).label(np.empty((0, len(classes))))
    assert labels == []
    assert confidences.shape == (0,)


@given(positive=shares, band=st.floats(0, 0.5))
def test_one_text_is_labelled_as_a_batch_of_one_is(positive: float, band: float) -> None:
    labelling = Labelling(TWO, band)
    row = [1 - positive, positive]
    labels, confidences = labelling.label(np.array([row]))
    assert labelling.label_one(row) == (labels[0], confidences[0])


@given(row=st.lists(shares, min_size=3, max_size=3))
def test_one_text_of_three_classes_is_labelled_as_a_batch_of_one_is(row: list[float]) -> None:
    labelling = Labelling(THREE, 0)
    labels, confidences = labelling.label(np.array([row]))
    assert labelling.label_one(row) == (labels[0], confidences[0])

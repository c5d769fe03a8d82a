"""The scorer over the scikit-learn pipeline."""

from pathlib import Path

import numpy as np
import pytest

from consumer.model.manifest import read_manifest
from consumer.model.reference import SklearnScorer, load_reference
from tests.support.small_model import sentences

ODD = ["", " ", "\x00", "\U0001f44d\U0001f3fd", "unheard-of words only", "a" * 20_000, "wonderful " * 3000, "dreadful"]


@pytest.fixture(scope="module")
def scorer(small_model: Path) -> SklearnScorer:
    return load_reference(small_model)[0]


def test_plain_sentences_get_their_labels(scorer: SklearnScorer) -> None:
    learnt = sentences()
    assert list(scorer.score([review.text for review in learnt]).labels) == [review.sentiment for review in learnt]


def test_a_label_is_the_class_with_the_highest_probability_and_its_confidence_is_that(scorer: SklearnScorer) -> None:
    scores = scorer.score([review.text for review in sentences()] + ODD)
    assert scores.probabilities.shape == (len(scores.labels), len(scores.classes))
    assert scores.probabilities.dtype == scores.confidences.dtype == np.float64
    np.testing.assert_allclose(scores.probabilities.sum(axis=1), 1.0)
    np.testing.assert_array_equal(scores.confidences, scores.probabilities.max(axis=1))
    best = scores.probabilities.argmax(axis=1)
    allowed = [{"neutral", scores.classes[place]} for place in best]
    assert all(label in names for label, names in zip(scores.labels, allowed, strict=True))


def test_no_text_makes_an_empty_answer(scorer: SklearnScorer) -> None:
    scores = scorer.score([])
    assert list(scores.labels) == []
    assert scores.confidences.shape == (0,)
    assert scores.probabilities.shape == (0, 2)


def test_a_batch_gives_the_same_as_its_texts_one_by_one(scorer: SklearnScorer) -> None:
    texts = [review.text for review in sentences()[::3]] + ODD
    together = scorer.score(texts)
    alone = [scorer.score([text]) for text in texts]
    assert list(together.labels) == [one.labels[0] for one in alone]
    rows = np.concatenate([one.probabilities for one in alone])
    np.testing.assert_allclose(together.probabilities, rows, rtol=0, atol=1e-12)


def test_the_answer_names_the_model_of_the_manifest(scorer: SklearnScorer, small_model: Path) -> None:
    manifest = read_manifest(small_model)
    scores = scorer.score(["lovely"])
    assert scores.model == manifest.model()
    assert scores.classes == manifest.classes == ("negative", "positive")

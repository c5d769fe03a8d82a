"""The two calls for those who only want labels."""

from pathlib import Path
from typing import Any

import pytest

from consumer.model.load import load_scorer
from consumer.model.predict import predict_batch, predict_one
from shared.errors import ConfigurationError

TEXTS = ["a good day", "a bad day", "good, not bad", ""]


def test_a_list_gives_a_list_of_the_same_length_and_order(small_model: Path) -> None:
    found = predict_batch(TEXTS, small_model)
    expected = load_scorer(small_model).scorer.score(TEXTS)
    assert [prediction.label for prediction in found] == expected.labels
    assert [prediction.score for prediction in found] == expected.confidences.tolist()
    assert [list(prediction.scores.values()) for prediction in found] == expected.probabilities.tolist()


def test_one_string_gives_the_prediction_it_would_have_in_a_list(small_model: Path) -> None:
    assert [predict_one(text, small_model) for text in TEXTS] == predict_batch(TEXTS, small_model)


def test_any_sequence_will_do(small_model: Path) -> None:
    assert predict_batch(tuple(TEXTS), small_model) == predict_batch(TEXTS, str(small_model))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("a good day", r"was given str, .* a list of strings.*predict_one\(text\)"),
        (b"a good day", r"was given bytes, .* a list of strings"),
        ({"good", "bad"}, "was given set"),
        ({"good": 1}, "was given dict"),
        (7, r"was given 7 \(int\), .* a list of strings"),
        (None, r"was given None \(NoneType\), .* a list of strings"),
        (["good", 7], r"item 1 is 7 \(int\)"),
        (["good", None], r"item 1 is None"),
        (["good", b"bad"], r"item 1 is bytes"),
        ([["good"]], r"item 0 is list"),
    ],
)
def test_what_is_no_list_of_strings_is_refused_with_an_example(small_model: Path, given: Any, said: str) -> None:
    with pytest.raises(TypeError, match=said) as caught:
        predict_batch(given, small_model)
    assert 'predict_batch(["I loved it"])' in str(caught.value)


def test_an_empty_list_is_refused(small_model: Path) -> None:
    with pytest.raises(ValueError, match="at least one string"):
        predict_batch([], small_model)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["good"], r"was given list, .*predict_batch\(texts\) takes a list"),
        (7, "one string"),
        (None, "one string"),
        (b"x", "bytes"),
    ],
)
def test_what_is_no_string_is_refused_with_an_example(small_model: Path, given: Any, said: str) -> None:
    with pytest.raises(TypeError, match=said) as caught:
        predict_one(given, small_model)
    assert 'predict_one("I loved it")' in str(caught.value)


def test_a_text_that_was_given_by_mistake_is_not_shown(small_model: Path) -> None:
    with pytest.raises(TypeError) as caught:
        predict_batch("a private matter", small_model)
    assert "private" not in str(caught.value)


def test_a_model_that_is_not_there_is_named() -> None:
    with pytest.raises(ConfigurationError, match="nowhere"):
        predict_one("good", "nowhere")

"""An explanation adds up to what the scorer says."""

import math

import numpy as np
import pytest

from consumer.model.compiled.scorer import CompiledScorer
from consumer.model.explain import explain
from consumer.model.specification import Features, LinearModel
from consumer.model.trace import LAYERS, output_steps, trace_linear
from shared.reviews import Model
from tests.support.hard_texts import HARD_TEXTS
from tests.support.naive_scoring import ALL_FEATURES, random_model

SHORT_TEXTS = [text for text in HARD_TEXTS if len(text) < 500]
# Every third shape: each choice of each feature is among them.
SHAPES = ALL_FEATURES[::7]


@pytest.mark.parametrize("class_count", [2, 3])
@pytest.mark.parametrize("features", SHAPES, ids=str)
def test_explained_probabilities_are_the_scorers(features: Features, class_count: int) -> None:
    model = random_model(features, class_count, SHORT_TEXTS)
    found = CompiledScorer(model, Model("random", "1", "d1")).score(SHORT_TEXTS).probabilities
    for text, row in zip(SHORT_TEXTS, found, strict=True):
        assert np.abs(row - explain(model, text).probabilities).max() <= 1e-9


@pytest.mark.parametrize("features", SHAPES, ids=str)
def test_contributions_add_up_to_the_scores(features: Features) -> None:
    model = random_model(features, 3, SHORT_TEXTS)
    for text in SHORT_TEXTS:
        why = explain(model, text)
        for column, score in enumerate(why.scores):
            shares = [known.contributions[column] for known in why.terms]
            assert math.fsum([why.starts[column], *shares]) == score


def test_marked_words_explain_themselves() -> None:
    features = Features("reviews", "marked", 1, "binary", "none")
    model = LinearModel(
        features, ("negative", "positive"), ("bad", "~bad"), np.array([[-2.0], [1.5]]), None, np.zeros(1), "sigmoid",
        1.0, 0.0, 0.0,
    )  # fmt: skip
    why = explain(model, "Not bad, bad")
    assert [(known.term, known.contributions) for known in why.strongest(0)] == [("bad", (-2.0,)), ("~bad", (1.5,))]
    assert why.scores == (-0.5,)


def test_text_without_known_terms_has_equally_likely_classes() -> None:
    model = random_model(Features("words", "none", 1, "binary", "none"), 2, ["good bad fine"])
    why = explain(model, "unheard of")
    assert why.terms == ()
    assert why.probabilities == (0.5, 0.5)


def test_trace_goes_through_all_five_layers() -> None:
    model = random_model(Features("reviews", "marked", 3, "binary", "root-known"), 2, SHORT_TEXTS)
    text = "not good, bad"
    why = explain(model, text)
    steps = trace_linear(model, text, why) + output_steps(model.classes, why.probabilities, "sigmoid", "neutral", 0.5)
    assert tuple(dict.fromkeys(step.layer for step in steps)) == LAYERS
    assert any("not | ~good | , | bad" in step.value for step in steps)

"""The compiled scorer says what the definition says, for every shape of model and every text."""

import threading
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.model.compiled.compiler import Unsupported
from consumer.model.compiled.scorer import CompiledScorer
from consumer.model.specification import Features, LinearModel
from shared.reviews import Model
from tests.support.hard_texts import HARD_TEXTS, WORDS, every_code_point
from tests.support.naive_scoring import ALL_FEATURES, NaiveScorer, random_model

MODEL = Model("random", "1", "d1" * 32)
TOLERANCE = 1e-9
REVIEWS = Features("reviews", "marked", 3, "binary", "root-known")
WORD_PAIRS = Features("words", "none", 2, "sublinear-idf", "l2")

texts_of_words = st.lists(st.sampled_from(WORDS), max_size=60).map(" ".join)
any_text = st.text(st.characters(codec=None), max_size=200)


def assert_parity(model: LinearModel, texts: Sequence[str]) -> None:
    naive = NaiveScorer(model)
    scores = CompiledScorer(model, MODEL).score(texts)
    for text, label, found in zip(texts, scores.labels, scores.probabilities, strict=True):
        expected = naive.probabilities(text)
        assert np.abs(found - expected).max() <= TOLERANCE, repr(text[:200])
        assert label == naive.label(expected), repr(text[:200])
    assert scores.terms == naive.term_counts(texts)


@pytest.mark.parametrize("class_count", [2, 3, 5])
@pytest.mark.parametrize("features", ALL_FEATURES, ids=lambda features: "-".join(map(str, features.__reduce__()[1])))
def test_every_shape_of_model_agrees_on_hard_texts(features: Features, class_count: int) -> None:
    assert_parity(random_model(features, class_count, HARD_TEXTS), HARD_TEXTS)


@pytest.mark.parametrize("features", [REVIEWS, WORD_PAIRS], ids=["reviews", "words"])
def test_every_code_point_there_is_agrees(features: Features) -> None:
    texts = every_code_point()
    # Single tokens only: what a code point is shows in them, and the model stays small.
    singles = Features(features.tokens, features.negation, 1, features.weighting, features.norm)
    assert_parity(random_model(singles, 2, texts), texts)


@pytest.mark.parametrize("features", [REVIEWS, WORD_PAIRS], ids=["reviews", "words"])
@given(texts=st.lists(texts_of_words | any_text, min_size=1, max_size=8))
def test_generated_texts_agree(features: Features, texts: list[str]) -> None:
    assert_parity(random_model(features, 2, [*texts, " ".join(WORDS)]), texts)


@pytest.mark.parametrize("class_count", [2, 3])
@pytest.mark.parametrize("features", [REVIEWS, WORD_PAIRS], ids=["reviews", "words"])
def test_batch_says_what_single_texts_say_bit_for_bit(features: Features, class_count: int) -> None:
    model = random_model(features, class_count, HARD_TEXTS)
    scorer = CompiledScorer(model, MODEL)
    together = scorer.score(HARD_TEXTS)
    alone = [scorer.score([text]) for text in HARD_TEXTS]
    assert together.labels == [scores.labels[0] for scores in alone]
    assert together.terms == NaiveScorer(model).term_counts(HARD_TEXTS)
    assert [scores.terms for scores in alone] == [NaiveScorer(model).term_counts([text]) for text in HARD_TEXTS]
    assert together.probabilities.tobytes() == b"".join(scores.probabilities.tobytes() for scores in alone)
    assert together.confidences.tobytes() == b"".join(scores.confidences.tobytes() for scores in alone)


@pytest.mark.parametrize("size", [1_000_000, 10_000_000])
def test_megabytes_are_scored_and_their_memory_is_given_back(size: int) -> None:
    model = random_model(REVIEWS, 2, HARD_TEXTS)
    scorer = CompiledScorer(model, MODEL)
    text = "!" * (size // 2) + " good bad" * (size // 18)
    before = scorer.score(["good"]).probabilities
    found = scorer.score([text]).probabilities[0]
    assert np.abs(found - NaiveScorer(model).probabilities(text)).max() <= TOLERANCE
    assert scorer.score(["good"]).probabilities.tobytes() == before.tobytes()


def test_two_threads_share_a_scorer() -> None:
    scorer = CompiledScorer(random_model(REVIEWS, 2, HARD_TEXTS), MODEL)
    expected = scorer.score(HARD_TEXTS).probabilities.tobytes()
    found: list[bytes] = []

    def work() -> None:
        found.extend(scorer.score(HARD_TEXTS).probabilities.tobytes() for _ in range(20))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 40


def test_no_texts_give_no_scores() -> None:
    scores = CompiledScorer(random_model(REVIEWS, 2, HARD_TEXTS), MODEL).score([])
    assert scores.labels == []
    assert scores.terms == (0, 0)
    assert scores.probabilities.shape == (0, 2)


def test_model_of_one_term_scores() -> None:
    assert_parity(random_model(REVIEWS, 2, ["good"], seed=3), ["good", "bad", "not good", "good good"])


@pytest.mark.parametrize(
    "features",
    [
        Features("letters", "none", 1, "binary", "none"),
        Features("words", "none", 4, "binary", "none"),
        Features("words", "none", 1, "binary", "l1"),
        Features("words", "none", 1, "sublinear-idf", "l2"),
    ],
    ids=["tokens", "ngrams", "norm", "no idf"],
)
def test_features_the_kernel_does_not_know_are_refused(features: Features) -> None:
    known = Features("words", "none", 1, "binary", "none")
    model = random_model(known, 2, ["good bad"])
    changed = LinearModel(features, *(getattr(model, name) for name in LinearModel.__slots__[1:]))
    with pytest.raises(Unsupported):
        CompiledScorer(changed, MODEL)


def test_term_given_twice_is_refused() -> None:
    model = random_model(Features("words", "none", 1, "binary", "none"), 2, ["good bad"])
    twice = LinearModel(
        model.features, model.classes, ("good", "good"), np.ones((2, 1)), None, model.intercepts, "sigmoid", 1, 0, 0
    )
    with pytest.raises(Unsupported, match="twice"):
        CompiledScorer(twice, MODEL)

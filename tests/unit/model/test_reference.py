from pathlib import Path

import pytest

from consumer.model.reference import load_reference
from tests.support.small_model import THREE_SENTIMENTS, TWO_SENTIMENTS, train_small_model

STRANGE = ["", " ", "?", "\0", "\ud800", "\u4e2d", "xyzzy " * 100_000, "<br /><br />", "a"]


@pytest.mark.parametrize("sentiments", [TWO_SENTIMENTS, THREE_SENTIMENTS], ids=["two", "three"])
@pytest.mark.parametrize("recipe", ["baseline", "fast", "default", "embedding"])
def test_texts_without_known_words_are_neutral_and_never_confident(
    tmp_path: Path, recipe: str, sentiments: dict[str, tuple[str, ...]]
) -> None:
    train_small_model(tmp_path / "model", recipe, sentiments)
    scorer, _ = load_reference(tmp_path / "model")
    # "a" is a word the sentences have, where one-letter words count.
    unknown = STRANGE[:-1]
    scores = scorer.score(unknown)
    assert scores.labels == ["neutral"] * len(unknown)
    assert scores.confidences.tolist() == [1 / len(sentiments)] * len(unknown)
    assert scores.probabilities.shape == (len(unknown), len(sentiments))


@pytest.mark.parametrize("recipe", ["baseline", "fast", "default", "embedding"])
def test_any_text_gets_probabilities_that_sum_to_one(tmp_path: Path, recipe: str) -> None:
    train_small_model(tmp_path / "model", recipe)
    scorer, manifest = load_reference(tmp_path / "model")
    scores = scorer.score([*STRANGE, "What a wonderful story this is"])
    assert scores.probabilities.sum(axis=1) == pytest.approx(1)
    assert scores.classes == manifest.classes
    assert scores.confidences == pytest.approx(scores.probabilities.max(axis=1))


def test_no_texts_get_no_labels(tmp_path: Path) -> None:
    train_small_model(tmp_path / "model")
    scores = load_reference(tmp_path / "model")[0].score([])
    assert (list(scores.labels), scores.probabilities.shape) == ([], (0, 2))

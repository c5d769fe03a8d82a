"""A model is served only when it says what its artifact says."""

from pathlib import Path

import msgspec
import pytest

from consumer.model.artifact import WEIGHTS, write_artifact
from consumer.model.golden import GOLDEN
from consumer.model.load import COMPILED, REFERENCE, load_scorer
from consumer.model.manifest import read_manifest
from shared.errors import ConfigurationError
from tests.support.small_model import THREE_SENTIMENTS, train_small_model

TEXTS = ["What a lovely story", "What an awful story", "this", "unheard of", ""]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("models") / "default"
    train_small_model(made, "default")
    return made


def forge(folder: Path, target: Path, name: str, content: bytes) -> None:
    """Write the artifact again with one other file, and digests that fit it."""
    manifest = read_manifest(folder)
    files = {file: (folder / file).read_bytes() for file in manifest.files}
    write_artifact(target, manifest, files | {name: content})


@pytest.mark.parametrize("recipe", ["baseline", "fast", "default"])
def test_linear_recipe_is_scored_by_the_kernel(recipe: str, tmp_path: Path) -> None:
    train_small_model(tmp_path / recipe, recipe)
    loaded = load_scorer(tmp_path / recipe)
    assert loaded.scored_by == COMPILED
    assert loaded.scorer.score(TEXTS).labels[:2] == ["positive", "negative"]


def test_recipe_that_is_not_linear_is_scored_by_scikit_learn(tmp_path: Path) -> None:
    train_small_model(tmp_path / "embedding", "embedding")
    loaded = load_scorer(tmp_path / "embedding", neutral_band=0)
    assert loaded.scored_by == REFERENCE
    assert len(loaded.scorer.score(TEXTS).labels) == len(TEXTS)


def test_the_mix_of_labels_it_was_judged_by_is_known_unless_another_band_is_asked_for(folder: Path) -> None:
    judged = read_manifest(folder)
    assert sum(judged.held_out.labels.values()) == pytest.approx(1)
    assert load_scorer(folder).label_shares == judged.held_out.labels
    assert load_scorer(folder, judged.neutral_band.half_width).label_shares == judged.held_out.labels
    assert load_scorer(folder, neutral_band=0.3).label_shares == {}


def test_golden_set_that_the_scorer_contradicts_is_refused(folder: Path, tmp_path: Path) -> None:
    golden = msgspec.json.decode((folder / GOLDEN).read_bytes())
    golden[3]["probabilities"] = [0.9, 0.1]
    forge(folder, tmp_path / "forged", GOLDEN, msgspec.json.encode(golden))
    with pytest.raises(ConfigurationError, match="does not say what it said"):
        load_scorer(tmp_path / "forged")


def test_weights_that_are_not_the_trained_ones_are_refused(folder: Path, tmp_path: Path) -> None:
    content = bytearray((folder / WEIGHTS).read_bytes())
    content[-8:] = b"\0\0\0\0\0\0\x10\x40"
    forge(folder, tmp_path / "forged", WEIGHTS, bytes(content))
    with pytest.raises(ConfigurationError, match="does not say what it said"):
        load_scorer(tmp_path / "forged")


def test_neutral_band_can_be_changed_when_a_model_is_loaded(folder: Path) -> None:
    decided = load_scorer(folder, neutral_band=0).scorer.score(TEXTS)
    undecided = load_scorer(folder, neutral_band=0.5).scorer.score(TEXTS)
    assert "positive" in decided.labels
    assert set(undecided.labels) == {"neutral"}
    assert decided.probabilities.tobytes() == undecided.probabilities.tobytes()


@pytest.mark.parametrize("band", [-0.1, 0.6])
def test_band_that_is_none_is_refused(folder: Path, band: float) -> None:
    with pytest.raises(ConfigurationError, match="neutral band"):
        load_scorer(folder, neutral_band=band)


def test_band_for_three_classes_is_refused(tmp_path: Path) -> None:
    train_small_model(tmp_path / "three", "default", THREE_SENTIMENTS)
    with pytest.raises(ConfigurationError, match="no neutral band"):
        load_scorer(tmp_path / "three", neutral_band=0.1)

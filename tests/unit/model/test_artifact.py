import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from consumer.model.artifact import (
    INTERCEPTS,
    PIPELINE,
    TERMS,
    WEIGHTS,
    read_linear_model,
    read_verified,
    write_artifact,
)
from consumer.model.golden import GOLDEN, golden_differences, read_golden
from consumer.model.manifest import MANIFEST, Manifest, read_manifest
from consumer.model.reference import load_reference
from consumer.model.tokenising import terms
from shared.errors import ConfigurationError
from tests.support.small_model import THREE_SENTIMENTS, train_small_model

FILES = (MANIFEST, TERMS, WEIGHTS, INTERCEPTS, GOLDEN, PIPELINE)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    train_small_model(tmp_path / "model", "default")
    return tmp_path / "model"


def open_everything(folder: Path) -> Manifest:
    manifest = read_manifest(folder)
    for name in manifest.files:
        read_verified(folder, manifest, name)
    read_linear_model(folder, manifest)
    read_golden(folder, manifest)
    return manifest


@pytest.mark.parametrize("name", FILES)
def test_a_flipped_byte_is_refused_with_both_digests(folder: Path, name: str) -> None:
    content = bytearray((folder / name).read_bytes())
    place = content.index(b'"small"') + 2 if name == MANIFEST else len(content) // 2
    content[place] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"(?s)sha256\s+.*[0-9a-f]{64}.*[0-9a-f]{64}"):
        open_everything(folder)


@pytest.mark.parametrize("name", FILES)
def test_a_file_cut_short_or_gone_is_refused(folder: Path, name: str) -> None:
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(ConfigurationError):
        open_everything(folder)
    (folder / name).unlink()
    with pytest.raises(ConfigurationError):
        open_everything(folder)


def test_another_format_is_refused_by_its_number(folder: Path) -> None:
    (folder / MANIFEST).write_text('{"format": 1, "classes": []}')
    with pytest.raises(ConfigurationError, match="format 1, this version reads 2"):
        read_manifest(folder)


def test_a_manifest_without_a_model_is_refused(folder: Path) -> None:
    for content in ("", "[]", "{}", "{" * 100_000, '{"format": "2"}', "\xff"):
        (folder / MANIFEST).write_text(content)
        with pytest.raises(ConfigurationError):
            read_manifest(folder)


def test_a_model_that_is_not_linear_says_so(tmp_path: Path) -> None:
    manifest = train_small_model(tmp_path / "model", "embedding")
    with pytest.raises(ConfigurationError, match="no linear model"):
        read_linear_model(tmp_path / "model", manifest)


def test_a_failed_write_leaves_the_old_model(folder: Path) -> None:
    before = open_everything(folder)
    with pytest.raises(TypeError):
        write_artifact(folder, before, {TERMS: b"", WEIGHTS: None})  # type: ignore[dict-item]  # that is the failure
    assert open_everything(folder) == before
    assert [path.name for path in folder.parent.iterdir()] == ["model"]


def test_versions_stand_side_by_side(folder: Path) -> None:
    other = train_small_model(folder.parent / "other", "default", THREE_SENTIMENTS)
    assert open_everything(folder).digest() != open_everything(folder.parent / "other").digest() == other.digest()


@pytest.mark.parametrize("recipe", ["baseline", "fast", "default"])
def test_the_data_files_alone_give_the_pipelines_scores(tmp_path: Path, recipe: str) -> None:
    manifest = train_small_model(tmp_path / "model", recipe)
    model = read_linear_model(tmp_path / "model", manifest)
    columns = {term: column for column, term in enumerate(model.terms)}
    text = "This superb, lovely superb camera isn't boring"
    vector = np.zeros(len(columns))
    for term in terms(text, model.features):
        if term in columns:
            vector[columns[term]] += 1
    known = vector > 0
    if model.features.weighting == "binary":
        vector[known] = 1
    if model.idf is not None:
        vector[known] = (1 + np.log(vector[known])) * model.idf[known]
    vector /= np.linalg.norm(vector) if model.features.norm == "l2" else np.sqrt(known.sum())
    score = model.slope * (model.intercepts[0] + vector @ model.weights[:, 0]) + model.offset
    scorer, _ = load_reference(tmp_path / "model")
    assert scorer.score([text]).probabilities[0, 1] == pytest.approx(1 / (1 + np.exp(-score)), abs=1e-12)


def test_the_golden_set_notices_another_answer(folder: Path) -> None:
    manifest = read_manifest(folder)
    scorer, _ = load_reference(folder)
    golden = read_golden(folder, manifest)
    assert golden_differences(scorer, golden) == []
    train_small_model(folder, "baseline")
    assert golden_differences(load_reference(folder)[0], golden) != []


def test_reading_a_model_does_not_import_scikit_learn(folder: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from consumer.model.artifact import read_linear_model, read_manifest; "
        f"folder = Path({str(folder)!r}); read_linear_model(folder, read_manifest(folder)); "
        "sys.exit(any(name in sys.modules for name in ('sklearn', 'scipy', 'joblib')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

import json
from pathlib import Path

import msgspec
import pytest

from consumer.__main__ import group
from consumer.model.manifest import read_manifest
from shared.command_line import run_command_line
from tests.support.small_model import THREE_SENTIMENTS, sentences, train_small_model


@pytest.fixture
def rated(tmp_path: Path) -> Path:
    stars = {"positive": 5, "neutral": 3, "negative": 1}
    rows = [
        json.dumps({"comment": f"{review.text}, number {number}", "stars": stars[review.sentiment]})
        for number, review in enumerate(sentences(THREE_SENTIMENTS))
    ]
    path = tmp_path / "rated.jsonl"
    path.write_text("\n".join(rows) + "\n")
    return path


def train_arguments(rated: Path, output: Path, *more: str) -> list[str]:
    columns = ["--column", "text=comment", "--label-column", "stars"]
    return ["train", "--data", str(rated), *columns, "--prior", "none", "--output", str(output), *more]


def test_stars_in_a_file_train_a_model_of_three_classes(
    rated: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "model"
    assert run_command_line(group, train_arguments(rated, output)) == 0
    manifest = read_manifest(output)
    assert manifest.classes == ("negative", "neutral", "positive")
    assert manifest.link == "softmax"
    assert manifest.held_out.accuracy.value > 0.9
    assert manifest.costs is not None
    said = capsys.readouterr()
    assert manifest.digest() in said.out
    assert "calibrating: fold 3 of 3" in said.err


def test_two_trainings_give_one_digest(rated: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("one", "two"):
        assert run_command_line(group, train_arguments(rated, tmp_path / name, "--json")) == 0
    capsys.readouterr()
    assert read_manifest(tmp_path / "one").digest() == read_manifest(tmp_path / "two").digest()


def test_epochs_are_shown_and_kept(rated: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = train_arguments(rated, tmp_path / "model", "--recipe", "embedding", "--epochs", "2")
    assert run_command_line(group, arguments) == 0
    assert "epoch 2 of 2: loss" in capsys.readouterr().err
    assert [epoch.number for epoch in read_manifest(tmp_path / "model").epochs] == [1, 2]


def test_cross_validation_judges_every_review(rated: Path, tmp_path: Path) -> None:
    output = tmp_path / "model"
    assert run_command_line(group, train_arguments(rated, output, "--recipe", "fast", "--cross-validate", "4")) == 0
    manifest = read_manifest(output)
    assert manifest.cross_validation_folds == 4
    assert manifest.cross_validation["rated"].of == 120


def test_an_unusable_label_is_named_with_its_place(
    rated: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rated.write_text(rated.read_text().replace('"stars":5', '"stars":"five"').replace('"stars": 5', '"stars":"five"'))
    assert run_command_line(group, train_arguments(rated, tmp_path / "model")) == 65
    assert "rated.jsonl:1: unknown class 'five'" in capsys.readouterr().err
    assert not (tmp_path / "model").exists()


def test_inspect_shows_figures_and_terms(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = train_small_model(tmp_path / "model")
    assert run_command_line(group, ["model", "inspect", str(tmp_path / "model"), "--terms", "3"]) == 0
    shown = capsys.readouterr().out
    assert manifest.digest() in shown
    assert "towards positive" in shown
    assert run_command_line(group, ["model", "inspect", str(tmp_path / "model"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["name"] == "baseline"


@pytest.mark.parametrize("recipe", ["default", "embedding"])
def test_verify_accepts_what_train_wrote(tmp_path: Path, recipe: str, capsys: pytest.CaptureFixture[str]) -> None:
    train_small_model(tmp_path / "model", recipe)
    assert run_command_line(group, ["model", "verify", str(tmp_path / "model")]) == 0
    assert "golden texts are answered as when the model was made" in capsys.readouterr().out


def test_verify_refuses_a_changed_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train_small_model(tmp_path / "model")
    with (tmp_path / "model" / "terms.txt").open("a") as terms:
        terms.write("zzz\n")
    assert run_command_line(group, ["model", "verify", str(tmp_path / "model")]) == 78
    assert "terms.txt is not the file the manifest describes" in capsys.readouterr().err


def test_compare_judges_each_model_on_the_sample_reviews(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for recipe in ("baseline", "fast"):
        train_small_model(tmp_path / recipe, recipe)
    assert run_command_line(group, ["model", "compare", str(tmp_path / "baseline"), str(tmp_path / "fast")]) == 0
    shown = capsys.readouterr().out
    assert all(word in shown for word in ("baseline", "fast", "imdb", "rotten-tomatoes", "ECE"))


def test_compare_gives_machines_each_models_manifest_and_judgement(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train_small_model(tmp_path / "fast", "fast")
    assert run_command_line(group, ["model", "compare", "--json", str(tmp_path / "fast")]) == 0
    (model,) = msgspec.json.decode(capsys.readouterr().out)
    assert (model["name"], model["manifest"]["name"]) == ("fast", "fast")
    assert 0 < model["judgement"]["accuracy"]["count"] <= model["judgement"]["accuracy"]["of"]

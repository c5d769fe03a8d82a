"""`review-consumer score` as a person or a script uses it."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from consumer.commands.score import score
from tests.support.small_model import THREE_SENTIMENTS, train_small_model

GOOD, BAD = "What a lovely story this is", "What an awful story this is"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    train_small_model(folder / "default", "default")
    train_small_model(folder / "three", "default", THREE_SENTIMENTS)
    train_small_model(folder / "embedding", "embedding")
    return folder


def run(folder: Path, *arguments: str) -> str:
    result = CliRunner().invoke(score, ["--model", str(folder), *arguments], catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


def test_texts_given_as_arguments_are_labelled_in_order(models: Path) -> None:
    lines = run(models / "default", GOOD, BAD).splitlines()
    assert [line.split()[0] for line in lines] == ["positive", "negative"]


def test_each_line_of_standard_input_is_a_review(models: Path) -> None:
    program = [sys.executable, "-m", "consumer", "score", "--json", "--model", str(models / "default")]
    given = f"{GOOD}\n\n{BAD}\r\n".encode() + b"\xff broken"
    result = subprocess.run(program, input=given, capture_output=True, check=True, timeout=120)
    answers = [msgspec.json.decode(line) for line in result.stdout.splitlines()]
    assert [answer["label"] for answer in answers] == ["positive", "neutral", "negative", "neutral"]
    assert [answer["text"] for answer in answers[:3]] == [GOOD, "", BAD]


def test_unknown_text_says_why_it_is_neutral(models: Path) -> None:
    assert "no term the model knows" in run(models / "default", "zzz")


def test_explanation_names_the_terms_and_the_score(models: Path) -> None:
    output = run(models / "default", "--explain", GOOD)
    assert "lovely" in output
    assert "score" in output


def test_explanation_as_json_adds_up(models: Path) -> None:
    found = msgspec.json.decode(run(models / "three", "--explain", "--json", GOOD))
    why = found["explanation"]
    for column, score_ in enumerate(why["scores"]):
        total = why["starts"][column] + sum(term["contributions"][column] for term in why["terms"])
        assert abs(total - score_) < 1e-12


@pytest.mark.parametrize("recipe", ["default", "three", "embedding"])
def test_trace_shows_five_layers_for_any_recipe(models: Path, recipe: str) -> None:
    steps = msgspec.json.decode(run(models / recipe, "--trace", "--json", GOOD).splitlines()[-1])["trace"]
    layers = list(dict.fromkeys(step["layer"] for step in steps))
    assert layers == ["input", "preprocessing", "features", "inference", "output"]
    output = run(models / recipe, "--trace", GOOD)
    assert all(layer in output for layer in layers)


def test_model_without_terms_says_that_it_cannot_be_explained(models: Path) -> None:
    program = [sys.executable, "-m", "consumer", "score", "--explain", "--model", str(models / "embedding"), GOOD]
    result = subprocess.run(program, capture_output=True, check=False, text=True, timeout=120)
    assert result.returncode == 78
    assert "no linear model" in result.stderr

"""`model promote`: only a proved model takes the place of another, and there is a way back."""

from pathlib import Path

import pytest

from consumer.__main__ import group
from consumer.model.artifact import PIPELINE, WEIGHTS
from consumer.model.manifest import read_manifest
from shared.command_line import run_command_line
from tests.support.bad_models import BAD_MODELS, flip_a_byte
from tests.support.small_model import THREE_SENTIMENTS, train_small_model


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    for recipe in ("baseline", "fast"):
        train_small_model(folder / recipe, recipe)
    return folder


@pytest.fixture
def candidate(made: Path, tmp_path: Path) -> Path:
    """A copy to be broken."""
    promote(made / "fast", tmp_path / "candidate")
    return tmp_path / "candidate"


@pytest.fixture
def target(made: Path, tmp_path: Path) -> Path:
    promote(made / "baseline", tmp_path / "served")
    return tmp_path / "served"


def promote(*arguments: object) -> int:
    return run_command_line(group, ["model", "promote", *map(str, arguments)])


def name_of(folder: Path) -> str:
    return read_manifest(folder).name


def test_a_candidate_takes_the_place_and_a_rollback_goes_back_and_forth(target: Path, candidate: Path) -> None:
    assert promote(candidate, target) == 0
    assert (name_of(target), name_of(candidate)) == ("fast", "fast")
    assert name_of(target.with_name("served.previous")) == "baseline"
    for name in ("baseline", "fast"):
        assert promote("--rollback", target) == 0
        assert name_of(target) == name
    assert {path.name for path in target.parent.iterdir()} == {"candidate", "served", "served.previous"}


@pytest.mark.parametrize("wrong", sorted(set(BAD_MODELS) - {"other classes"}))
def test_a_bad_candidate_is_refused_and_nothing_is_replaced(target: Path, candidate: Path, wrong: str) -> None:
    BAD_MODELS[wrong](candidate)
    assert promote(candidate, target) == 78
    assert name_of(target) == "baseline"
    assert not target.with_name("served.previous").exists()


@pytest.mark.parametrize("name", [WEIGHTS, PIPELINE])
def test_what_was_replaced_and_is_broken_since_is_not_gone_back_to(target: Path, candidate: Path, name: str) -> None:
    promote(candidate, target)
    flip_a_byte(target.with_name("served.previous"), name)
    assert promote("--rollback", target) == 78
    assert name_of(target) == "fast"


def test_a_broken_model_in_use_can_be_replaced_by_a_good_copy_of_itself(
    target: Path, made: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert promote(made / "baseline", target) == 0
    assert "this model already" in capsys.readouterr().out
    flip_a_byte(target)
    assert promote(made / "baseline", target) == 0
    assert (target / WEIGHTS).read_bytes() == (made / "baseline" / WEIGHTS).read_bytes()


def test_other_classes_are_said_to_need_a_restart(
    target: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train_small_model(tmp_path / "three", "fast", THREE_SENTIMENTS)
    assert promote(tmp_path / "three", target, "--dry-run") == 0
    assert "take this one when restarted" in capsys.readouterr().err
    assert name_of(target) == "baseline"
    assert promote(tmp_path / "three", target) == 0
    assert len(read_manifest(target).classes) == 3


@pytest.mark.parametrize(("arguments", "code"), [([], 2), (["--rollback", "nowhere"], 78), (["nowhere"], 78)])
def test_what_can_not_be_promoted_is_refused(arguments: list[str], code: int) -> None:
    assert promote(*arguments) == code

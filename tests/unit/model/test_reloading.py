"""A changed model folder: when it is looked into, what is taken, what is refused, and what that leaves behind."""

import json
import os
import weakref
from pathlib import Path

import pytest

from consumer.model.artifact import TERMS, WEIGHTS
from consumer.model.load import LoadedModel, load_scorer
from consumer.model.manifest import MANIFEST, read_manifest
from consumer.model.promotion import prove, put_in_place
from consumer.model.reloading import FolderChanges, ModelReload, folder_state
from shared.errors import ConfigurationError
from shared.logs import configure_logs
from tests.support.bad_models import BAD_MODELS, flip_a_byte
from tests.support.small_model import train_small_model

BEFORE, HALF, NEW = (frozenset({("manifest.json", 1, 1, moment)}) for moment in range(3))


class Offers:
    """A ReloadObserver that counts, and what `take` was given."""

    def __init__(self) -> None:
        self.taken = 0
        self.refused = 0
        self.models: list[LoadedModel] = []

    def model_taken(self) -> None:
        self.taken += 1

    def model_refused(self) -> None:
        self.refused += 1


@pytest.fixture(scope="module")
def candidate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "candidate"
    train_small_model(folder, "fast")
    return folder


@pytest.fixture
def served(tmp_path: Path, small_model: Path) -> Path:
    folder = tmp_path / "served"
    put_in_place(small_model, folder, prove(small_model))
    return folder


class Bench:
    """A reload over a folder that serves the small model."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.offers = Offers()
        self.loads = 0
        self.reload = ModelReload(folder, read_manifest(folder), self.load, self.offers.models.append, self.offers)

    def load(self, folder: Path) -> LoadedModel:
        self.loads += 1
        return load_scorer(folder)

    def settle(self) -> None:
        """Look until a change would be judged."""
        self.reload.look()
        self.reload.look()

    def outcome(self) -> tuple[int, int, int]:
        """Return how many were loaded, taken and refused."""
        return self.loads, self.offers.taken, self.offers.refused


@pytest.fixture
def bench(served: Path) -> Bench:
    return Bench(served)


def test_a_change_is_judged_once_it_looks_the_same_twice_and_then_no_more() -> None:
    changes = FolderChanges(BEFORE)
    looks = [BEFORE, HALF, NEW, NEW]
    assert [changes.observe(state) for state in looks] == [False, False, False, True]
    assert changes.unsettled
    changes.judge(NEW)
    assert not changes.unsettled
    assert [changes.observe(state) for state in (NEW, NEW, BEFORE, BEFORE)] == [False, False, False, True]


def test_a_change_that_is_taken_back_is_none() -> None:
    changes = FolderChanges(BEFORE)
    assert [changes.observe(state) for state in (HALF, BEFORE, BEFORE)] == [False, False, False]


def test_every_change_of_a_file_shows_in_the_folders_state(served: Path) -> None:
    states = [folder_state(served)]
    assert folder_state(served) == states[0]
    os.utime(served / TERMS, ns=(1, 1))
    states.append(folder_state(served))
    (served / WEIGHTS).unlink()
    states.append(folder_state(served))
    (served / "more").write_bytes(b"")
    states.append(folder_state(served))
    assert len(set(states)) == len(states)
    assert folder_state(served / "nowhere") == frozenset()


def test_a_folder_that_does_not_change_is_not_loaded_again(bench: Bench) -> None:
    bench.settle()
    bench.settle()
    assert bench.outcome() == (0, 0, 0)


def test_a_new_model_is_taken_and_the_next_change_is_held_against_it(
    bench: Bench, candidate: Path, small_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logs("INFO")
    for folder in (candidate, small_model):
        put_in_place(folder, bench.folder, prove(folder))
        bench.settle()
    assert bench.outcome() == (2, 2, 0)
    digests = [read_manifest(folder).digest() for folder in (candidate, small_model)]
    assert [model.manifest.digest() for model in bench.offers.models] == digests
    said = [json.loads(line) for line in capsys.readouterr().err.splitlines() if '"model_taken"' in line]
    assert [(line["digest"], line["before"]) for line in said] == [
        (digests[0][:12], digests[1][:12]),
        (digests[1][:12], digests[0][:12]),
    ]


def test_a_model_that_was_replaced_between_its_loading_and_the_first_look_is_taken(
    served: Path, candidate: Path
) -> None:
    serving = read_manifest(served)
    put_in_place(candidate, served, prove(candidate))
    offers = Offers()
    reload = ModelReload(served, serving, load_scorer, offers.models.append, offers)
    reload.look()
    reload.look()
    assert offers.taken == 1


@pytest.mark.parametrize("wrong", BAD_MODELS)
def test_a_candidate_that_is_not_sound_or_does_not_fit_is_refused_once_and_the_model_stays(
    bench: Bench, candidate: Path, small_model: Path, wrong: str, capsys: pytest.CaptureFixture[str]
) -> None:
    put_in_place(candidate, bench.folder, prove(candidate))
    BAD_MODELS[wrong](bench.folder)
    for _ in range(3):
        bench.settle()
    assert bench.outcome() == (1, 0, 1)
    (line,) = [json.loads(line) for line in capsys.readouterr().err.splitlines() if "model_refused" in line]
    assert line["level"] == "error"
    assert line["because"]
    assert line["hint"]
    assert line["then"] == f"the model {read_manifest(small_model).digest()[:12]} stays in use"
    # Mended, it is a change again.
    put_in_place(candidate, bench.folder, prove(candidate))
    bench.settle()
    assert bench.outcome() == (2, 1, 1)


def test_a_folder_that_is_written_file_by_file_is_looked_into_when_it_is_whole(bench: Bench, candidate: Path) -> None:
    for name in (MANIFEST, *read_manifest(candidate).files):
        (bench.folder / name).write_bytes((candidate / name).read_bytes())
        bench.reload.look()
    assert bench.outcome() == (0, 0, 0)
    bench.reload.look()
    assert bench.outcome() == (1, 1, 0)


def test_who_asks_has_the_folder_judged_at_once_and_again(bench: Bench, candidate: Path) -> None:
    bench.reload.look_now()
    assert bench.outcome() == (1, 0, 0)
    put_in_place(candidate, bench.folder, prove(candidate))
    flip_a_byte(bench.folder)
    bench.reload.look_now()
    bench.reload.look_now()
    assert bench.outcome() == (3, 0, 2)


@pytest.mark.parametrize("error", [ConfigurationError("no"), MemoryError(), ValueError("no")])
def test_whatever_loading_raises_is_a_refusal(served: Path, error: Exception) -> None:
    def load(_folder: Path) -> LoadedModel:
        raise error

    offers = Offers()
    reload = ModelReload(served, read_manifest(served), load, offers.models.append, offers)
    reload.look_now()
    assert (offers.taken, offers.refused) == (0, 1)


def test_ten_models_one_after_the_other_are_each_let_go(served: Path, candidate: Path, small_model: Path) -> None:
    offers = Offers()
    alive: list[weakref.ref[object]] = []
    reload = ModelReload(
        served, read_manifest(served), load_scorer, lambda loaded: alive.append(weakref.ref(loaded.scorer)), offers
    )
    for number in range(10):
        folder = small_model if number % 2 else candidate
        put_in_place(folder, served, prove(folder))
        reload.look_now()
    assert offers.taken == 10
    # Nobody but the reload could have kept one.
    assert [reference() for reference in alive] == [None] * 10

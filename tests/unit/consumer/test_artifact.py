"""A model on disk: whole or not at all, and nothing is read that the manifest does not vouch for."""

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import joblib
import msgspec
import pytest

from consumer.model.artifact import PIPELINE, read_verified, write_artifact
from consumer.model.manifest import FORMAT, MANIFEST, MANIFEST_BYTES_MAX, Manifest, read_manifest
from consumer.model.reference import load_reference
from shared.errors import ConfigurationError
from tests.support.small_model import sentences, train_small_model


@pytest.fixture
def blank(small_model: Path) -> Manifest:
    """A manifest that vouches for no file yet."""
    return msgspec.structs.replace(read_manifest(small_model), files={}, costs=None, checksum="")


@pytest.fixture
def folder(tmp_path: Path, blank: Manifest) -> Path:
    """A model of two small files."""
    write_artifact(tmp_path / "model", blank, {"a.bin": b"first", "b.bin": b"second"})
    return tmp_path / "model"


def test_what_is_written_is_read_back_with_the_digest_of_each_file(folder: Path, blank: Manifest) -> None:
    manifest = read_manifest(folder)
    assert manifest.files == {
        "a.bin": hashlib.sha256(b"first").hexdigest(),
        "b.bin": hashlib.sha256(b"second").hexdigest(),
    }
    assert msgspec.structs.replace(manifest, files={}, checksum="") == blank
    assert read_verified(folder, manifest, "a.bin") == b"first"


def test_the_models_digest_depends_on_every_file_and_not_on_their_order(
    folder: Path, tmp_path: Path, blank: Manifest
) -> None:
    digest = read_manifest(folder).digest()
    same = write_artifact(tmp_path / "same", blank, {"b.bin": b"second", "a.bin": b"first"})
    other = write_artifact(tmp_path / "other", blank, {"a.bin": b"first", "b.bin": b"seconD"})
    assert same.digest() == digest
    assert other.digest() != digest
    assert same.model().digest == digest


@pytest.mark.parametrize("content", [b"firsT", b"firs", b"", b"first and more"])
def test_a_changed_file_is_refused_with_its_path_and_both_digests(folder: Path, content: bytes) -> None:
    manifest = read_manifest(folder)
    (folder / "a.bin").write_bytes(content)
    with pytest.raises(ConfigurationError) as caught:
        read_verified(folder, manifest, "a.bin")
    for part in (str(folder / "a.bin"), manifest.files["a.bin"], hashlib.sha256(content).hexdigest()):
        assert part in str(caught.value)
    assert caught.value.hint


def test_a_missing_file_and_one_that_is_not_listed_are_refused_by_name(folder: Path) -> None:
    manifest = read_manifest(folder)
    (folder / "a.bin").unlink()
    (folder / "c.bin").write_bytes(b"stray")
    with pytest.raises(ConfigurationError, match=r"a\.bin"):
        read_verified(folder, manifest, "a.bin")
    with pytest.raises(ConfigurationError, match=r"does not list c\.bin"):
        read_verified(folder, manifest, "c.bin")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        f'{{"format": {FORMAT}}}'.encode(),
        b"\xff\xfe",
        b'{"format": "1"}',
        b'{"other": ' + b"[" * 50_000,
    ],
)
def test_a_broken_manifest_is_refused_by_its_path(folder: Path, content: bytes) -> None:
    (folder / MANIFEST).write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"manifest\.json is no manifest"):
        read_manifest(folder)


def test_a_manifest_cut_short_is_refused(folder: Path) -> None:
    path = folder / MANIFEST
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ConfigurationError, match="is no manifest"):
        read_manifest(folder)


def test_a_huge_manifest_is_refused_before_it_is_read(folder: Path) -> None:
    (folder / MANIFEST).write_bytes(b" " * (MANIFEST_BYTES_MAX + 1))
    with pytest.raises(ConfigurationError, match="too large"):
        read_manifest(folder)


def test_a_folder_without_a_model_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no model in") as caught:
        read_manifest(tmp_path / "nothing")
    assert "review-consumer train" in caught.value.hint
    assert "REVIEWS_MODEL" in caught.value.hint


def test_a_foreign_format_names_both_versions(folder: Path) -> None:
    content = (folder / MANIFEST).read_bytes().replace(f'"format": {FORMAT}'.encode(), b'"format": 99')
    (folder / MANIFEST).write_bytes(content)
    with pytest.raises(ConfigurationError, match=f"has format 99, this version reads {FORMAT}"):
        read_manifest(folder)


def test_a_new_model_replaces_the_old_one_whole(folder: Path, blank: Manifest) -> None:
    write_artifact(folder, msgspec.structs.replace(blank, version="2"), {"c.bin": b"third"})
    assert read_manifest(folder).version == "2"
    assert sorted(path.name for path in folder.iterdir()) == ["c.bin", MANIFEST]
    assert list(folder.parent.iterdir()) == [folder]


def test_a_write_that_fails_leaves_the_old_model_and_nothing_else(folder: Path, blank: Manifest) -> None:
    with pytest.raises(OSError, match="no-such-folder"):
        write_artifact(folder, blank, {"a.bin": b"new", "no-such-folder/b.bin": b"x"})
    assert read_verified(folder, read_manifest(folder), "a.bin") == b"first"
    assert list(folder.parent.iterdir()) == [folder]


def test_a_first_write_that_fails_leaves_nothing(tmp_path: Path, blank: Manifest) -> None:
    with pytest.raises(OSError, match="no-such-folder"):
        write_artifact(tmp_path / "models" / "new", blank, {"no-such-folder/b.bin": b"x"})
    assert list((tmp_path / "models").iterdir()) == []


def test_training_twice_gives_the_same_digest(small_model: Path, tmp_path: Path) -> None:
    again = train_small_model(tmp_path / "again")
    assert again.digest() == read_manifest(small_model).digest()
    assert (tmp_path / "again" / PIPELINE).read_bytes() == (small_model / PIPELINE).read_bytes()
    assert again.training.reviews == len(sentences())


@dataclass(frozen=True)
class Poison:
    """An object whose unpickling makes a file."""

    proof: Path

    def __reduce__(self) -> tuple[Callable[[Path], None], tuple[Path]]:
        return Path.touch, (self.proof,)


def test_a_tampered_pipeline_is_never_opened(small_model: Path, tmp_path: Path) -> None:
    proof = tmp_path / "it-was-opened"
    folder = tmp_path / "model"
    shutil.copytree(small_model, folder)
    joblib.dump(Poison(proof), folder / PIPELINE)
    with pytest.raises(ConfigurationError, match="is not the file the manifest describes"):
        load_reference(folder)
    assert not proof.exists()

"""Whatever stands in an artifact's files: it loads as it was written, or is refused as ConfigurationError."""

import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consumer.model.artifact import INTERCEPTS, TERMS, WEIGHTS, read_linear_model
from consumer.model.golden import GOLDEN, read_golden
from consumer.model.manifest import MANIFEST, encode_manifest, read_manifest, sha256
from consumer.model.specification import LinearModel
from shared.errors import ConfigurationError
from tests.support.small_model import train_small_model

FILES = (MANIFEST, TERMS, WEIGHTS, INTERCEPTS, GOLDEN)
Mutation = Callable[[bytes], bytes]


def flip(content: bytes, place: int, byte: int) -> bytes:
    place %= max(len(content), 1)
    return content[:place] + bytes([byte]) + content[place + 1 :]


NUMBERS = st.integers(0, 2**20)
MUTATIONS: st.SearchStrategy[Mutation] = st.one_of(
    st.binary(max_size=200).map(lambda other: lambda _content: other),
    st.tuples(NUMBERS, st.integers(0, 255)).map(lambda at: lambda content: flip(content, *at)),
    NUMBERS.map(lambda at: lambda content: content[: at % (len(content) + 1)]),
    st.binary(min_size=1, max_size=50).map(lambda more: lambda content: content + more),
    st.tuples(NUMBERS, NUMBERS).map(lambda at: lambda content: content[: at[0] % 200] + content[at[1] % 200 :]),
)
# The folder is written anew for each example.
SHARED_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sound") / "model"
    train_small_model(folder, "default")
    return folder


def load(folder: Path) -> LinearModel:
    manifest = read_manifest(folder)
    read_golden(folder, manifest)
    return read_linear_model(folder, manifest)


def copy(sound: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(sound, folder)
    return folder


@given(st.sampled_from(FILES), MUTATIONS)
@SHARED_FOLDER
def test_a_changed_file_is_refused_or_says_the_same(sound: Path, tmp_path: Path, name: str, mutate: Mutation) -> None:
    folder = copy(sound, tmp_path)
    (folder / name).write_bytes(mutate((sound / name).read_bytes()))
    try:
        found = load(folder)
    except ConfigurationError:
        return
    expected = load(sound)
    assert found.terms == expected.terms
    assert np.array_equal(found.weights, expected.weights)
    assert (found.slope, found.offset, found.classes) == (expected.slope, expected.offset, expected.classes)


@given(st.sampled_from([TERMS, WEIGHTS, INTERCEPTS, GOLDEN]), MUTATIONS)
@SHARED_FOLDER
def test_a_foreign_file_with_matching_digests_is_sound_or_refused(
    sound: Path, tmp_path: Path, name: str, mutate: Mutation
) -> None:
    folder = copy(sound, tmp_path)
    content = mutate((sound / name).read_bytes())
    (folder / name).write_bytes(content)
    manifest = read_manifest(sound)
    resealed = msgspec.structs.replace(manifest, files={**manifest.files, name: sha256(content)})
    (folder / MANIFEST).write_bytes(encode_manifest(resealed))
    try:
        found = load(folder)
    except ConfigurationError:
        return
    assert found.weights.shape == (len(found.terms), 1)
    assert np.isfinite(found.weights).all()
    assert list(found.terms) == sorted(set(found.terms))


@given(st.sampled_from(["link", "classes", "slope", "features", "offset"]), st.data())
@SHARED_FOLDER
def test_a_manifest_with_strange_values_is_refused(
    sound: Path, tmp_path: Path, field: str, data: st.DataObject
) -> None:
    folder = copy(sound, tmp_path)
    manifest = msgspec.json.decode((sound / MANIFEST).read_bytes())
    strange = {
        "link": st.text(max_size=5),
        "classes": st.lists(st.text(max_size=3), max_size=3),
        "slope": st.sampled_from([None, "1", 1e999, []]),
        "features": st.sampled_from(
            [{}, {**manifest["features"], "ngram_max": 9}, {**manifest["features"], "norm": ""}]
        ),
        "offset": st.sampled_from([None, "0", {}]),
    }
    manifest[field] = data.draw(strange[field])
    (folder / MANIFEST).write_bytes(msgspec.json.encode(manifest))
    with pytest.raises(ConfigurationError):
        load(folder)

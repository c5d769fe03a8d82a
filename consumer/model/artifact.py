"""A trained model on disk: a folder of data files, and a manifest that names each file's SHA-256.

Reading one needs neither scikit-learn nor trust: no file but `pipeline.joblib` can run code, and nothing here opens it.
"""

import io
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from consumer.model.manifest import MANIFEST, TRAIN_AGAIN, Manifest, encode_manifest, read_manifest, sha256
from consumer.model.specification import Features, LinearModel
from shared.errors import ConfigurationError
from shared.whole_folders import write_folder

PIPELINE = "pipeline.joblib"
TERMS = "terms.txt"
WEIGHTS = "weights.npy"
INTERCEPTS = "intercepts.npy"
IDF = "idf.npy"

TOKENS = ("words", "reviews")
NEGATIONS = ("none", "marked")
WEIGHTINGS = ("binary", "counts", "sublinear-idf")
NORMS = ("l2", "root-known", "none")
LINKS = ("sigmoid", "softmax")
NGRAM_MAX = 3


def write_artifact(
    folder: Path, manifest: Manifest, files: Mapping[str, bytes], previous: Path | None = None
) -> Manifest:
    """Write a model whole or not at all; return its manifest with the files' digests filled in.

    A model it replaces is kept as `previous` where that is given.
    """
    digests = {name: sha256(content) for name, content in sorted(files.items())}
    complete = msgspec.structs.replace(manifest, files=digests)
    write_folder(folder, {**files, MANIFEST: encode_manifest(complete)}, previous)
    return read_manifest(folder)


def linear_files(model: LinearModel) -> dict[str, bytes]:
    """Return the files that hold a linear model's terms and numbers; the rest of it stands in the manifest."""
    files = {
        TERMS: "".join(f"{term}\n" for term in model.terms).encode(),
        WEIGHTS: _array_bytes(model.weights),
        INTERCEPTS: _array_bytes(model.intercepts),
    }
    return files if model.idf is None else files | {IDF: _array_bytes(model.idf)}


def read_linear_model(folder: Path, manifest: Manifest) -> LinearModel:
    """Return a model's numbers after checking all digests; ConfigurationError where they are no linear model."""
    features = manifest.features
    if features is None:
        raise ConfigurationError(
            f"{folder} holds no linear model: {manifest.name!r} is scored by scikit-learn only",
            hint="train another recipe, or ask for the reference scorer",
        )
    _check_values(folder, manifest, features)
    terms = _read_terms(folder / TERMS, read_verified(folder, manifest, TERMS))
    columns = len(manifest.classes) if manifest.link == "softmax" else 1
    idf = None
    if features.weighting == "sublinear-idf":
        idf = _read_array(folder / IDF, read_verified(folder, manifest, IDF), (len(terms),))
    return LinearModel(
        features=features,
        classes=manifest.classes,
        terms=terms,
        weights=_read_array(folder / WEIGHTS, read_verified(folder, manifest, WEIGHTS), (len(terms), columns)),
        idf=idf,
        intercepts=_read_array(folder / INTERCEPTS, read_verified(folder, manifest, INTERCEPTS), (columns,)),
        link=manifest.link,
        slope=manifest.slope,
        offset=manifest.offset,
        neutral_band=manifest.neutral_band.half_width,
    )


def read_verified(folder: Path, manifest: Manifest, name: str) -> bytes:
    """Return one file's bytes after checking its SHA-256; ConfigurationError, with both digests, where it differs."""
    path = folder / name
    expected = manifest.files.get(name)
    if expected is None:
        raise ConfigurationError(f"{folder / MANIFEST} does not list {name}", hint="train the model again")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"the model's file can't be read: {error}", hint="train the model again") from error
    found = sha256(content)
    if found != expected:
        raise ConfigurationError(
            f"{path} is not the file the manifest describes:\n  expected sha256 {expected}\n  found    sha256 {found}",
            hint=f"the file was changed or cut short: {TRAIN_AGAIN}",
        )
    return content


def size_bytes(folder: Path, manifest: Manifest) -> dict[str, int]:
    """Return the size of each file the manifest lists, 0 where it is missing."""
    paths = {name: folder / name for name in manifest.files}
    return {name: path.stat().st_size if path.is_file() else 0 for name, path in paths.items()}


def _check_values(folder: Path, manifest: Manifest, features: Features) -> None:
    two = len(manifest.classes) == 2  # noqa: PLR2004 - one score for two classes
    numbers = np.array([manifest.slope, manifest.offset, manifest.neutral_band.half_width])
    sound = (
        features.tokens in TOKENS
        and features.negation in NEGATIONS
        and features.weighting in WEIGHTINGS
        and features.norm in NORMS
        and 1 <= features.ngram_max <= NGRAM_MAX
        and manifest.link == ("sigmoid" if two else "softmax")
        and list(manifest.classes) == sorted(set(manifest.classes))
        and len(manifest.classes) > 1
        and bool(np.isfinite(numbers).all())
    )
    if not sound:
        raise ConfigurationError(f"{folder / MANIFEST} describes no model this version can score", hint=TRAIN_AGAIN)


def _read_terms(path: Path, content: bytes) -> tuple[str, ...]:
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path} is not UTF-8: {error}", hint=TRAIN_AGAIN) from error
    # Not splitlines(): a term ends at a newline and at nothing else.
    terms = tuple(text.split("\n")[:-1])
    if not text.endswith("\n") or any(not left < right for left, right in pairwise(terms)):
        raise ConfigurationError(f"{path} is no list of terms, sorted, each once, one a line", hint=TRAIN_AGAIN)
    return terms


def _array_bytes(array: NDArray[np.float64]) -> bytes:
    file = io.BytesIO()
    np.save(file, np.ascontiguousarray(array, dtype="<f8"), allow_pickle=False)
    return file.getvalue()


def _read_array(path: Path, content: bytes, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return a file's array; unlike np.load, never reserves what the header asks for before looking at the rest."""
    stream = io.BytesIO(content)
    try:
        np.lib.format.read_magic(stream)
        found, fortran_order, kind = np.lib.format.read_array_header_1_0(stream)
    except Exception as error:  # numpy's reader is not written for hostile files: its errors are of many kinds
        raise ConfigurationError(f"{path} is no array: {error}", hint=TRAIN_AGAIN) from error
    rest = content[stream.tell() :]
    wanted_bytes = 8 * int(np.prod(shape))
    if found != shape or kind != np.dtype("<f8") or len(rest) != wanted_bytes or (fortran_order and len(shape) > 1):
        raise ConfigurationError(
            f"{path} holds an array {kind.str} {found} in {len(rest)} bytes, not <f8 {shape} in {wanted_bytes}",
            hint=TRAIN_AGAIN,
        )
    array = np.frombuffer(rest, dtype="<f8").reshape(shape).astype(np.float64)
    if not np.isfinite(array).all():
        raise ConfigurationError(f"{path} holds numbers that are not finite", hint=TRAIN_AGAIN)
    return array

"""A model's manifest: what it is, what it was made from, how good it is, and the SHA-256 of each of its files."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import msgspec

from consumer.model.metrics import Costs, Epoch, Judgement, NeutralBand, Share, TrainingData
from consumer.model.specification import Features
from shared.errors import ConfigurationError
from shared.reviews import Model

FORMAT = 2
MANIFEST = "manifest.json"
MANIFEST_BYTES_MAX = 1024 * 1024
TRAIN_AGAIN = "copy the model again, or train it again"


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What `manifest.json` holds; docs/model.md explains each field."""

    format: int
    name: str
    version: str
    features: Features | None
    classes: tuple[str, ...]
    link: str
    slope: float
    offset: float
    neutral_band: NeutralBand
    seed: int
    training: TrainingData
    held_out: Judgement
    # By data set, out of fold over `cross_validation_folds` folds.
    cross_validation: Mapping[str, Share]
    cross_validation_folds: int
    epochs: tuple[Epoch, ...] = ()
    libraries: Mapping[str, str]
    files: Mapping[str, str]
    costs: Costs | None = None
    checksum: str = ""

    def digest(self) -> str:
        """Return the model's own digest: SHA-256 of the manifest, which holds those of its files, without its costs."""
        return _sha256(msgspec.structs.replace(self, costs=None, checksum=""))

    def model(self) -> Model:
        """Return what a label says about its model."""
        return Model(self.name, self.version, self.digest())


def encode_manifest(manifest: Manifest) -> bytes:
    """Return the manifest as it is written: indented, with a checksum over all else that stands in it."""
    sealed = msgspec.structs.replace(manifest, checksum=_content_checksum(manifest))
    return msgspec.json.format(msgspec.json.encode(sealed), indent=2) + b"\n"


def read_manifest(folder: Path) -> Manifest:
    """Read and check a manifest; ConfigurationError where there is none or it can't be read."""
    path = folder / MANIFEST
    try:
        if path.stat().st_size > MANIFEST_BYTES_MAX:
            raise ConfigurationError(f"{path} is too large for a manifest", hint="`review-consumer train` makes one")
        content = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(
            f"no model in {folder}: {error}",
            hint="`review-consumer train` makes one; --model (REVIEWS_MODEL) names its folder",
        ) from error
    manifest = _decode(path, content)
    checksum = _content_checksum(manifest)
    if manifest.checksum != checksum:
        raise ConfigurationError(
            f"{path} was changed:\n  it says its sha256 is {manifest.checksum}\n  found sha256          {checksum}",
            hint=TRAIN_AGAIN,
        )
    return manifest


def sha256(content: bytes) -> str:
    """Return the SHA-256 of bytes in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


class _Format(msgspec.Struct):
    format: int


def _decode(path: Path, content: bytes) -> Manifest:
    try:
        # The number first: what else stands in another format's manifest is not ours to judge.
        found = msgspec.json.decode(content, type=_Format).format
        if found != FORMAT:
            raise ConfigurationError(
                f"{path} has format {found}, this version reads {FORMAT}",
                hint="train the model with this version, or run the version that trained it",
            )
        return msgspec.json.decode(content, type=Manifest)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise ConfigurationError(f"{path} is no manifest: {error}", hint=TRAIN_AGAIN) from error


def _content_checksum(manifest: Manifest) -> str:
    return _sha256(msgspec.structs.replace(manifest, checksum=""))


def _sha256(manifest: Manifest) -> str:
    return sha256(msgspec.json.encode(manifest))

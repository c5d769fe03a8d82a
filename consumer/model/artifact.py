"""A trained model on disk: a folder of files and a manifest that names each file's SHA-256."""

import hashlib
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import msgspec

from shared.errors import ConfigurationError
from shared.reviews import Model

FORMAT = 1
MANIFEST = "manifest.json"
PIPELINE = "pipeline.joblib"
MANIFEST_BYTES_MAX = 1024 * 1024


class Metrics(msgspec.Struct, frozen=True):
    """How good the model is on `reviews` it did not learn from."""

    reviews: int
    accuracy: float
    accuracy_by_dataset: dict[str, float]


class Manifest(msgspec.Struct, frozen=True):
    """What a model is: which files it consists of, what it answers, what it was made from, how good it is."""

    format: int
    name: str
    version: str
    classes: tuple[str, ...]
    training_data_digest: str
    training_reviews: int
    seed: int
    held_out: Metrics
    libraries: dict[str, str]
    files: dict[str, str]

    def digest(self) -> str:
        """Return the model's own digest: SHA-256 of the manifest, which holds those of its files."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()

    def model(self) -> Model:
        """Return what a label says about its model."""
        return Model(self.name, self.version, self.digest())


def write_artifact(folder: Path, manifest: Manifest, files: Mapping[str, bytes]) -> Manifest:
    """Write a model whole or not at all; return its manifest with the files' digests filled in."""
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())}
    complete = msgspec.structs.replace(manifest, files=digests)
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        for name, content in files.items():
            (aside / name).write_bytes(content)
        text = msgspec.json.format(msgspec.json.encode(complete), indent=2)
        (aside / MANIFEST).write_bytes(text + b"\n")
        aside.chmod(0o755)
        _replace(aside, folder)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    return complete


def read_manifest(folder: Path) -> Manifest:
    """Read and check a manifest; ConfigurationError where there is none or it can't be read."""
    path = folder / MANIFEST
    try:
        if path.stat().st_size > MANIFEST_BYTES_MAX:
            raise ConfigurationError(f"{path} is too large for a manifest", hint="`review-consumer train` makes one")
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except OSError as error:
        raise ConfigurationError(
            f"no model in {folder}: {error}",
            hint="`review-consumer train` makes one; --model (REVIEWS_MODEL) names its folder",
        ) from error
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise ConfigurationError(f"{path} is no manifest: {error}", hint="train the model again") from error
    if manifest.format != FORMAT:
        raise ConfigurationError(
            f"{path} has format {manifest.format}, this version reads {FORMAT}",
            hint="train the model with this version, or run the version that trained it",
        )
    return manifest


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
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        raise ConfigurationError(
            f"{path} is not the file the manifest describes:\n  expected sha256 {expected}\n  found    sha256 {found}",
            hint="the file was changed or cut short: copy the model again, or train it again",
        )
    return content


def _replace(aside: Path, folder: Path) -> None:
    if folder.exists():
        old = Path(tempfile.mkdtemp(prefix=f".{folder.name}-old-", dir=folder.parent))
        folder.rename(old / folder.name)
        aside.rename(folder)
        shutil.rmtree(old)
    else:
        aside.rename(folder)

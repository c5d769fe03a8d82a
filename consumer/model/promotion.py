"""A candidate takes the place of the model that consumers read, whole and at once; the one before is kept beside it."""

from pathlib import Path

from consumer.model.artifact import read_verified, write_artifact
from consumer.model.load import load_scorer
from consumer.model.manifest import Manifest
from shared.errors import ConfigurationError
from shared.whole_folders import exchange_folders


def previous_of(target: Path) -> Path:
    """Return the folder that keeps what a promotion replaced."""
    return target.with_name(f"{target.name}.previous")


def kept_before(target: Path) -> Path:
    """Return the folder that a promotion has kept; ConfigurationError where none has."""
    previous = previous_of(target)
    if not previous.exists():
        raise ConfigurationError(f"there is no {previous}", hint="only a model that `model promote` replaced is kept")
    return previous


def prove(folder: Path) -> Manifest:
    """Return a model's manifest once all its files and golden texts are right; ConfigurationError where one is not."""
    manifest = load_scorer(folder).manifest
    for name in manifest.files:
        read_verified(folder, manifest, name)
    return manifest


def put_in_place(candidate: Path, target: Path, manifest: Manifest) -> None:
    """Put a copy of a model in the place of `target`, and keep what was there.

    ConfigurationError where a file is no longer the one that `manifest`, which was proved, describes.
    """
    files = {name: read_verified(candidate, manifest, name) for name in manifest.files}
    try:
        write_artifact(target, manifest, files, previous_of(target))
    except OSError as error:
        raise _not_replaced(target, error) from error


def roll_back(target: Path) -> None:
    """Let the model in use and the one that was replaced change places; ConfigurationError where they can't."""
    try:
        exchange_folders(previous_of(target), target)
    except OSError as error:
        raise _not_replaced(target, error) from error


def in_use(target: Path) -> Manifest | None:
    """Return what is to be replaced; None where that is no model, or a broken one."""
    try:
        return prove(target)
    except ConfigurationError:
        return None


def _not_replaced(target: Path, error: OSError) -> ConfigurationError:
    return ConfigurationError(
        f"{target} can't be replaced: {error}",
        hint="the folder above it must be writable and on the same file system: mount that one, not the model's own",
    )

"""Ways to make a good model a bad candidate, by what is wrong with it then."""

from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from consumer.model.artifact import TERMS, WEIGHTS, write_artifact
from consumer.model.golden import GOLDEN
from consumer.model.manifest import MANIFEST, encode_manifest, read_manifest
from tests.support.small_model import THREE_SENTIMENTS, train_small_model


def flip_a_byte(folder: Path, name: str = WEIGHTS) -> None:
    """Change one byte of a file."""
    content = bytearray((folder / name).read_bytes())
    content[200] ^= 1
    (folder / name).write_bytes(content)


def _cut_short(folder: Path) -> None:
    (folder / TERMS).write_bytes((folder / TERMS).read_bytes()[:100])


def _contradict_golden_set(folder: Path) -> None:
    """Let the golden set say something else, under digests that fit."""
    golden = msgspec.json.decode((folder / GOLDEN).read_bytes())
    golden[3]["probabilities"] = [0.9, 0.1]
    manifest = read_manifest(folder)
    files = {name: (folder / name).read_bytes() for name in manifest.files}
    write_artifact(folder, manifest, files | {GOLDEN: msgspec.json.encode(golden)})


def _change_format(folder: Path) -> None:
    manifest = msgspec.structs.replace(read_manifest(folder), format=99)
    (folder / MANIFEST).write_bytes(encode_manifest(manifest))


def _train_three_classes(folder: Path) -> None:
    train_small_model(folder, "fast", THREE_SENTIMENTS)


BAD_MODELS: Mapping[str, Callable[[Path], None]] = {
    "a file is missing": lambda folder: (folder / WEIGHTS).unlink(),
    "a byte is flipped": flip_a_byte,
    "a file is cut short": _cut_short,
    "the golden set is contradicted": _contradict_golden_set,
    "another format": _change_format,
    "no manifest": lambda folder: (folder / MANIFEST).unlink(),
    "other classes": _train_three_classes,
}

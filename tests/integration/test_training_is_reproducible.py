"""The same data train the same model, whatever process does it."""

import os
import subprocess
import sys
from pathlib import Path

from consumer.model.manifest import read_manifest

ROOT = Path(__file__).parents[2]
TRAIN = (
    "import sys, pathlib; from tests.support.small_model import train_small_model as t; t(pathlib.Path(sys.argv[1]))"
)


def test_two_processes_train_to_one_digest(tmp_path: Path) -> None:
    digests = set()
    for hash_seed in ("1", "2"):
        folder = tmp_path / hash_seed
        environment = os.environ | {"PYTHONHASHSEED": hash_seed}
        subprocess.run([sys.executable, "-c", TRAIN, folder], cwd=ROOT, env=environment, check=True)
        digests.add(read_manifest(folder).digest())
    assert len(digests) == 1

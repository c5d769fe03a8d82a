"""Compiled code is kept where it can be, and missed where it can't without harm."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PROGRAM = """
from consumer.model.compiled.scorer import CompiledScorer
from consumer.model.specification import Features, LinearModel
from shared.reviews import Model
import numpy as np
features = Features("words", "none", 1, "binary", "none")
classes, weights = ("negative", "positive"), np.ones((1, 1))
linear = LinearModel(features, classes, ("good",), weights, None, np.zeros(1), "sigmoid", 1.0, 0.0, 0.0)
scorer = CompiledScorer(linear, Model("tiny", "1", "d1"))
scorer.warm_up()
print(*scorer.score(["good film", "film"]).labels)
"""


def start(cache: Path, home: Path, sources: Path = ROOT) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(cache), "HOME": str(home), "XDG_CACHE_HOME": str(home)}
    return subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=sources,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=240,
    )


def test_second_process_uses_the_code_of_the_first(tmp_path: Path) -> None:
    assert start(tmp_path / "cache", tmp_path).stdout == "positive neutral\n"
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "cache").rglob("*.nb?")}
    assert len(kept) == 8, "an index and the code of each of four functions"
    assert start(tmp_path / "cache", tmp_path).stdout == "positive neutral\n"
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "cache").rglob("*.nb?")} == kept


# Not the file of any function that is kept: of one that they call, and of what keeps them.
@pytest.mark.parametrize("changed", ["consumer/model/compiled/reading.py", "consumer/native/code_cache.py"])
def test_code_is_compiled_again_when_any_source_changes(tmp_path: Path, changed: str) -> None:
    copy = tmp_path / "sources"
    for package in ("consumer", "shared"):
        shutil.copytree(ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__"))
    start(tmp_path / "cache", tmp_path, copy)
    with (copy / changed).open("a") as source:
        source.write("# changed\n")
    before = sorted((tmp_path / "cache").rglob("*.nbi"))
    stamps = [path.read_bytes() for path in before]
    start(tmp_path / "cache", tmp_path, copy)
    assert [path.read_bytes() for path in before] != stamps


def test_without_any_folder_to_write_to_a_process_compiles_for_itself(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder can be made below a file")
    copy = tmp_path / "sources"
    for package in ("consumer", "shared"):
        shutil.copytree(ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "consumer/model/compiled/__pycache__").write_text("in the way")
    result = start(blocked / "cache", blocked, copy)
    assert result.stdout.endswith("positive neutral\n")
    assert result.stderr.count("compiled_without_cache") == 1

"""The import rules of pyproject.toml hold."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_imports_go_one_way() -> None:
    script = Path(sys.executable).parent / "lint-imports"
    result = subprocess.run([script, "--no-logo", "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_every_folder_of_the_programs_is_a_package() -> None:
    modules = [path for name in ("consumer", "producer", "shared") for path in (ROOT / name).rglob("*.py")]
    without = {path.parent for path in modules if not (path.parent / "__init__.py").exists()}
    assert not without


def test_package_markers_are_empty() -> None:
    markers = [path for name in ("consumer", "producer", "shared") for path in (ROOT / name).rglob("__init__.py")]
    assert markers
    assert [path for path in markers if path.read_text()] == []

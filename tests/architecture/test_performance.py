"""What is shown of the measurements is what was measured."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DRAWN_FROM = {
    "throughput.svg": "stream_throughput.json",
    "latency.svg": "stream_latency.json",
    "memory.svg": "stream_growth.json",
    "incident.svg": "incident.json",
}


def test_figures_on_the_page_are_those_of_the_results() -> None:
    command = [sys.executable, "-m", "benchmarks.render", "--check"]
    check = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert (check.returncode, check.stderr) == (0, "")


@pytest.mark.parametrize(("picture", "result"), DRAWN_FROM.items())
def test_picture_was_drawn_from_the_committed_result(picture: str, result: str) -> None:
    measured, drawn = ROOT / "benchmarks/results" / result, ROOT / "docs/images" / picture
    if not measured.exists():
        assert not drawn.exists()
        return

    digest = hashlib.sha256(measured.read_bytes()).hexdigest()

    assert digest in drawn.read_text("utf-8"), "run `python -m benchmarks.charts`"

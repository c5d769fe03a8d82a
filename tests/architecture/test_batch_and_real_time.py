"""What the page on batch and real time shows is what was measured."""

import subprocess
import sys

import msgspec

from benchmarks.render_compare import PAGE, RESULT, blocks
from consumer.measuring.results import Comparison
from consumer.measuring.ways import Mode
from tests.support.made_up_comparison import comparison
from tests.support.processes import ROOT


def test_figures_on_the_page_are_those_of_the_result() -> None:
    command = [sys.executable, "-m", "benchmarks.render_compare", "--check"]
    check = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (check.returncode, check.stderr) == (0, "")


def test_the_committed_result_has_every_mode_and_no_label_that_differs() -> None:
    found = msgspec.json.decode(RESULT.read_bytes(), type=Comparison)
    assert {one.mode for one in found.subjects[0].measurements} == set(Mode)
    assert sum(one.parity.labels_differ for subject in found.subjects for one in subject.measurements) == 0


def test_every_block_has_its_place() -> None:
    page = PAGE.read_text("utf-8")
    assert all(f"<!-- figures: {name} -->" in page for name in blocks(comparison()))

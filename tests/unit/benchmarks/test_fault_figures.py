"""A fault has one row, whatever it was tried under; what broke stands out, and what was not tried is named."""

from benchmarks.fault_figures import faults
from benchmarks.pages import with_blocks
from benchmarks.render import FAULT_PAGE, FAULTS
from tests.support import made_up_results


def test_the_table_has_its_place_on_the_page() -> None:
    page = FAULT_PAGE.read_text("utf-8")
    assert with_blocks(page, {FAULTS: faults(made_up_results.faults())}) != page


def test_a_fault_is_one_row_over_all_its_runs() -> None:
    shown = faults(made_up_results.faults())
    assert "| power cut | both | consumer | 2 | 3,000 | I1 I2 I6 | 0.50 | 1.00 | 2.50 |" in shown
    assert "| odd input | exactly-once | consumer | 1 | 1,500 | I1 I2 |  |  |  |" in shown
    assert "I1 nothing lost; I2 no repeats; I6 recovered." in shown


def test_an_invariant_that_broke_once_stands_in_bold() -> None:
    assert "| I2 **I1 broken** |" in faults(made_up_results.faults(broken="I1"))


def test_what_failed_or_was_skipped_is_named() -> None:
    results = made_up_results.faults()
    results["tests"]["failed"] = ["test_power"]
    shown = faults(results)
    assert "3 tests passed, 1 failed, 1 were skipped." in shown
    assert "- **failed**: `test_power`" in shown
    assert "- skipped: `test_disk`: no disk" in shown

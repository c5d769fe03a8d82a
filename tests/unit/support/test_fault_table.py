"""What a session of fault tests leaves behind as JSON."""

from types import SimpleNamespace

from tests.support.fault_table import FaultTable, outcomes
from tests.support.invariants import INVARIANTS, Case, Held, Verdict


def verdict(fault: str) -> Verdict:
    held = dict.fromkeys(INVARIANTS, Held.YES) | {"I1": Held.NO}
    details = {"I1": "2 inputs have neither"}
    return Verdict(Case(fault, "exactly-once", "classic"), held, 7, 5, 0, 2, 0, [0.12345], 201.5, details)


def test_the_document_has_every_verdict_by_fault_whatever_the_order_they_came_in() -> None:
    table = FaultTable()
    for fault in ("zeal", "ague"):
        table.add(verdict(fault))
    document = table.document()
    assert document["invariants"] == INVARIANTS
    assert [row["fault"] for row in document["verdicts"]] == ["ague", "zeal"]
    row = document["verdicts"][0]
    assert (row["inputs"], row["recovery_s"], row["broken"]) == (7, [0.123], {"I1": "2 inputs have neither"})
    assert (row["invariants"]["I1"], row["invariants"]["I2"]) == ("BROKEN", "held")


def test_a_test_that_gave_no_verdict_is_counted_all_the_same() -> None:
    reports = {
        "passed": [SimpleNamespace(nodeid="a"), SimpleNamespace(nodeid="b")],
        "failed": [SimpleNamespace(nodeid="d")],
        "error": [SimpleNamespace(nodeid="c")],
        "skipped": [SimpleNamespace(nodeid="e", longrepr=("file", 1, "Skipped: no disk"))],
    }
    assert outcomes(reports) == {"passed": 2, "failed": ["c", "d"], "skipped": {"e": "Skipped: no disk"}}
    assert outcomes({}) == {"passed": 0, "failed": [], "skipped": {}}

"""The verdicts of a session: a table of faults and invariants, and how long recoveries took."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from tests.support.invariants import INVARIANTS, Verdict

FAULT_WIDTH = 58


class FaultTable:
    """Collects verdicts, and shows them."""

    def __init__(self) -> None:
        self._verdicts: list[Verdict] = []

    def add(self, verdict: Verdict) -> None:
        """Take one more row."""
        self._verdicts.append(verdict)

    def __len__(self) -> int:
        return len(self._verdicts)

    def lines(self) -> list[str]:
        """Return the table as text."""
        heading = f"{'fault':<{FAULT_WIDTH}} {'delivery':<13} {'protocol':<8} "
        heading += " ".join(f"{name:<6}" for name in INVARIANTS) + " inputs repeats recovery s"
        rows = [self._row(verdict) for verdict in self._verdicts]
        legend = ", ".join(f"{name} {meaning}" for name, meaning in INVARIANTS.items())
        return [heading, *rows, legend, *self._recoveries(), f"{len(rows)} faults; {self._broken()} broke an invariant"]

    def document(self) -> dict[str, Any]:
        """Return every verdict as JSON has it, in the order of their faults, and what the invariants mean."""
        rows = [_as_object(verdict) for verdict in self._verdicts]
        return {
            "invariants": dict(INVARIANTS),
            "verdicts": sorted(rows, key=lambda row: (row["fault"], row["delivery"], row["protocol"])),
        }

    def _row(self, verdict: Verdict) -> str:
        case = verdict.case
        held = " ".join(f"{state:<6}" for state in verdict.held.values())
        recovery = ", ".join(f"{seconds:.2f}" for seconds in verdict.recoveries_s[:4])
        return (
            f"{case.fault[:FAULT_WIDTH]:<{FAULT_WIDTH}} {case.delivery:<13} {case.protocol:<8} {held} "
            f"{verdict.inputs:>6} {verdict.repeats:>7} {recovery}"
        )

    def _recoveries(self) -> list[str]:
        by_fault: dict[str, list[float]] = defaultdict(list)
        for verdict in self._verdicts:
            by_fault[verdict.case.fault] += verdict.recoveries_s
        lines = [f"{'recovery in seconds, from the end of the fault':<{FAULT_WIDTH}} {'runs':>4}    min median    max"]
        for fault, seconds in by_fault.items():
            if seconds:
                figures = f"{min(seconds):>6.2f} {median(seconds):>6.2f} {max(seconds):>6.2f}"
                lines.append(f"{fault[:FAULT_WIDTH]:<{FAULT_WIDTH}} {len(seconds):>4} {figures}")
        return lines

    def _broken(self) -> int:
        return sum(bool(verdict.broken) for verdict in self._verdicts)


def outcomes(stats: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """Return how many of a session's tests passed, which failed, and why others were skipped, from pytest's reports."""
    skipped = {report.nodeid: report.longrepr[2] for report in stats.get("skipped", ())}
    return {
        "passed": len(stats.get("passed", ())),
        "failed": sorted(report.nodeid for kind in ("failed", "error") for report in stats.get(kind, ())),
        "skipped": dict(sorted(skipped.items())),
    }


def _as_object(verdict: Verdict) -> dict[str, Any]:
    case = verdict.case
    return {
        "fault": case.fault,
        "delivery": case.delivery,
        "protocol": case.protocol,
        "invariants": dict(verdict.held),
        "broken": verdict.broken,
        "inputs": verdict.inputs,
        "labels": verdict.labels,
        "dead_letters": verdict.dead_letters,
        "missing": verdict.missing,
        "repeats": verdict.repeats,
        "recovery_s": [round(seconds, 3) for seconds in verdict.recoveries_s],
        "peak_memory_mb": verdict.peak_memory_mb,
    }

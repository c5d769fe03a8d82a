"""What the faults left standing, for docs/delivery.md."""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from benchmarks.pages import Results, machine, table

HELD, BROKEN = "held", "BROKEN"
BOTH = {
    frozenset({"at-least-once", "exactly-once"}): "both",
    frozenset({"classic", "consumer"}): "both",
}

Verdict = Mapping[str, Any]


def faults(results: Results) -> str:
    """Return a row for each fault, what the invariants mean, and what was not tried or did not pass."""
    by_fault: dict[str, list[Verdict]] = {}
    for verdict in results["verdicts"]:
        by_fault.setdefault(verdict["fault"], []).append(verdict)
    head = ["fault", "delivery", "protocol", "runs", "inputs", "held", "recovery s: least", "median", "most"]
    rows = [_row(fault, by_fault[fault]) for fault in sorted(by_fault)]
    meanings = "; ".join(f"{name} {meaning}" for name, meaning in results["invariants"].items())
    where = f"{machine(results)} The broker is Kafka {results['kafka']}."
    return "\n\n".join([where, table(head, rows), f"{meanings}.", _tests(results)])


def _row(fault: str, verdicts: Sequence[Verdict]) -> list[str]:
    seconds = [each for verdict in verdicts for each in verdict["recovery_s"]]
    recovery = [f"{figure(seconds):.2f}" for figure in (min, median, max)] if seconds else ["", "", ""]
    return [
        fault,
        _ways(verdicts, "delivery"),
        _ways(verdicts, "protocol"),
        str(len(verdicts)),
        f"{sum(verdict['inputs'] for verdict in verdicts):,}",
        _held(verdicts),
        *recovery,
    ]


def _ways(verdicts: Sequence[Verdict], kind: str) -> str:
    ways = frozenset(verdict[kind] for verdict in verdicts)
    return BOTH.get(ways) or ", ".join(sorted(ways))


def _held(verdicts: Sequence[Verdict]) -> str:
    """Return the invariants that held in every run that asked for them, and in bold those that once did not."""
    states = {name: {verdict["invariants"][name] for verdict in verdicts} for name in verdicts[0]["invariants"]}
    held = [name for name, found in states.items() if HELD in found and BROKEN not in found]
    broken = [f"**{name} broken**" for name, found in states.items() if BROKEN in found]
    return " ".join([*held, *broken])


def _tests(results: Results) -> str:
    tests = results["tests"]
    lines = [f"{tests['passed']} tests passed, {len(tests['failed'])} failed, {len(tests['skipped'])} were skipped."]
    lines += [f"- **failed**: `{name}`" for name in tests["failed"]]
    lines += [f"- skipped: `{name}`: {reason}" for name, reason in tests["skipped"].items()]
    return "\n".join([lines[0], *([""] if lines[1:] else []), *lines[1:]])

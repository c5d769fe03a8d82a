"""What must hold after any fault: I1 to I9, judged on what was found from outside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from tests.support.independent_reader import Found

# A consumer of the small model holds 200 MB at rest; its queues are bounded by 64 MB each way.
MEMORY_MB_MAX = 700.0

INVARIANTS = {
    "I1": "nothing lost",
    "I2": "no repeats, or under one id",
    "I3": "order kept",
    "I4": "labels as offline",
    "I5": "memory bounded",
    "I6": "recovered",
    "I7": "said so",
    "I8": "lag back to 0",
    "I9": "left with 0",
}


class Held(StrEnum):
    """What became of an invariant."""

    YES = "held"
    NO = "BROKEN"
    NOT_ASKED = "-"


@dataclass(frozen=True, slots=True)
class Case:
    """One fault, under one way of delivery and one group protocol."""

    fault: str
    delivery: str
    protocol: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a case left behind; times in seconds, None where nobody asked.

    `unsaid` are the log lines and metrics that were due and missing, `exits` the codes of those that were told to stop.
    """

    found: Found
    offline: Mapping[tuple[int, int], str]
    lag_records: int
    exits: Sequence[int] = ()
    unsaid: Sequence[str] | None = None
    recoveries_s: Sequence[float | None] = ()
    peak_memory_mb: float | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """One row of the table: what held, and the figures beside it."""

    case: Case
    held: Mapping[str, Held]
    inputs: int
    labels: int
    dead_letters: int
    missing: int
    repeats: int
    recoveries_s: Sequence[float]
    peak_memory_mb: float | None
    details: Mapping[str, str] = field(default_factory=dict)

    @property
    def broken(self) -> dict[str, str]:
        """The invariants that did not hold, with what was found."""
        return {name: self.details.get(name, "") for name, held in self.held.items() if held is Held.NO}


def judge(case: Case, evidence: Evidence) -> Verdict:
    """Check every invariant that applies."""
    found = evidence.found
    complaints: dict[str, str | None] = {
        "I1": _complaint(len(found.missing), "inputs have neither label nor dead letter"),
        "I2": _repeats(case, found),
        "I3": _complaint(sum(not in_order(offsets) for offsets in found.order.values()), "partitions are out of order"),
        "I4": _complaint(_differing(evidence), "labels differ from those given offline"),
        "I8": _complaint(evidence.lag_records, "records were not committed"),
    }
    if evidence.peak_memory_mb is not None:
        excess_mb = max(0, round(evidence.peak_memory_mb - MEMORY_MB_MAX))
        complaints["I5"] = _complaint(excess_mb, f"MB more than {MEMORY_MB_MAX:g}")
    if evidence.recoveries_s:
        complaints["I6"] = _complaint(sum(each is None for each in evidence.recoveries_s), "times no label came after")
    if evidence.unsaid is not None:
        complaints["I7"] = ", ".join(evidence.unsaid)
    if evidence.exits:
        complaints["I9"] = _complaint(sum(code != 0 for code in evidence.exits), f"bad exit codes: {evidence.exits}")
    return Verdict(
        case=case,
        held={name: _held(complaints.get(name)) for name in INVARIANTS},
        inputs=len(found.inputs),
        labels=len(found.label_ids),
        dead_letters=len(found.dead_letters),
        missing=len(found.missing),
        repeats=found.repeated,
        recoveries_s=[each for each in evidence.recoveries_s if each is not None],
        peak_memory_mb=evidence.peak_memory_mb,
        details={name: complaint for name, complaint in complaints.items() if complaint},
    )


def in_order(offsets: Sequence[int]) -> bool:
    """Return whether offsets increase, repeats of earlier ones left out."""
    highest = -1
    seen: set[int] = set()
    for offset in offsets:
        if offset in seen:
            continue
        if offset < highest:
            return False
        seen.add(offset)
        highest = offset
    return True


def _repeats(case: Case, found: Found) -> str:
    if case.delivery == "exactly-once":
        twice = sum(count > 1 for count in found.dead_letters.values())
        return _complaint(found.repeated + twice, "inputs were labelled again")
    return _complaint(len(found.conflicting), "inputs have labels under several ids")


def _differing(evidence: Evidence) -> int:
    return sum(evidence.offline[place] != label for place, label in evidence.found.labels.items())


def _complaint(count: int, what: str) -> str:
    return f"{count} {what}" if count else ""


def _held(complaint: str | None) -> Held:
    if complaint is None:
        return Held.NOT_ASKED
    return Held.NO if complaint else Held.YES

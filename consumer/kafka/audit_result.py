"""What an audit finds: counts, where the first findings are, and whether the proof holds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Finding(StrEnum):
    """What can be wrong with the answers of an input; a closed set, and the names in the JSON output."""

    MISSING = "missing"
    REPEATED_SAME_ID = "repeated_same_id"
    REPEATED_OTHER_ID = "repeated_other_id"
    LABELLED_AND_DEAD_LETTERED = "labelled_and_dead_lettered"
    WRONG_ID = "wrong_id"
    STRAY = "stray"
    UNREADABLE = "unreadable"
    DIFFERING = "differing"
    OTHER_MODEL = "other_model"


REPEATS = (Finding.REPEATED_SAME_ID, Finding.REPEATED_OTHER_ID, Finding.LABELLED_AND_DEAD_LETTERED)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record stands, and what is to be said about it; never what it holds."""

    topic: str
    partition: int
    offset: int
    detail: str = ""


@dataclass(frozen=True, slots=True)
class AuditResult:
    """What was found in an offset range of the input topic.

    `counts` are inputs, except `stray` (offsets without an input) and `unreadable` (messages that are no answers).
    `rescored` is None where labels were not scored again; `elsewhere` counts answers to what lies outside the range.
    """

    inputs: int
    labelled: int
    dead_lettered: int
    counts: Mapping[Finding, int] = field(default_factory=dict)
    examples: Mapping[Finding, tuple[Place, ...]] = field(default_factory=dict)
    tolerated: frozenset[Finding] = frozenset()
    rescored: int | None = None
    elsewhere: int = 0

    @property
    def holds(self) -> bool:
        """Whether every input was answered exactly once, and rightly as far as that was looked at."""
        return not any(self.count(finding) for finding in Finding if finding not in self.tolerated)

    @property
    def missing(self) -> int:
        """How many inputs have neither a label nor a dead letter."""
        return self.count(Finding.MISSING)

    @property
    def repeated(self) -> int:
        """How many inputs have more than one answer, of whatever kind."""
        return sum(self.count(finding) for finding in REPEATS)

    def count(self, finding: Finding) -> int:
        """Return how many there are of a finding."""
        return self.counts.get(finding, 0)

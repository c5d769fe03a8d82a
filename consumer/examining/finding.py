"""What a check is, and what it says: what was found, what was expected, and how to mend it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Status(StrEnum):
    """How a check ended; only a failed one keeps the stream from working."""

    FAILED = "failed"
    WARNING = "warning"
    PASSED = "passed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Note:
    """One thing that a check saw; `fix` names the setting to look at."""

    status: Status
    found: str
    expected: str = ""
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """All that one check saw, and how long that took."""

    check: str
    notes: tuple[Note, ...]
    seconds: float

    @property
    def status(self) -> Status:
        """The worst of its notes."""
        there = {note.status for note in self.notes}
        return next((status for status in Status if status in there), Status.PASSED)


class Check(Protocol):
    """One question to the system; asking it changes nothing.

    `after` names the checks without which it can't be made. `run` returns within `limit_s` seconds or is left behind;
    a ReviewstreamError that it raises is a failure.
    """

    @property
    def name(self) -> str:
        """What it looks at, in a word or two."""
        ...

    @property
    def after(self) -> Sequence[str]:
        """The names of the checks it builds on."""
        ...

    @property
    def limit_s(self) -> float:
        """The seconds it may take."""
        ...

    def run(self) -> Sequence[Note]:
        """Ask, and return what was seen."""
        ...


def passed(found: str) -> Note:
    """Return that something is as it must be."""
    return Note(Status.PASSED, found)


def warning(found: str, expected: str, fix: str) -> Note:
    """Return that something works and deserves a look."""
    return Note(Status.WARNING, found, expected, fix)


def failure(found: str, expected: str, fix: str) -> Note:
    """Return that something keeps the stream from working."""
    return Note(Status.FAILED, found, expected, fix)


def skipped(because: str) -> Note:
    """Return that something can't be seen, and why."""
    return Note(Status.SKIPPED, because)

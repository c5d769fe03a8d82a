"""A system examined as `doctor` does it, check by check."""

from collections.abc import Sequence
from dataclasses import dataclass

import click

from consumer.__main__ import group
from consumer.commands.doctor_checks import SettingsRead, checks_of
from consumer.commands.run_settings import RunSettings
from consumer.examining.examination import examine
from consumer.examining.finding import Check, Finding, Note
from shared.clock import SystemClock
from shared.kafka_client import KafkaSettings
from shared.topics import TopicSettings

WITHIN_S = 120.0


@dataclass(frozen=True, slots=True)
class Nobody:
    """A Listener that does not listen."""

    def started(self, number: int, check: Check) -> None:
        pass

    def ended(self, number: int, finding: Finding) -> None:
        pass


def examined(
    kafka: KafkaSettings,
    topics: TopicSettings,
    *wanted: str,
    run: RunSettings | None = None,
    within_s: float = WITHIN_S,
) -> list[Finding]:
    """Return what the checks of these names find, and those they build on."""
    settings = SettingsRead(kafka, topics, run or RunSettings(), None, [], click.Context(group))
    checks = checks_of(settings)
    names = _with_foundations(checks, set(wanted))
    return examine([check for check in checks if check.name in names], within_s, Nobody(), SystemClock())


def telling(findings: Sequence[Finding]) -> dict[str, list[Note]]:
    """Return the notes that say how to mend something, by their check's name."""
    notes = {finding.check: [note for note in finding.notes if note.fix] for finding in findings}
    return {name: found for name, found in notes.items() if found}


def _with_foundations(checks: Sequence[Check], wanted: set[str]) -> set[str]:
    for check in reversed(checks):
        if check.name in wanted:
            wanted |= set(check.after)
    return wanted

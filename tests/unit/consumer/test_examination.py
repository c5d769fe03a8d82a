"""How an examination goes on: in order, without what builds on a failure, and never for longer than allowed."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from consumer.examining.examination import examine
from consumer.examining.finding import Check, Finding, Note, Status, failure, passed, skipped, warning
from shared.clock import SystemClock
from shared.errors import ConfigurationError
from tests.support.manual_clock import ManualClock


@dataclass(frozen=True, slots=True)
class FakeCheck:
    """A check that says what it is told to say."""

    name: str
    run: Callable[[], Sequence[Note]]
    after: Sequence[str] = ()
    limit_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Story:
    """A Listener that writes down what it is told."""

    lines: list[str] = field(default_factory=list)

    def started(self, number: int, check: Check) -> None:
        self.lines.append(f"{number} {check.name}")

    def ended(self, number: int, finding: Finding) -> None:
        self.lines.append(f"{number} {finding.status}")


def well(name: str, *after: str) -> FakeCheck:
    return FakeCheck(name, lambda: [passed("fine")], after)


def broken(name: str, *after: str) -> FakeCheck:
    return FakeCheck(name, lambda: [failure("gone", "there", "look")], after)


def statuses(checks: Sequence[Check]) -> dict[str, Status]:
    return {finding.check: finding.status for finding in examine(checks, 60, Story(), SystemClock())}


def test_what_builds_on_a_failed_check_is_not_made_and_names_the_first_cause() -> None:
    checks = [well("a"), broken("b", "a"), well("c", "b"), well("d", "c"), well("e", "a")]
    findings = examine(checks, 60, Story(), SystemClock())
    assert [finding.status for finding in findings] == ["passed", "failed", "skipped", "skipped", "passed"]
    assert [finding.notes[0].found for finding in findings[2:4]] == ["not made: it needs b"] * 2


def test_a_warning_keeps_nothing_from_being_made() -> None:
    warned = FakeCheck("a", lambda: [warning("old", "new", "renew")])
    assert statuses([warned, well("b", "a")]) == {"a": Status.WARNING, "b": Status.PASSED}


def test_a_finding_is_as_bad_as_its_worst_note() -> None:
    notes = (skipped("unknown"), passed("fine"), warning("old", "new", "renew"), failure("gone", "there", "look"))
    assert [Finding("a", notes[:count], 0.0).status for count in (1, 2, 3, 4)] == [
        "skipped",
        "passed",
        "warning",
        "failed",
    ]


def test_an_error_of_ours_is_a_failure_with_its_hint_and_its_first_line() -> None:
    def refuse() -> Sequence[Note]:
        raise ConfigurationError("it does not say what it said:\n  a text", hint="train it again")

    (finding,) = examine([FakeCheck("a", refuse)], 60, Story(), SystemClock())
    assert finding.notes == (failure("it does not say what it said", "", "train it again"),)


def test_an_error_that_nobody_foresaw_is_not_hidden() -> None:
    def stumble() -> Sequence[Note]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        examine([FakeCheck("a", stumble)], 60, Story(), SystemClock())


def test_a_check_that_hangs_is_left_behind_and_the_others_are_made() -> None:
    released = threading.Event()

    def hang() -> Sequence[Note]:
        released.wait()
        return []

    try:
        findings = examine([FakeCheck("a", hang, limit_s=0.05), well("b")], 60, Story(), SystemClock())
    finally:
        released.set()
    assert [finding.status for finding in findings] == ["failed", "passed"]
    assert "no answer within" in findings[0].notes[0].found


def test_checks_for_which_no_time_is_left_are_skipped() -> None:
    clock = ManualClock()

    def dawdle() -> Sequence[Note]:
        clock.sleep(31)
        return [passed("fine")]

    findings = examine([FakeCheck("a", dawdle), well("b")], 30, Story(), clock)
    assert [finding.status for finding in findings] == ["passed", "skipped"]
    assert findings[0].seconds == 31
    assert "--within" in findings[1].notes[0].found


def test_a_listener_is_told_of_each_check_before_and_after() -> None:
    story = Story()
    examine([well("a"), broken("b")], 60, story, SystemClock())
    assert story.lines == ["1 a", "1 passed", "2 b", "2 failed"]

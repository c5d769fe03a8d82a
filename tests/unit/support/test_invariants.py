"""The judge of the fault tests finds what it is there to find."""

import dataclasses
from typing import Any

import pytest

from tests.support.experiment import first_after
from tests.support.independent_reader import Found
from tests.support.invariants import MEMORY_MB_MAX, Case, Evidence, Held, Verdict, in_order, judge

PLACES = [(0, 0), (0, 1), (1, 0)]


def found_whole() -> Found:
    found = Found()
    found.inputs |= set(PLACES)
    for place in PLACES:
        found.label_ids[place] = [f"id-{place}"]
        found.labels[place] = "positive"
        found.order[place[0], place[0]].append(place[1])
    return found


def verdict(found: Found, delivery: str = "at-least-once", **evidence: Any) -> Verdict:
    offline = dict.fromkeys(PLACES, "positive")
    case = Case("nothing", delivery, "consumer")
    return judge(case, dataclasses.replace(Evidence(found, offline, 0), **evidence))


def test_where_all_is_well_every_invariant_asked_for_holds() -> None:
    judged = verdict(found_whole(), exits=[0, 0], unsaid=[], recoveries_s=[0.5], peak_memory_mb=MEMORY_MB_MAX - 1)
    assert set(judged.held.values()) == {Held.YES}
    assert judged.broken == {}


def test_what_nobody_asked_about_is_not_said_to_hold() -> None:
    held = verdict(found_whole()).held
    assert {name for name, state in held.items() if state is Held.NOT_ASKED} == {"I5", "I6", "I7", "I9"}


def test_an_input_without_label_or_dead_letter_is_lost() -> None:
    found = found_whole()
    found.inputs.add((1, 1))
    assert verdict(found).broken == {"I1": "1 inputs have neither label nor dead letter"}
    found.dead_letters[1, 1] += 1
    assert verdict(found).broken == {}


def test_a_repeat_under_the_same_id_is_allowed_at_least_once_only() -> None:
    found = found_whole()
    found.label_ids[0, 0] *= 2
    assert verdict(found).broken == {}
    assert set(verdict(found, "exactly-once").broken) == {"I2"}


def test_a_repeat_under_another_id_is_never_allowed() -> None:
    found = found_whole()
    found.label_ids[0, 0].append("another")
    assert set(verdict(found).broken) == {"I2"}


def test_a_dead_letter_that_is_there_twice_is_a_repeat() -> None:
    found = found_whole()
    found.inputs.add((1, 1))
    found.dead_letters[1, 1] += 2
    assert set(verdict(found, "exactly-once").broken) == {"I2"}


def test_a_label_that_offline_scoring_does_not_give_is_found() -> None:
    found = found_whole()
    found.labels[0, 1] = "negative"
    assert set(verdict(found).broken) == {"I4"}


@pytest.mark.parametrize(
    ("evidence", "broken"),
    [
        ({"lag_records": 3}, "I8"),
        ({"exits": [0, 70]}, "I9"),
        ({"unsaid": ["fenced"]}, "I7"),
        ({"recoveries_s": [1.0, None]}, "I6"),
        ({"peak_memory_mb": MEMORY_MB_MAX + 1}, "I5"),
    ],
)
def test_what_a_consumer_owes_beside_its_labels_is_found_missing(evidence: dict[str, Any], broken: str) -> None:
    assert set(verdict(found_whole(), **evidence).broken) == {broken}


@pytest.mark.parametrize(
    ("offsets", "ordered"),
    [([0, 1, 2], True), ([0, 1, 0, 1, 2], True), ([0, 2, 1], False), ([], True), ([3, 4, 3, 2], False)],
)
def test_order_is_that_of_first_occurrences(offsets: list[int], *, ordered: bool) -> None:
    assert in_order(offsets) is ordered


def test_recovery_is_counted_from_the_end_of_the_fault_to_the_first_label_stored_after_it() -> None:
    assert first_after([1_000, 5_500, 6_000], 5.0) == pytest.approx(0.5)
    assert first_after([1_000], 5.0) is None

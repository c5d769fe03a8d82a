"""The loop over reviews that arrive on a schedule."""

import pytest

from consumer.measuring.loop_round import ArrivalSource, round_of_arrivals
from consumer.measuring.rounds import round_of_chunks
from consumer.scoring.batching import BatchLimits
from consumer.scoring.record import ClosedBy
from tests.support.fake_clock import FakeClock
from tests.support.fake_scorer import FakeScorer

VALUES = [b"%d" % number for number in range(6)]


def test_only_what_is_due_is_there() -> None:
    clock = FakeClock()
    source = ArrivalSource(VALUES, 10, clock, clock.advance)
    assert [record.offset() for record in source.poll(BatchLimits(), 1.0)] == [0]
    clock.advance(0.25)
    assert [record.offset() for record in source.poll(BatchLimits(), 1.0)] == [1, 2]


def test_it_waits_for_the_next_one_and_no_longer_than_it_may() -> None:
    clock = FakeClock()
    source = ArrivalSource(VALUES, 10, clock, clock.advance)
    source.poll(BatchLimits(), 1.0)
    assert len(source.poll(BatchLimits(), 0.05)) == 0
    assert [record.offset() for record in source.poll(BatchLimits(), 1.0)] == [1]
    assert clock.monotonic() == pytest.approx(source.due_s(1))


def test_a_full_batch_says_that_more_is_waiting_and_the_end_is_the_end() -> None:
    clock = FakeClock()
    source = ArrivalSource(VALUES, 10, clock, clock.advance)
    clock.advance(10)
    assert source.poll(BatchLimits(records=4), 1.0).closed_by is ClosedBy.COUNT
    assert not source.exhausted()
    assert len(source.poll(BatchLimits(records=4), 1.0)) == 2
    assert source.exhausted()
    assert len(source.poll(BatchLimits(), 1.0)) == 0


def test_the_loop_says_what_a_call_says_and_every_review_has_its_wait() -> None:
    texts = ["good", "bad", "neither", "good"] * 5
    found, said = round_of_arrivals(2000.0)(FakeScorer(), texts)
    _, called = round_of_chunks(0)(FakeScorer(), texts)
    assert list(said.labels) == list(called.labels)
    assert len(found.latencies_s) == len(texts)
    assert all(wait >= 0 for wait in found.latencies_s)
    assert found.seconds >= 19 / 2000

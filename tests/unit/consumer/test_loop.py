"""The loop against its twins in memory: how batches grow, when it rewinds, how it stops."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from consumer.kafka.group import ReadTo
from consumer.scoring.batching import BatchBounds, BatchPolicy, Pace
from consumer.scoring.dead_letter_limit import DeadLetterBounds
from consumer.scoring.decoding import decode
from consumer.scoring.lane import InlineLane, Result
from consumer.scoring.loop import LoopLimits, ScoringLoop
from consumer.scoring.loop_time import LoopState
from shared.errors import ConfigurationError, FatalError, Reason, RetriableError
from tests.support.fake_clock import START_S, FakeClock
from tests.support.fake_scorer import FakeScorer
from tests.support.memory_records import review_value
from tests.support.memory_stream import MemoryLog, MemorySink, MemorySource
from tests.support.recording_observer import RecordingObserver

NO_WAIT = LoopLimits(idle_wait_s=0, busy_wait_s=0, rewinds_max=2)
TRY_AGAIN = RetriableError("the broker is away")


class RecordingLane(InlineLane):
    """Remembers how many batches were scored beside the loop."""

    def __init__(self, width: int = 1) -> None:
        self.width = width
        self.used = 0

    def begin(self, work: Callable[[], Result]) -> Future[Result]:
        self.used += 1
        return super().begin(work)


class Bench:
    """A loop with everything around it."""

    def __init__(
        self,
        records_max: int = 1000,
        read_to: ReadTo = ReadTo.END,
        reviews: int = 0,
        width: int = 1,
        limits: LoopLimits = NO_WAIT,
    ) -> None:
        self.log = MemoryLog()
        self.append(reviews)
        self.clock = FakeClock()
        self.source = MemorySource(self.log, read_to)
        self.sink = MemorySink(self.source)
        self.scorer = FakeScorer(self.clock)
        self.observer = RecordingObserver()
        self.stop_requested = False
        self.policy = BatchPolicy(BatchBounds(records_max))
        self.lane = RecordingLane(width)
        self.loop = ScoringLoop(
            self.source, decode, self.scorer, self.sink, self.observer, self.clock, self.policy, limits, self.lane
        )

    def request_stop(self) -> None:
        self.stop_requested = True

    def hold_until_rewound(self) -> None:
        self.sink.holding = self.observer.rewinds == 0

    def run(self) -> None:
        self.loop.run(lambda: self.stop_requested)

    def append(self, count: int) -> None:
        for number in range(count):
            self.log.append(review_value(f"r{number}", f"a good note, number {number}"))

    def labelled_offsets(self) -> list[int]:
        return [labelled.record.offset() for labelled in self.sink.labelled]


def test_a_record_that_comes_alone_is_a_batch_of_one() -> None:
    bench = Bench(read_to=ReadTo.FOREVER)
    for _ in range(3):
        bench.append(1)
        bench.loop.turn()
    assert bench.observer.batch_sizes() == [1, 1, 1]


def test_what_comes_while_a_batch_is_scored_is_the_next_batch() -> None:
    bench = Bench(read_to=ReadTo.FOREVER, reviews=1)
    bench.scorer.while_scoring = lambda: bench.append(2 * len(bench.scorer.calls[-1]))
    for _ in range(4):
        bench.loop.turn()
    assert bench.observer.batch_sizes() == [1, 2, 4, 8]


def test_a_batch_says_whether_records_ran_out_or_the_limit_was_reached() -> None:
    bench = Bench(4, reviews=10)
    bench.run()
    assert bench.observer.batch_sizes() == [4, 4, 2]
    assert [batch.outcome.batch.closed_by for batch in bench.observer.batches] == ["count", "count", "drained"]


def test_unreadable_record_becomes_a_dead_letter_and_its_neighbours_are_labelled() -> None:
    bench = Bench(read_to=ReadTo.FOREVER)
    bench.log.append(review_value("a", "this is good"))
    bench.log.append(b"this is no JSON")
    bench.log.append(review_value("b", "this is bad"))
    bench.loop.turn()
    bench.loop.settle(0)
    assert [(one.review.review_id, one.label) for one in bench.sink.labelled] == [
        ("a", "positive"),
        ("b", "negative"),
    ]
    assert [letter.record.offset() for letter in bench.sink.dead_letters] == [1]


def test_nothing_to_read_is_told_as_waiting_and_scores_nothing() -> None:
    bench = Bench(read_to=ReadTo.FOREVER)
    bench.loop.turn()
    assert bench.observer.waits == [0.0]
    assert bench.scorer.calls == []


def test_a_bounded_source_is_read_to_its_end_and_drained() -> None:
    bench = Bench(reviews=25)
    bench.run()
    assert bench.labelled_offsets() == list(range(25))
    assert bench.sink.drained == 1


def test_stop_ends_the_reading_and_drains_what_is_in_flight() -> None:
    bench = Bench(1, ReadTo.FOREVER, reviews=10)
    bench.sink.holding = True

    def stop_at_the_third() -> None:
        if len(bench.scorer.calls) == 3:
            bench.sink.holding = False
            bench.stop_requested = True

    bench.scorer.while_scoring = stop_at_the_third
    bench.run()
    assert bench.labelled_offsets() == [0, 1, 2]
    assert bench.sink.drained == 1


def test_what_cannot_be_drained_after_a_stop_is_told_and_not_tried_again() -> None:
    bench = Bench(read_to=ReadTo.FOREVER, reviews=3)
    bench.sink.holding = True
    bench.scorer.while_scoring = bench.request_stop
    with pytest.raises(RetriableError):
        bench.run()
    assert bench.observer.rewinds == 0


def test_after_a_retriable_error_everything_undelivered_is_read_again() -> None:
    bench = Bench(1, reviews=4)
    bench.sink.failures.extend([None, TRY_AGAIN])
    bench.run()
    assert bench.observer.rewinds == 1
    assert bench.labelled_offsets() == [0, 1, 2, 3]


def test_what_is_in_flight_when_an_error_comes_is_given_up_and_read_again() -> None:
    bench = Bench(1, reviews=3)
    bench.sink.holding = True
    bench.sink.failures.extend([None, None, TRY_AGAIN])
    bench.scorer.while_scoring = bench.hold_until_rewound
    bench.run()
    assert [call[0][-1] for call in bench.scorer.calls] == ["0", "1", "2", "0", "1", "2"]
    assert bench.labelled_offsets() == [0, 1, 2]


def test_a_drain_that_fails_at_the_end_is_rewound_too() -> None:
    bench = Bench(reviews=3)
    bench.sink.holding = True
    bench.scorer.while_scoring = bench.hold_until_rewound
    bench.run()
    assert bench.observer.rewinds == 1
    assert bench.labelled_offsets() == [0, 1, 2]


def test_an_error_that_stays_ends_the_process_after_the_allowed_rewinds() -> None:
    bench = Bench(reviews=3)
    bench.sink.failures.extend([TRY_AGAIN] * 10)
    with pytest.raises(FatalError, match="after 2 attempts: the broker is away"):
        bench.run()
    assert bench.observer.rewinds == 2
    assert len(bench.scorer.calls) == 3


def test_an_acknowledgement_in_between_starts_the_count_of_rewinds_anew() -> None:
    bench = Bench(1, reviews=4)
    bench.sink.failures.extend([TRY_AGAIN, TRY_AGAIN, None, TRY_AGAIN, TRY_AGAIN, None])
    bench.run()
    assert bench.observer.rewinds == 4
    assert bench.labelled_offsets() == [0, 1, 2, 3]


def test_a_batch_handed_over_but_not_acknowledged_does_not_start_the_count_anew() -> None:
    bench = Bench(1, reviews=4)
    bench.sink.holding = True
    bench.sink.failures.extend([None, TRY_AGAIN] * 5)
    with pytest.raises(FatalError):
        bench.run()
    assert bench.observer.rewinds == 2


def test_an_error_that_needs_an_operator_ends_the_loop_at_once() -> None:
    bench = Bench(reviews=1)
    bench.sink.failures.append(FatalError("fenced"))
    with pytest.raises(FatalError, match="fenced"):
        bench.run()
    assert bench.observer.rewinds == 0


def test_times_of_a_batch_are_those_of_its_steps() -> None:
    bench = Bench(reviews=4)
    bench.scorer.text_s = 0.5
    bench.run()
    (batch,) = bench.observer.batches
    assert batch.times.score_s == pytest.approx(2.0)
    assert (batch.times.poll_s, batch.times.decode_s, batch.times.deliver_s) == (0, 0, 0)
    assert bench.loop.time.spent_s()[LoopState.SCORE] == pytest.approx(2.0)
    assert batch.outcome.work_s == pytest.approx(2.0)
    assert batch.outcome.scored_at == datetime.fromtimestamp(START_S + 2, UTC)


def test_a_records_time_in_the_queue_is_its_age_when_read_and_unknown_without_a_time_stamp() -> None:
    bench = Bench(reviews=3)
    records = bench.log.partitions[0]
    stamps = [(START_S - 1.5) * 1000, -1, (START_S + 2) * 1000]
    bench.log.partitions[0] = [replace(one, stamp_ms=int(ms)) for one, ms in zip(records, stamps, strict=True)]
    bench.run()
    (batch,) = bench.observer.batches
    np.testing.assert_allclose(batch.times.queue_s, [1.5, np.nan, -2.0])


def test_every_record_of_a_batch_is_in_its_outcome() -> None:
    bench = Bench(reviews=5)
    bench.run()
    (batch,) = bench.observer.batches
    assert batch.outcome.batch.records == bench.log.partitions[0]


def test_with_a_backlog_a_batch_is_scored_beside_the_loop_and_still_delivered_in_order() -> None:
    bench = Bench(3, reviews=10)
    bench.run()
    assert bench.labelled_offsets() == list(range(10))
    assert bench.lane.used == 3
    assert bench.sink.drained == 1


def test_a_wider_lane_has_more_batches_at_once_and_they_are_still_delivered_in_order() -> None:
    bench = Bench(3, reviews=20, width=3, read_to=ReadTo.FOREVER)
    for _ in range(4):
        bench.loop.turn()
    assert bench.lane.used == 4
    assert len(bench.observer.batches) == 1
    bench.loop.settle(10)
    assert bench.labelled_offsets() == list(range(12))


def test_a_loop_without_a_limit_of_dead_letters_goes_on() -> None:
    bench = Bench(read_to=ReadTo.FOREVER, limits=replace(NO_WAIT, dead_letters=None))
    for _ in range(2 * DeadLetterBounds().consecutive):
        bench.log.append(b"this is no JSON")
    bench.loop.turn()
    bench.loop.settle(10)
    assert len(bench.sink.dead_letters) == 2 * DeadLetterBounds().consecutive


def test_without_a_backlog_nothing_is_handed_to_another_thread() -> None:
    bench = Bench(read_to=ReadTo.FOREVER)
    for _ in range(5):
        bench.append(2)
        bench.loop.turn()
    assert bench.lane.used == 0


def test_a_batch_that_is_being_scored_is_delivered_when_nothing_else_comes() -> None:
    bench = Bench(5, read_to=ReadTo.FOREVER, reviews=5)
    bench.loop.turn()
    assert bench.observer.batch_sizes() == []
    bench.loop.turn()
    assert bench.observer.batch_sizes() == [5]


def test_settling_delivers_what_is_being_scored_before_partitions_go() -> None:
    bench = Bench(5, read_to=ReadTo.FOREVER, reviews=7)
    bench.loop.turn()
    bench.loop.settle(1)
    assert bench.labelled_offsets() == [0, 1, 2, 3, 4]
    assert bench.sink.drained == 1
    bench.loop.turn()
    bench.loop.settle(1)
    assert bench.labelled_offsets() == list(range(7))


def test_a_rewind_forgets_the_batch_that_is_being_scored_and_reads_it_again() -> None:
    bench = Bench(2, reviews=6)
    bench.sink.failures.append(TRY_AGAIN)
    bench.run()
    assert bench.labelled_offsets() == list(range(6))
    assert bench.observer.rewinds == 1


def test_a_text_that_cannot_be_scored_becomes_a_dead_letter_and_its_neighbours_are_labelled() -> None:
    bench = Bench(reviews=9)

    def fail_on_number_four() -> None:
        if any("number 4" in text for text in bench.scorer.calls[-1]):
            raise ZeroDivisionError

    bench.scorer.while_scoring = fail_on_number_four
    bench.run()
    assert bench.labelled_offsets() == [0, 1, 2, 3, 5, 6, 7, 8]
    (letter,) = bench.sink.dead_letters
    assert (letter.record.offset(), letter.reason, letter.stage) == (4, Reason.SCORING_FAILED, "score")


def test_too_many_dead_letters_stop_the_loop_before_any_of_them_is_delivered() -> None:
    bench = Bench(read_to=ReadTo.FOREVER)
    for _ in range(DeadLetterBounds().consecutive):
        bench.log.append(b"this is no JSON")
    with pytest.raises(ConfigurationError, match="looks like an outage"):
        bench.loop.turn()
    assert bench.sink.dead_letters == []


def test_late_reviews_put_the_policy_into_catch_up_and_fresh_ones_end_it() -> None:
    bench = Bench(read_to=ReadTo.FOREVER)
    for age_s, pace in ((5.0, Pace.CATCH_UP), (0.1, Pace.STEADY)):
        bench.log.append(review_value("r", "a good note"))
        records = bench.log.partitions[0]
        records[-1] = replace(records[-1], stamp_ms=int((START_S - age_s) * 1000))
        bench.loop.turn()
        assert bench.policy.pace is pace

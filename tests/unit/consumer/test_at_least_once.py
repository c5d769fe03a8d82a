"""The at-least-once sink against a producer that answers when the test says so."""

import pytest
from confluent_kafka import KafkaError

from consumer.kafka.delivery import NEEDS_AN_OPERATOR, delivery_failure
from consumer.scoring.oldest import OldestRecord
from shared.errors import ConfigurationError, FatalError, FencedError, RetriableError
from tests.support.memory_records import TOPIC, MemoryRecord, reviews
from tests.support.sink_bench import LABELS, LETTERS, SinkBench

TIMED_OUT = KafkaError(KafkaError._MSG_TIMED_OUT)
P0, P1 = (TOPIC, 0), (TOPIC, 1)


def bad(offset: int, partition: int = 0) -> MemoryRecord:
    return MemoryRecord(b"no review", partition, offset)


def test_deliver_returns_before_anything_is_acknowledged_and_the_next_batch_may_follow() -> None:
    bench = SinkBench()
    bench.deliver(reviews(3))
    bench.deliver(reviews(2, first=3))
    assert len(bench.producer.held) == 5
    assert bench.sink.advance(0) == 5
    assert bench.committer.commits == []


def test_each_review_gets_a_label_and_each_bad_record_a_dead_letter() -> None:
    bench = SinkBench()
    bench.deliver([*reviews(1), bad(1), *reviews(1, first=2)])
    sent = [(message.topic, message.key) for message in bench.producer.sent]
    assert sorted(sent, key=str) == [(LABELS, b"0-0"), (LABELS, b"0-2"), (LETTERS, None)]


def test_a_batch_is_committed_past_its_last_record_in_each_partition_once_all_of_it_is_acknowledged() -> None:
    bench = SinkBench()
    bench.deliver([*reviews(2, first=7), *reviews(1, partition=1, first=40), bad(9)])
    *others, last = bench.producer.held
    bench.producer.release(*others)
    assert bench.sink.advance(0) == 4
    assert bench.committer.commits == []
    bench.producer.release(last)
    assert bench.sink.advance(0) == 0
    assert bench.committer.commits == [{P0: 10, P1: 41}]


def test_a_batch_acknowledged_early_waits_for_the_one_before_it() -> None:
    bench = SinkBench()
    bench.deliver(reviews(2))
    bench.deliver(reviews(2, first=2))
    first, second = bench.producer.held[:2], bench.producer.held[2:]
    bench.producer.release(*second)
    assert bench.sink.advance(0) == 4
    assert bench.committer.commits == []
    bench.producer.release(*first)
    assert bench.sink.advance(0) == 0
    assert bench.committer.committed() == {P0: 4}


def test_commits_are_no_more_frequent_than_the_interval_and_none_is_forgotten() -> None:
    bench = SinkBench(commit_interval_s=0.2)
    for first in range(3):
        bench.deliver(reviews(1, first=first))
        bench.producer.release_all()
        bench.sink.advance(0)
    assert bench.committer.commits == [{P0: 1}]
    bench.clock.advance(0.25)
    bench.sink.advance(0)
    assert bench.committer.commits == [{P0: 1}, {P0: 3}]
    bench.sink.advance(0)
    assert len(bench.committer.commits) == 2


def test_the_observer_hears_of_a_batch_when_it_is_durable() -> None:
    bench = SinkBench()
    bench.deliver([*reviews(2), MemoryRecord(b"no review", 0, 2, stamp_ms=1_600_000_000_000)])
    assert bench.observer.durable == []
    bench.clock.advance(0.5)
    bench.producer.release_all()
    bench.sink.advance(0)
    (durable,) = bench.observer.durable
    assert durable.timestamps_ms == [1_700_000_000_000, 1_700_000_000_000, 1_600_000_000_000]
    assert durable.oldest == OldestRecord(0, 2, 1_600_000_000_000, None)
    assert durable.last == {P0: 2}
    assert durable.durable_after_s == pytest.approx(0.5)


def test_a_batch_waits_for_room_when_too_much_is_in_flight() -> None:
    bench = SinkBench(inflight_records_max=4)
    bench.deliver(reviews(3))
    bench.producer.while_waiting = bench.producer.release_all
    bench.deliver(reviews(2, first=3))
    assert bench.committer.commits == [{P0: 3}]
    assert len(bench.producer.held) == 2
    assert bench.observer.signs_of_life > 0


def test_room_for_exactly_the_batch_is_room_enough() -> None:
    bench = SinkBench(inflight_records_max=5)
    bench.deliver(reviews(3))
    bench.deliver(reviews(2, first=3))
    assert len(bench.producer.held) == 5
    assert bench.observer.signs_of_life == 0


def test_a_batch_larger_than_the_room_goes_out_when_nothing_else_is_in_flight() -> None:
    bench = SinkBench(inflight_records_max=2)
    bench.deliver(reviews(3))
    assert len(bench.producer.held) == 3


def test_room_that_never_comes_is_a_retriable_error() -> None:
    bench = SinkBench(inflight_records_max=1)
    bench.deliver(reviews(1))
    with pytest.raises(RetriableError, match="1 records in flight"):
        bench.deliver(reviews(1, first=1))
    assert len(bench.producer.sent) == 1


def test_a_full_queue_is_waited_for_and_the_same_message_is_sent_again() -> None:
    bench = SinkBench()
    bench.producer.full_times = 3
    bench.deliver(reviews(2))
    assert [message.key for message in bench.producer.sent] == [b"0-0", b"0-1"]


def test_a_queue_that_stays_full_is_a_retriable_error_and_commits_nothing() -> None:
    bench = SinkBench()
    bench.producer.full_times = 10_000
    with pytest.raises(RetriableError, match="stays full"):
        bench.deliver(reviews(2))
    assert bench.sink.advance(0) == 2
    assert bench.committer.commits == []


def test_a_failure_told_while_the_queue_is_full_ends_the_wait() -> None:
    bench = SinkBench()
    bench.deliver(reviews(1))
    bench.producer.full_times = 10_000
    bench.producer.while_waiting = lambda: bench.producer.fail(TIMED_OUT, *bench.producer.held)
    with pytest.raises(RetriableError, match="_MSG_TIMED_OUT"):
        bench.deliver(reviews(1, first=1))


def test_drain_waits_for_every_acknowledgement_and_then_for_the_commit() -> None:
    bench = SinkBench(commit_interval_s=1000)
    bench.deliver(reviews(2))
    bench.deliver(reviews(2, first=2))
    bench.producer.while_waiting = lambda: bench.producer.release(bench.producer.held[0])
    bench.sink.drain(30)
    assert bench.committer.waited_for == [{P0: 4}]
    assert bench.sink.advance(0) == 0


def test_drain_with_nothing_in_flight_still_waits_for_a_commit_that_was_put_off() -> None:
    bench = SinkBench(commit_interval_s=1000)
    bench.clock.advance(2000)
    for first in range(2):
        bench.deliver(reviews(1, first=first))
        bench.producer.release_all()
        bench.sink.advance(0)
    bench.sink.drain(30)
    assert bench.committer.waited_for == [{P0: 2}]


def test_drain_waits_for_the_answer_to_commits_that_were_sent_before_but_not_twice() -> None:
    bench = SinkBench()
    for first in range(2):
        bench.deliver([*reviews(1, first=first), *reviews(1, partition=1, first=first)])
        bench.producer.release_all()
        bench.sink.advance(0)
    assert bench.committer.waited_for == []
    bench.sink.drain(30)
    bench.sink.drain(30)
    assert bench.committer.waited_for == [{P0: 2, P1: 2}]


def test_the_commit_of_a_drain_has_the_time_that_the_acknowledgements_left() -> None:
    bench = SinkBench(commit_interval_s=1000)
    bench.deliver(reviews(1))
    bench.producer.while_waiting = bench.producer.release_all
    bench.sink.drain(30)
    assert bench.committer.deadlines_s == [pytest.approx(30, abs=1)]


def test_drain_gives_up_at_its_deadline_and_commits_nothing() -> None:
    bench = SinkBench()
    bench.deliver(reviews(3))
    with pytest.raises(RetriableError, match="3 records were not acknowledged within 7 s"):
        bench.sink.drain(7)
    assert bench.committer.commits == []


def test_a_failed_label_is_raised_and_its_batch_is_never_committed() -> None:
    bench = SinkBench()
    bench.deliver(reviews(3))
    bench.producer.fail(TIMED_OUT, bench.producer.held[1])
    bench.producer.release_all()
    for _ in range(3):
        with pytest.raises(RetriableError, match=f"a message to {LABELS} was not delivered: _MSG_TIMED_OUT"):
            bench.sink.advance(0)
    assert bench.committer.commits == []


def test_a_failed_dead_letter_stops_the_commit_of_its_batch() -> None:
    bench = SinkBench()
    bench.deliver([*reviews(2), bad(2)])
    (letter,) = [message for message in bench.producer.held if message.topic == LETTERS]
    bench.producer.fail(TIMED_OUT, letter)
    bench.producer.release_all()
    with pytest.raises(RetriableError, match=f"a message to {LETTERS}"):
        bench.sink.advance(0)
    assert bench.committer.commits == []


def test_the_first_failure_is_the_one_that_is_told() -> None:
    bench = SinkBench()
    bench.deliver(reviews(2))
    bench.producer.fail(KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED), bench.producer.held[0])
    bench.producer.fail(TIMED_OUT, bench.producer.held[0])
    with pytest.raises(ConfigurationError):
        bench.sink.advance(0)


def test_batches_before_the_failed_one_are_durable_and_committed_later() -> None:
    bench = SinkBench()
    bench.deliver(reviews(1))
    bench.deliver(reviews(1, first=1))
    bench.producer.release(bench.producer.held[0])
    bench.producer.fail(TIMED_OUT, bench.producer.held[0])
    with pytest.raises(RetriableError):
        bench.sink.advance(0)
    bench.sink.abandon()
    bench.sink.drain(1)
    assert bench.committer.committed() == {P0: 1}


def test_late_reports_of_what_was_abandoned_touch_nothing() -> None:
    bench = SinkBench()
    bench.deliver(reviews(3))
    bench.sink.abandon()
    assert bench.sink.advance(0) == 0
    bench.producer.fail(TIMED_OUT, bench.producer.held[0])
    bench.producer.release_all()
    assert bench.sink.advance(0) == 0
    assert bench.committer.commits == []
    assert bench.observer.durable == []


def test_after_abandoning_the_same_records_are_delivered_afresh() -> None:
    bench = SinkBench()
    bench.deliver(reviews(2))
    old = list(bench.producer.held)
    bench.sink.abandon()
    bench.deliver(reviews(2))
    bench.producer.release(*old)
    assert bench.sink.advance(0) == 2
    assert bench.committer.commits == []
    bench.producer.release_all()
    assert bench.sink.advance(0) == 0
    assert bench.committer.commits == [{P0: 2}]
    assert [message.headers for message in bench.producer.sent[:2]] == [
        message.headers for message in bench.producer.sent[2:]
    ]


def test_a_commit_that_fails_is_tried_again() -> None:
    bench = SinkBench()
    bench.deliver(reviews(1))
    bench.producer.release_all()
    bench.committer.failure = RetriableError("no coordinator")
    with pytest.raises(RetriableError, match="no coordinator"):
        bench.sink.advance(0)
    bench.sink.abandon()
    bench.sink.advance(0)
    assert bench.committer.commits == [{P0: 1}]


def test_a_commit_that_fails_in_a_drain_is_tried_again_by_the_next() -> None:
    bench = SinkBench()
    bench.deliver(reviews(1))
    bench.producer.release_all()
    bench.sink.advance(0)
    bench.committer.failure = RetriableError("no coordinator")
    with pytest.raises(RetriableError, match="no coordinator"):
        bench.sink.drain(1)
    bench.sink.drain(1)
    assert bench.committer.waited_for == [{P0: 1}]


def test_a_message_the_client_refuses_is_told_by_its_reaction() -> None:
    bench = SinkBench()
    bench.producer.refusal = KafkaError(KafkaError.MSG_SIZE_TOO_LARGE)
    with pytest.raises(ConfigurationError, match=r"MSG_SIZE_TOO_LARGE") as caught:
        bench.deliver(reviews(1))
    assert "max.message.bytes" in caught.value.hint


@pytest.mark.parametrize("code", NEEDS_AN_OPERATOR)
def test_what_only_an_operator_can_mend_is_a_configuration_error_with_a_hint(code: int) -> None:
    failure = delivery_failure(KafkaError(code), LABELS)
    assert isinstance(failure, ConfigurationError)
    assert failure.hint


def test_a_fatal_error_asks_for_a_new_process_and_any_other_for_another_try() -> None:
    assert isinstance(delivery_failure(KafkaError(KafkaError._FENCED, "fenced", fatal=True), LABELS), FatalError)
    assert isinstance(delivery_failure(KafkaError(KafkaError.NOT_ENOUGH_REPLICAS), LABELS), RetriableError)


@pytest.mark.parametrize(
    ("code", "reaction"),
    [(KafkaError._FENCED, FencedError), (KafkaError.OUT_OF_ORDER_SEQUENCE_NUMBER, FatalError)],
)
def test_what_ended_the_client_ends_the_process_with_its_own_code(code: int, reaction: type[FatalError]) -> None:
    bench = SinkBench()
    bench.deliver(reviews(1))
    bench.producer.ended_by = KafkaError(code, "it has ended", fatal=True)
    with pytest.raises(FatalError, match="it has ended") as caught:
        bench.sink.advance(0)
    assert type(caught.value) is reaction

"""Exactly-once delivery against transactions that fail when the test says so; each rule has a test of its name."""

import sys
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest
from confluent_kafka import KafkaError

from consumer.kafka.delivery import DeliverySettings
from consumer.kafka.transaction_steps import REFUSED, transaction_failure
from consumer.kafka.transactions import ExactlyOnceSink
from consumer.scoring.lane import InlineLane, Lane, Result
from consumer.scoring.oldest import OldestRecord
from consumer.scoring.record import Batch, Partition, Record
from shared.errors import ConfigurationError, FatalError, FencedError, RetriableError
from tests.support.fake_clock import FakeClock
from tests.support.fake_scorer import outcome_of
from tests.support.fake_transactions import FakeTransactions
from tests.support.memory_records import TOPIC, MemoryRecord, reviews
from tests.support.recording_observer import RecordingObserver

LABELS, LETTERS = "labels", "letters"
P0, P1 = (TOPIC, 0), (TOPIC, 1)
ABORTABLE = KafkaError(KafkaError.ILLEGAL_GENERATION, "generation", txn_requires_abort=True)
RETRIABLE = KafkaError(KafkaError.CONCURRENT_TRANSACTIONS, "busy", retriable=True)
TIMED_OUT = KafkaError(KafkaError._TIMED_OUT, "too late", retriable=True)
FENCED = KafkaError(KafkaError._FENCED, "fenced", fatal=True)


def membership(generation: int) -> bytes:
    """Return what the client says of a membership, as confluent_kafka writes it."""
    return b"CGMDv2:" + generation.to_bytes(4, sys.byteorder, signed=True) + b"shop\x00member\x00\x01"


class HeldLane:
    """A Lane whose work is done when the test lets it."""

    width = 1

    def __init__(self) -> None:
        self._waiting: list[Callable[[], None]] = []

    def begin(self, work: Callable[[], Result]) -> "Future[Result]":
        future: Future[Result] = Future()

        def do() -> None:
            try:
                future.set_result(work())
            except Exception as error:  # noqa: BLE001 - as a thread would keep it
                future.set_exception(error)

        self._waiting.append(do)
        return future

    def release(self) -> None:
        self._waiting.pop(0)()


class Bench:
    """A sink with everything around it in the test's hands."""

    def __init__(self, lane: Lane | None = None) -> None:
        self.clock = FakeClock()
        self.broker = FakeTransactions(self.clock)
        self.observer = RecordingObserver()
        self.delivered: dict[Partition, int] = {}
        fake: Any = self.broker
        settings = DeliverySettings(LABELS, LETTERS, room_wait_s_max=0.2)
        self.sink = ExactlyOnceSink(
            fake, settings, self.observer, self.observer, self.clock, lane or InlineLane(), self.delivered.update
        )

    def deliver(self, records: list[MemoryRecord], generation: int = 3) -> None:
        batch: list[Record] = list(records)
        size_bytes = sum(len(record.value() or b"") for record in batch)
        self.sink.deliver(outcome_of(Batch(batch, size_bytes, membership=membership(generation))))


def test_labels_dead_letters_and_offsets_of_a_batch_are_one_transaction() -> None:
    bench = Bench()
    bench.deliver([*reviews(2), MemoryRecord(b"?", 0, 2), *reviews(1, partition=1, first=7)])
    (transaction,) = bench.broker.committed
    assert sorted(transaction.sent, key=str) == [
        (LABELS, b"0-0"), (LABELS, b"0-1"), (LABELS, b"1-7"), (LETTERS, None),
    ]  # fmt: skip
    assert transaction.offsets == {0: 3, 1: 8}
    assert bench.broker.steps == ["begin", "offsets", "commit"]


def test_start_takes_over_the_transactional_id() -> None:
    bench = Bench()
    bench.sink.start()
    assert bench.broker.steps == ["init"]


def test_rule_1_offsets_are_those_behind_the_batch_whatever_was_read_since() -> None:
    bench = Bench()
    bench.deliver(reviews(5, first=10))
    bench.deliver(reviews(1, first=15))
    assert [transaction.offsets for transaction in bench.broker.committed] == [{0: 15}, {0: 16}]


def test_rule_2_a_full_queue_is_waited_for_and_the_same_message_goes_out() -> None:
    bench = Bench()
    bench.broker.full_times = 3
    bench.deliver(reviews(2))
    assert bench.broker.committed[0].sent == [(LABELS, b"0-0"), (LABELS, b"0-1")]


def test_rule_2_a_queue_that_stays_full_is_given_up_and_nothing_of_the_batch_shows() -> None:
    bench = Bench()
    bench.broker.full_times = 1000
    with pytest.raises(RetriableError, match="stays full"):
        bench.deliver(reviews(2))
    bench.sink.abandon()
    assert (bench.broker.committed, len(bench.broker.aborted)) == ([], 1)


def test_rule_3_a_retriable_error_is_answered_by_the_same_call() -> None:
    bench = Bench()
    for step in ("begin", "offsets"):
        bench.broker.failures[step].extend([RETRIABLE, RETRIABLE])
    bench.deliver(reviews(2))
    assert bench.broker.steps == ["begin"] * 3 + ["offsets"] * 3 + ["commit"]
    assert bench.sink.advance(0) == 0


def test_rule_3_a_retriable_error_that_stays_is_given_up_after_a_while() -> None:
    bench = Bench()
    bench.broker.failures["offsets"].extend([RETRIABLE] * 10_000)
    bench.deliver(reviews(2))
    with pytest.raises(RetriableError, match="send_offsets_to_transaction: CONCURRENT_TRANSACTIONS"):
        bench.sink.advance(0)
    assert len(bench.broker.steps) < 1000


@pytest.mark.parametrize("step", ["offsets", "commit"])
def test_rule_3_what_requires_an_abort_is_aborted_and_delivered_afresh(step: str) -> None:
    bench = Bench()
    bench.broker.failures[step].append(ABORTABLE)
    bench.deliver(reviews(2))
    with pytest.raises(RetriableError, match="ILLEGAL_GENERATION"):
        bench.sink.advance(0)
    assert bench.delivered == {}
    bench.sink.abandon()
    bench.deliver(reviews(2))
    assert bench.sink.advance(0) == 0
    assert (len(bench.broker.aborted), len(bench.broker.committed)) == (1, 1)
    assert bench.delivered == {P0: 2}
    assert [outcome for outcome, _ in bench.observer.transactions] == ["aborted", "committed"]


def test_rule_3_a_commit_whose_outcome_nobody_knows_ends_the_process() -> None:
    bench = Bench()
    bench.broker.failures["commit"].append(TIMED_OUT)
    bench.deliver(reviews(2))
    with pytest.raises(FatalError, match="nobody can tell whether the last transaction was committed"):
        bench.sink.advance(0)
    assert bench.broker.steps.count("commit") == 1


@pytest.mark.parametrize("step", ["begin", "produce", "offsets", "commit", "poll"])
def test_rule_4_a_fenced_process_says_so_and_leaves_with_a_code_of_its_own(step: str) -> None:
    bench = Bench()
    bench.broker.failures[step].extend([FENCED, FENCED])

    def deliver_twice() -> None:
        bench.deliver(reviews(1))
        bench.deliver(reviews(1, first=1))

    with pytest.raises(FencedError) as caught:
        deliver_twice()
    assert "--instance" in caught.value.hint
    assert FencedError("").exit_code not in {0, 1, 2, FatalError("").exit_code}


def test_rule_5_drain_waits_for_the_last_transaction() -> None:
    lane = HeldLane()
    bench = Bench(lane)
    bench.deliver(reviews(2))
    with pytest.raises(RetriableError, match="the transaction of 2 records did not end"):
        bench.sink.drain(0.01)
    lane.release()
    bench.sink.drain(0.01)
    assert bench.delivered == {P0: 2}


def test_a_transaction_that_never_ends_ends_the_process_whoever_waits_for_it() -> None:
    bench = Bench(HeldLane())
    bench.deliver(reviews(2))
    with pytest.raises(FatalError, match="the transaction of 2 records did not end"):
        bench.deliver(reviews(1, first=2))
    with pytest.raises(FatalError, match="the transaction of 2 records did not end"):
        bench.sink.abandon()


def test_the_membership_shown_is_the_one_of_the_poll_that_gave_the_batch() -> None:
    bench = Bench()
    bench.deliver(reviews(1), generation=3)
    bench.deliver(reviews(1, first=1), generation=9)
    assert [transaction.membership for transaction in bench.broker.committed] == [membership(3), membership(9)]


def test_records_read_without_a_membership_are_never_committed() -> None:
    bench = Bench()
    with pytest.raises(RetriableError, match="no member of the group"):
        bench.deliver(reviews(1), generation=-1)
    assert bench.broker.steps == []


def test_a_membership_written_in_an_unknown_way_ends_the_process() -> None:
    with pytest.raises(FatalError, match="unknown way"):
        Bench().sink.deliver(outcome_of(Batch([*reviews(1)], membership=b"CGMDv9:")))


def test_a_transaction_is_in_flight_until_it_is_committed_and_the_next_one_waits_for_it() -> None:
    lane = HeldLane()
    bench = Bench(lane)
    bench.deliver(reviews(3))
    assert bench.sink.advance(0) == 3
    assert bench.observer.durable == []
    lane.release()
    assert bench.sink.advance(0) == 0
    assert [batch.last for batch in bench.observer.durable] == [{P0: 2}]
    assert [batch.oldest for batch in bench.observer.durable] == [OldestRecord(0, 0, 1_700_000_000_000, None)]
    assert bench.delivered == {P0: 3}


def test_a_commit_under_way_that_succeeds_is_not_undone_by_abandoning() -> None:
    bench = Bench()
    bench.deliver(reviews(3))
    bench.sink.abandon()
    assert (bench.delivered, bench.broker.aborted) == ({P0: 3}, [])
    bench.sink.abandon()
    assert len(bench.observer.durable) == 1


def test_abandoning_aborts_what_was_never_handed_over() -> None:
    bench = Bench()
    bench.broker.failures["produce"].extend([ABORTABLE, ABORTABLE])
    with pytest.raises(RetriableError):
        bench.deliver(reviews(1))
    bench.sink.abandon()
    assert len(bench.broker.aborted) == 1
    assert bench.sink.advance(0) == 0


def test_what_a_transaction_costs_is_told_without_the_wait_for_the_one_before() -> None:
    bench = Bench()
    bench.broker.commit_s = 0.012
    bench.deliver(reviews(2))
    bench.clock.advance(5)
    bench.deliver(reviews(2, first=2))
    bench.sink.drain(1)
    assert [seconds for _, seconds in bench.observer.costs] == pytest.approx([0.012, 0.012])
    assert [ended for ended, _ in bench.observer.transactions] == ["committed", "committed"]
    assert [seconds for _, seconds in bench.observer.transactions] == pytest.approx([0.012, 0.012])


def test_close_aborts_what_is_open_so_that_readers_need_not_wait() -> None:
    bench = Bench()
    bench.broker.failures["commit"].append(KafkaError(KafkaError.MSG_SIZE_TOO_LARGE, "", txn_requires_abort=True))
    bench.deliver(reviews(1))
    with pytest.raises(ConfigurationError, match="MSG_SIZE_TOO_LARGE"):
        bench.sink.advance(0)
    bench.sink.close()
    assert len(bench.broker.aborted) == 1


@pytest.mark.parametrize("code", REFUSED)
def test_what_only_an_operator_can_mend_is_a_configuration_error_with_a_hint(code: int) -> None:
    failure = transaction_failure("commit_transaction", KafkaError(code, "", txn_requires_abort=True))
    assert isinstance(failure, ConfigurationError)
    assert failure.hint


def test_an_unknown_error_ends_the_process_rather_than_guessing() -> None:
    assert type(transaction_failure("begin_transaction", KafkaError(KafkaError._STATE))) is FatalError
    assert type(transaction_failure("commit_transaction", KafkaError(KafkaError.UNKNOWN, "", fatal=True))) is FatalError

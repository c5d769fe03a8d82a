"""KafkaSource against a consumer of our own making: what no broker does on demand."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from confluent_kafka import KafkaError, TopicPartition

from consumer.scoring.batching import BatchLimits
from consumer.scoring.record import ClosedBy
from shared.errors import ConfigurationError, FatalError, RetriableError
from tests.support.memory_records import TOPIC
from tests.support.source_bench import SourceBench, message

P0, P1 = (TOPIC, 0), (TOPIC, 1)


def test_records_of_a_partition_revoked_during_the_poll_are_not_handed_out() -> None:
    bench = SourceBench("earliest", 0, 1)
    bench.consumer.messages = [message(0, 5), message(1, 7)]
    bench.consumer.while_polling = lambda: bench.revoke(0)
    assert bench.poll() == [(1, 7)]


def test_records_of_a_partition_that_comes_back_during_the_poll_are_handed_out() -> None:
    bench = SourceBench("earliest", 0)
    bench.consumer.messages = [message(0, 5)]

    def give_up_and_get_back() -> None:
        bench.revoke(0)
        bench.assign(0)

    bench.consumer.while_polling = give_up_and_get_back
    assert bench.poll() == [(0, 5)]


def test_after_partitions_were_lost_nothing_in_flight_counts_and_what_is_held_is_read_again() -> None:
    bench = SourceBench("earliest", 0, 1)
    bench.consumer.messages = [message(1, 7)]
    bench.consumer.while_polling = lambda: bench.lose(0)
    with pytest.raises(RetriableError, match="partitions were lost"):
        bench.poll()
    bench.source.rewind()
    assert bench.consumer.sought == {1: 7}


def test_a_batch_that_saw_a_partition_go_says_so() -> None:
    bench = SourceBench("earliest", 0, 1)
    bench.consumer.messages = [message(0, 5), message(1, 7)]

    def give_up_the_first() -> None:
        if bench.source.assigned() == [P0, P1]:
            bench.revoke(0)

    bench.consumer.while_polling = give_up_the_first
    batch = bench.source.poll(BatchLimits(), 0)
    assert ([record.partition() for record in batch], batch.closed_by) == ([1], ClosedBy.REVOKED)


def test_offsets_that_a_transaction_committed_are_where_a_rewind_goes() -> None:
    bench = SourceBench("earliest", 0)
    bench.source.note_delivered({P0: 9, P1: 30})
    bench.source.rewind()
    assert bench.consumer.sought == {0: 9}
    assert bench.consumer.commits == []


def test_what_is_in_flight_is_drained_before_a_partition_goes_and_not_when_it_is_lost() -> None:
    bench = SourceBench("earliest", 0, 1)
    drains: list[int] = []
    bench.source._before_revoke = lambda: drains.append(len(bench.source.assigned()))
    bench.lose(0)
    bench.revoke(1)
    assert drains == [1]
    assert bench.observer.rebalances[1:] == [("lost", 1, 1), ("revoked", 1, 0)]


def test_each_answer_to_the_group_is_given_within_the_context_that_it_was_told_of() -> None:
    bench = SourceBench("earliest", 0)
    steps: list[str] = []

    @contextmanager
    def rebalancing() -> Iterator[None]:
        steps.append("begins")
        yield
        steps.append("ends")

    bench.source.subscribe(lambda: steps.append("settles"), rebalancing)
    for answer in ("on_assign", "on_revoke", "on_lost"):
        bench.consumer.callbacks[answer](bench.consumer, [TopicPartition(*P1)])
    assert steps == ["begins", "ends", "begins", "settles", "ends", "begins", "ends"]


def test_a_drain_that_fails_does_not_keep_the_partition() -> None:
    bench = SourceBench("earliest", 0)

    def fail() -> None:
        raise RetriableError("the broker is away")

    bench.source._before_revoke = fail
    bench.consumer.while_polling = lambda: bench.revoke(0)
    with pytest.raises(RetriableError, match="the broker is away"):
        bench.poll()
    assert bench.source.assigned() == []
    assert bench.consumer.held == []


def test_an_offset_that_fell_off_retention_is_refused_with_how_many_records_are_gone() -> None:
    bench = SourceBench()
    bench.consumer.watermarks = (12, 100)
    with pytest.raises(ConfigurationError, match="7 records of reviews/0 are gone") as caught:
        bench.assign(0)
    assert "--reset-offsets" in caught.value.hint


@pytest.mark.parametrize(("start", "first"), [("earliest", 2), ("latest", 100)])
def test_a_new_group_starts_where_it_was_told_and_rewinds_to_there(start: str, first: int) -> None:
    bench = SourceBench(start)
    bench.consumer.positions = {0: -1001, 1: -1001}
    bench.source.subscribe(before_revoke=lambda: None)
    bench.assign(0)
    bench.source.rewind()
    assert bench.consumer.sought == {0: first}


def test_the_start_at_the_latest_record_is_pinned_for_every_partition_at_once() -> None:
    bench = SourceBench("latest")
    bench.consumer.positions = {0: -1001, 1: -1001}
    bench.source.subscribe(before_revoke=lambda: None)
    bench.assign(0)
    bench.consumer.watermarks = (2, 300)
    bench.assign(1)
    bench.source.rewind()
    assert bench.consumer.sought == {0: 100, 1: 100}


def test_a_partition_added_to_an_old_groups_topic_is_read_from_its_first_record() -> None:
    bench = SourceBench("latest")
    bench.consumer.positions = {0: 5, 1: -1001}
    bench.source.subscribe(before_revoke=lambda: None)
    bench.assign(1)
    bench.source.rewind()
    assert bench.consumer.sought == {1: 2}
    assert bench.consumer.commits == []


def test_a_group_that_stands_behind_the_end_is_refused() -> None:
    bench = SourceBench()
    bench.consumer.watermarks = (0, 4)
    with pytest.raises(ConfigurationError, match=r"group shop stands at 5 of reviews/0, which ends at 4") as caught:
        bench.assign(0)
    assert "--group" in caught.value.hint


@pytest.mark.parametrize(
    ("error", "reaction"),
    [
        (KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED), ConfigurationError),
        (KafkaError(KafkaError.GROUP_AUTHORIZATION_FAILED), ConfigurationError),
        (KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART), ConfigurationError),
        (KafkaError(KafkaError._AUTO_OFFSET_RESET), ConfigurationError),
        (KafkaError(KafkaError.UNSUPPORTED_VERSION), ConfigurationError),
        (KafkaError(KafkaError._FATAL, "fenced", fatal=True), FatalError),
    ],
)
def test_an_error_in_place_of_a_record_is_told_by_its_reaction(error: KafkaError, reaction: type[Exception]) -> None:
    bench = SourceBench("earliest", 0)
    bench.consumer.messages = [message(0, 5, error)]
    with pytest.raises(reaction):
        bench.poll()


def test_an_error_librdkafka_goes_on_after_is_no_record_and_ends_nothing() -> None:
    bench = SourceBench("earliest", 0)
    bench.consumer.messages = [message(0, -1, KafkaError(KafkaError._TRANSPORT)), message(0, 5)]
    assert bench.poll() == [(0, 5)]


def test_a_coordinator_that_is_still_loading_is_asked_again() -> None:
    bench = SourceBench()
    bench.consumer.committed_errors = [KafkaError(KafkaError.COORDINATOR_LOAD_IN_PROGRESS)] * 2
    bench.assign(0)
    assert bench.source.assigned() == [P0]
    assert bench.consumer.committed_errors == []

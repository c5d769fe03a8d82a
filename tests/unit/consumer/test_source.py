"""KafkaSource against a consumer of our own making: what no broker does on demand."""

from collections.abc import Callable, Sequence
from threading import Event
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException, Message, TopicPartition
from confluent_kafka.admin import ClusterMetadata, PartitionMetadata, TopicMetadata

from consumer.kafka.group import GroupSettings, ReadTo
from consumer.kafka.source import KafkaSource
from consumer.scoring.batching import BatchLimits
from consumer.scoring.record import ClosedBy
from shared.errors import ConfigurationError, FatalError, RetriableError
from shared.kafka_client import KafkaSettings
from tests.support.memory_records import TOPIC
from tests.support.recording_observer import RecordingObserver
from tests.support.stream_under_test import Deadline

P0, P1 = (TOPIC, 0), (TOPIC, 1)


class FakeConsumer:
    """What KafkaSource uses of confluent_kafka.Consumer; the group stands at `positions`."""

    def __init__(self) -> None:
        self.positions = {0: 5, 1: 7}
        self.watermarks = (2, 100)
        self.held: list[TopicPartition] = []
        self.commits: list[dict[int, int]] = []
        self.sought: dict[int, int] = {}
        self.messages: list[Message] = []
        self.commit_error: KafkaError | None = None
        self.committed_errors: list[KafkaError] = []
        self.while_polling: Callable[[], None] = lambda: None
        self.while_committing: Callable[[], object] = lambda: None

    def poll(self, timeout: float) -> Message | None:
        del timeout
        self.while_polling()
        return self.messages.pop(0) if self.messages else None

    def consume(self, count: int, timeout: float) -> list[Message]:
        del timeout
        taken, self.messages = self.messages[:count], self.messages[count:]
        return taken

    def commit(self, *, offsets: Sequence[TopicPartition], asynchronous: bool) -> None:
        del asynchronous
        self.while_committing()
        if self.commit_error is not None:
            raise KafkaException(self.commit_error)
        self.commits.append({place.partition: place.offset for place in offsets})
        self.positions |= self.commits[-1]

    def subscribe(self, topics: Sequence[str], **callbacks: object) -> None:
        del topics, callbacks

    def list_topics(self, topic: str, timeout: float) -> ClusterMetadata:
        del timeout
        metadata = ClusterMetadata()
        metadata.topics = {topic: TopicMetadata()}
        metadata.topics[topic].partitions = dict.fromkeys(self.positions, PartitionMetadata())
        return metadata

    def committed(self, partitions: Sequence[TopicPartition], timeout: float) -> list[TopicPartition]:
        del timeout
        if self.committed_errors:
            raise KafkaException(self.committed_errors.pop())
        return [TopicPartition(TOPIC, one.partition, self.positions[one.partition]) for one in partitions]

    def get_watermark_offsets(self, partition: TopicPartition, timeout: float) -> tuple[int, int]:
        del partition, timeout
        return self.watermarks

    def incremental_assign(self, partitions: list[TopicPartition]) -> None:
        self.held += partitions

    def incremental_unassign(self, partitions: list[TopicPartition]) -> None:
        gone = {one.partition for one in partitions}
        self.held = [one for one in self.held if one.partition not in gone]

    def assignment(self) -> list[TopicPartition]:
        return self.held

    def seek(self, partition: TopicPartition) -> None:
        self.sought[partition.partition] = partition.offset


class Bench:
    """A source whose consumer is a fake, with both partitions assigned."""

    def __init__(self, start: str = "earliest", *partitions: int) -> None:
        kafka = KafkaSettings("127.0.0.1:1", kafka_property=("log_level=0",))
        group = GroupSettings("shop", "consumer", start, ReadTo.FOREVER)
        self.observer = RecordingObserver()
        self.source = KafkaSource(kafka, group, TOPIC, self.observer)
        self.consumer = FakeConsumer()
        fake: Any = self.consumer
        self.source._consumer = fake
        self.assign(*partitions)

    def assign(self, *partitions: int) -> None:
        fake: Any = self.consumer
        self.source._assigned(fake, [TopicPartition(TOPIC, number) for number in partitions])

    def revoke(self, *partitions: int) -> None:
        fake: Any = self.consumer
        self.source._revoke(fake, [TopicPartition(TOPIC, number) for number in partitions])

    def lose(self, *partitions: int) -> None:
        fake: Any = self.consumer
        self.source._lost(fake, [TopicPartition(TOPIC, number) for number in partitions])

    def poll(self) -> list[tuple[int, int]]:
        return [(record.partition(), record.offset()) for record in self.source.poll(BatchLimits(), 0)]


def message(partition: int, offset: int, error: KafkaError | None = None) -> Message:
    return Message(topic=TOPIC, partition=partition, offset=offset, value=b"{}", error=error)


def test_a_commit_that_failed_is_made_when_it_is_asked_for_again() -> None:
    bench = Bench("earliest", 0)
    bench.consumer.commit_error = KafkaError(KafkaError.COORDINATOR_NOT_AVAILABLE)
    with pytest.raises(RetriableError):
        bench.source.commit_and_wait({P0: 9}, 10)
    bench.consumer.commit_error = None
    bench.source.commit_and_wait({P0: 9}, 10)
    assert bench.consumer.commits == [{0: 9}]


def poll_until_commits(bench: Bench, count: int) -> None:
    deadline = Deadline()
    while len(bench.consumer.commits) < count:
        assert bench.poll() == []
        deadline.check(f"{count} commits are made")


def test_a_commit_that_failed_after_nobody_waited_is_made_again_without_new_records() -> None:
    bench = Bench("earliest", 0)
    bench.source.commit({P0: 9})
    bench.source._note_commit(KafkaError(KafkaError._TIMED_OUT), [])
    poll_until_commits(bench, 2)
    assert bench.consumer.commits == [{0: 9}, {0: 9}]


def test_a_commit_that_the_client_never_answers_is_made_again_until_it_is_confirmed() -> None:
    bench = Bench("earliest", 0, 1)
    bench.source.commit({P0: 9, P1: 12})
    bench.source._note_commit(None, [TopicPartition(TOPIC, 1, 12)])
    poll_until_commits(bench, 2)
    assert bench.consumer.commits[1:] == [{0: 9}]
    bench.source._note_commit(None, [TopicPartition(TOPIC, 0, 9)])
    assert bench.source._commit_again_at_s == 0.0


def test_a_commit_that_the_broker_never_confirms_is_given_up() -> None:
    bench = Bench("earliest", 0)
    let_go = Event()
    bench.consumer.while_committing = lambda: let_go.wait(10)
    with pytest.raises(RetriableError, match="did not confirm a commit"):
        bench.source.commit_and_wait({P0: 9}, 0.05)
    let_go.set()


def test_a_rewind_after_a_commit_that_failed_does_not_repeat_what_is_delivered() -> None:
    bench = Bench("earliest", 0)
    bench.consumer.commit_error = KafkaError(KafkaError.COORDINATOR_NOT_AVAILABLE)
    with pytest.raises(RetriableError):
        bench.source.commit({P0: 9})
    bench.source.rewind()
    assert bench.consumer.sought == {0: 9}


def test_offsets_are_never_committed_backwards_nor_for_partitions_of_others() -> None:
    bench = Bench("earliest", 0)
    for positions in ({P0: 5}, {P0: 4}, {P1: 50}, {P0: 8}, {P0: 8}, {P0: 6}):
        bench.source.commit(positions)
    assert bench.consumer.commits == [{0: 8}]
    for positions in ({P0: 5}, {P1: 50}, {P0: 9}, {P0: 9}, {P0: 6}):
        bench.source.commit_and_wait(positions, 10)
    assert bench.consumer.commits == [{0: 8}, {0: 9}]


def test_what_was_committed_without_waiting_is_committed_again_by_who_waits() -> None:
    bench = Bench("earliest", 0)
    bench.source.commit({P0: 8})
    bench.source.commit_and_wait({P0: 8}, 10)
    assert bench.consumer.commits == [{0: 8}, {0: 8}]


def test_a_partition_that_went_away_and_came_back_is_not_committed_before_where_others_left_it() -> None:
    bench = Bench("earliest", 0)
    bench.revoke(0)
    bench.source.commit({P0: 20})
    bench.consumer.positions[0] = 30
    bench.assign(0)
    bench.source.commit({P0: 20})
    assert bench.consumer.commits == []


def test_a_commit_refused_since_others_own_the_partition_is_no_error() -> None:
    bench = Bench("earliest", 0)
    bench.consumer.commit_error = KafkaError(KafkaError.ILLEGAL_GENERATION)
    bench.source.commit_and_wait({P0: 9}, 10)


def test_a_commit_of_a_fenced_member_ends_the_process() -> None:
    bench = Bench("earliest", 0)
    bench.consumer.commit_error = KafkaError(KafkaError._FATAL, "fenced", fatal=True)
    with pytest.raises(FatalError):
        bench.source.commit({P0: 9})


def test_records_of_a_partition_revoked_during_the_poll_are_not_handed_out() -> None:
    bench = Bench("earliest", 0, 1)
    bench.consumer.messages = [message(0, 5), message(1, 7)]
    bench.consumer.while_polling = lambda: bench.revoke(0)
    assert bench.poll() == [(1, 7)]


def test_records_of_a_partition_that_comes_back_during_the_poll_are_handed_out() -> None:
    bench = Bench("earliest", 0)
    bench.consumer.messages = [message(0, 5)]

    def give_up_and_get_back() -> None:
        bench.revoke(0)
        bench.assign(0)

    bench.consumer.while_polling = give_up_and_get_back
    assert bench.poll() == [(0, 5)]


def test_after_partitions_were_lost_nothing_in_flight_counts_and_what_is_held_is_read_again() -> None:
    bench = Bench("earliest", 0, 1)
    bench.consumer.messages = [message(1, 7)]
    bench.consumer.while_polling = lambda: bench.lose(0)
    with pytest.raises(RetriableError, match="partitions were lost"):
        bench.poll()
    bench.source.rewind()
    assert bench.consumer.sought == {1: 7}


def test_a_batch_that_saw_a_partition_go_says_so() -> None:
    bench = Bench("earliest", 0, 1)
    bench.consumer.messages = [message(0, 5), message(1, 7)]

    def give_up_the_first() -> None:
        if bench.source.assigned() == [P0, P1]:
            bench.revoke(0)

    bench.consumer.while_polling = give_up_the_first
    batch = bench.source.poll(BatchLimits(), 0)
    assert ([record.partition() for record in batch], batch.closed_by) == ([1], ClosedBy.REVOKED)


def test_offsets_that_a_transaction_committed_are_where_a_rewind_goes() -> None:
    bench = Bench("earliest", 0)
    bench.source.note_delivered({P0: 9, P1: 30})
    bench.source.rewind()
    assert bench.consumer.sought == {0: 9}
    assert bench.consumer.commits == []


def test_what_is_in_flight_is_drained_before_a_partition_goes_and_not_when_it_is_lost() -> None:
    bench = Bench("earliest", 0, 1)
    drains: list[int] = []
    bench.source._before_revoke = lambda: drains.append(len(bench.source.assigned()))
    bench.lose(0)
    bench.revoke(1)
    assert drains == [1]
    assert bench.observer.rebalances[1:] == [("lost", 1, 1), ("revoked", 1, 0)]


def test_a_drain_that_fails_does_not_keep_the_partition() -> None:
    bench = Bench("earliest", 0)

    def fail() -> None:
        raise RetriableError("the broker is away")

    bench.source._before_revoke = fail
    bench.consumer.while_polling = lambda: bench.revoke(0)
    with pytest.raises(RetriableError, match="the broker is away"):
        bench.poll()
    assert bench.source.assigned() == []
    assert bench.consumer.held == []


def test_an_offset_that_fell_off_retention_is_refused_with_how_many_records_are_gone() -> None:
    bench = Bench()
    bench.consumer.watermarks = (12, 100)
    with pytest.raises(ConfigurationError, match="7 records of reviews/0 are gone") as caught:
        bench.assign(0)
    assert "--reset-offsets" in caught.value.hint


@pytest.mark.parametrize(("start", "first"), [("earliest", 2), ("latest", 100)])
def test_a_new_group_starts_where_it_was_told_and_rewinds_to_there(start: str, first: int) -> None:
    bench = Bench(start)
    bench.consumer.positions = {0: -1001, 1: -1001}
    bench.source.subscribe(before_revoke=lambda: None)
    bench.assign(0)
    bench.source.rewind()
    assert bench.consumer.sought == {0: first}


def test_the_start_at_the_latest_record_is_pinned_for_every_partition_at_once() -> None:
    bench = Bench("latest")
    bench.consumer.positions = {0: -1001, 1: -1001}
    bench.source.subscribe(before_revoke=lambda: None)
    bench.assign(0)
    bench.consumer.watermarks = (2, 300)
    bench.assign(1)
    bench.source.rewind()
    assert bench.consumer.sought == {0: 100, 1: 100}


def test_a_partition_added_to_an_old_groups_topic_is_read_from_its_first_record() -> None:
    bench = Bench("latest")
    bench.consumer.positions = {0: 5, 1: -1001}
    bench.source.subscribe(before_revoke=lambda: None)
    bench.assign(1)
    bench.source.rewind()
    assert bench.consumer.sought == {1: 2}
    assert bench.consumer.commits == []


def test_a_group_that_stands_behind_the_end_is_refused() -> None:
    bench = Bench()
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
    bench = Bench("earliest", 0)
    bench.consumer.messages = [message(0, 5, error)]
    with pytest.raises(reaction):
        bench.poll()


def test_an_error_librdkafka_goes_on_after_is_no_record_and_ends_nothing() -> None:
    bench = Bench("earliest", 0)
    bench.consumer.messages = [message(0, -1, KafkaError(KafkaError._TRANSPORT)), message(0, 5)]
    assert bench.poll() == [(0, 5)]


def test_a_coordinator_that_is_still_loading_is_asked_again() -> None:
    bench = Bench()
    bench.consumer.committed_errors = [KafkaError(KafkaError.COORDINATOR_LOAD_IN_PROGRESS)] * 2
    bench.assign(0)
    assert bench.source.assigned() == [P0]
    assert bench.consumer.committed_errors == []

"""Asks the broker how far a group is behind, whether it runs or not; joins no group and commits nothing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar, cast

from confluent_kafka import (
    TIMESTAMP_NOT_AVAILABLE,
    Consumer,
    ConsumerGroupTopicPartitions,
    IsolationLevel,
    KafkaError,
    KafkaException,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, ConsumerGroupDescription, OffsetSpec

from consumer.kafka.group import ACCESS_REFUSED
from consumer.kafka.group_lag import GroupLag, Holder, Standing, Waiting, partition_lags, unread_ranges
from consumer.kafka.range_reader import Ranges
from consumer.scoring.record import Record
from shared.clock import Clock
from shared.errors import ConfigurationError, RetriableError
from shared.kafka_client import KafkaSettings, create_client

Answer = TypeVar("Answer")

REQUEST_S = 10.0
# The first records that wait, of all partitions together; those that don't come in time are unknown.
READ_S_MAX = 10.0
WAIT_S = 0.2
FETCH_BYTES = 64 * 1024
NOT_THERE = "DEAD"


class GroupLagReader:
    """A group's place in a topic, asked for as often as one likes; reads at most one record of each partition."""

    def __init__(self, kafka: KafkaSettings, topic: str, group: str, clock: Clock) -> None:
        self._kafka = kafka
        self._topic = topic
        self._group = group
        self._clock = clock
        self._admin: AdminClient = create_client(AdminClient, kafka.client_config())
        self._consumer: Consumer = create_client(Consumer, _reading_config() | kafka.client_config())

    def read(self) -> GroupLag:
        """Return the lag as it is now.

        Raises ConfigurationError where topic or group are not there, RetriableError where the broker does not answer.
        """
        numbers = self._partitions()
        description = self._admin.describe_consumer_groups([self._group], request_timeout=REQUEST_S)[self._group]
        described: ConsumerGroupDescription = self._ask(description.result)
        # Before the ends: a group that moves on meanwhile is never seen behind them.
        committed = self._committed(numbers)
        state = described.state.name
        if state == NOT_THERE and not committed:
            raise ConfigurationError(
                f"there is no group {self._group}: it has no member and has committed nothing in {self._topic}",
                hint="--group (REVIEWS_GROUP) names the consumer's group; one that never started is not there yet",
            )
        bounds, written = self._ends(numbers)
        first_waiting = self._first_waiting(unread_ranges(committed, bounds))
        standing = Standing(committed, bounds, written, first_waiting, self._holders(described))
        now_s = self._clock.now()
        lags = partition_lags(standing, now_s)
        return GroupLag(self._group, self._topic, state.lower(), len(described.members), now_s, lags)

    def close(self) -> None:
        """Let go of the connections."""
        self._consumer.close()

    def _partitions(self) -> list[int]:
        found = self._ask(lambda: self._admin.list_topics(timeout=REQUEST_S)).topics.get(self._topic)
        if found is None or not found.partitions:
            raise ConfigurationError(
                f"there is no topic {self._topic} on {self._kafka.bootstrap_servers}",
                hint="--input-topic (REVIEWS_INPUT_TOPIC) names it; `review-consumer topics apply` makes it",
            )
        return sorted(found.partitions)

    def _committed(self, numbers: list[int]) -> dict[int, int]:
        asked = ConsumerGroupTopicPartitions(self._group, [TopicPartition(self._topic, number) for number in numbers])
        offsets = self._admin.list_consumer_group_offsets([asked], request_timeout=REQUEST_S)[self._group]
        committed = {}
        for place in self._ask(offsets.result).topic_partitions:
            if place.error is not None:
                raise self._unanswered(place.error)
            if place.offset >= 0:
                committed[place.partition] = place.offset
        return committed

    def _ends(self, numbers: list[int]) -> tuple[dict[int, tuple[int, int]], dict[int, int]]:
        """Return where each partition begins and ends for readers of committed records, and where it really ends."""
        earliest, latest = OffsetSpec.earliest(), OffsetSpec.latest()  # type: ignore[no-untyped-call]
        firsts = self._offsets(numbers, earliest, IsolationLevel.READ_COMMITTED)
        ends = self._offsets(numbers, latest, IsolationLevel.READ_COMMITTED)
        written = self._offsets(numbers, latest, IsolationLevel.READ_UNCOMMITTED)
        return {number: (firsts[number], ends[number]) for number in numbers}, written

    def _offsets(self, numbers: list[int], which: OffsetSpec, isolation: IsolationLevel) -> dict[int, int]:
        asked = {TopicPartition(self._topic, number): which for number in numbers}
        options: dict[str, Any] = {"isolation_level": isolation, "request_timeout": REQUEST_S}
        found = self._ask(lambda: self._admin.list_offsets(asked, **options))
        return {place.partition: self._ask(future.result).offset for place, future in found.items()}

    def _holders(self, described: ConsumerGroupDescription) -> dict[int, Holder]:
        return {
            place.partition: Holder(member.member_id, member.client_id, member.host.removeprefix("/"))
            for member in described.members
            if member.assignment is not None
            for place in member.assignment.topic_partitions
            if place.topic == self._topic
        }

    def _first_waiting(self, ranges: Ranges) -> dict[int, Waiting | None]:
        found: dict[int, Waiting | None] = {}
        if not ranges:
            return found
        deadline_s = self._clock.monotonic() + READ_S_MAX
        self._consumer.assign([TopicPartition(self._topic, number, start) for number, (start, _) in ranges.items()])
        while len(found) < len(ranges) and self._clock.monotonic() < deadline_s:
            message = self._consumer.poll(WAIT_S)
            number = None if message is None else message.partition()
            if message is None or number is None or number not in ranges or number in found:
                continue
            error = message.error()
            if error is None:
                found[number] = _waiting(cast("Record", message))
            elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - librdkafka's local error codes start with _
                found[number] = None
            else:
                continue
            # One record is enough: no more of the partition is fetched.
            self._consumer.incremental_unassign([TopicPartition(self._topic, number)])
        self._consumer.unassign()
        return found

    def _ask(self, question: Callable[[], Answer]) -> Answer:
        try:
            return question()
        except KafkaException as exception:
            raise self._unanswered(exception.args[0]) from exception

    def _unanswered(self, error: KafkaError) -> ConfigurationError | RetriableError:
        about = f"where group {self._group} stands in {self._topic}"
        if error.code() in ACCESS_REFUSED:
            return ConfigurationError(
                f"Kafka refuses to say {about}: {error.str()}", hint="grant Describe on the group, Read on the topic"
            )
        return RetriableError(f"the broker did not say {about}: {error.str()}", hint="is it up?")


@contextmanager
def open_lag_reader(kafka: KafkaSettings, topic: str, group: str, clock: Clock) -> Iterator[GroupLagReader]:
    """Give a reader that lets go of its connections whatever happens."""
    reader = GroupLagReader(kafka, topic, group, clock)
    try:
        yield reader
    finally:
        reader.close()


def _reading_config() -> dict[str, Any]:
    return {
        # It never joins: a client has to have a name for a group all the same.
        "group.id": "reviewstream-lag-reader",
        "enable.auto.commit": False,
        "auto.offset.reset": "error",
        "enable.partition.eof": True,
        "isolation.level": "read_committed",
        # Only the first record is wanted.
        "queued.min.messages": 1,
        "queued.max.messages.kbytes": 1024,
        "fetch.message.max.bytes": FETCH_BYTES,
        "fetch.queue.backoff.ms": 5,
    }


def _waiting(record: Record) -> Waiting:
    kind, stamp_ms = record.timestamp()
    known = kind != TIMESTAMP_NOT_AVAILABLE and stamp_ms >= 0
    return Waiting(record.offset(), stamp_ms / 1000 if known else None)

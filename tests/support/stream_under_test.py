"""One stream with its outside: what the contract of Source and Sink needs, in memory and on Kafka."""

import time
import uuid
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Protocol

from confluent_kafka import Consumer, Producer, TopicPartition

from consumer.kafka.at_least_once import AtLeastOnceSink
from consumer.kafka.dead_letters import read_dead_letter_headers
from consumer.kafka.delivery import Delivery, DeliverySettings
from consumer.kafka.group import GroupSettings, ReadTo
from consumer.kafka.range_reader import RangeReader, StoredMessage
from consumer.kafka.source import KafkaSource
from consumer.kafka.transactions import ExactlyOnceSink
from consumer.scoring.lane import ThreadLane
from consumer.scoring.outcome import ReadableRecords
from consumer.scoring.ports import Sink, Source
from shared.clock import SystemClock
from shared.codec import decode_label
from shared.kafka_client import KafkaSettings
from shared.topics import TopicSettings
from tests.support.memory_records import TOPIC
from tests.support.memory_stream import MemoryLog, MemorySink, MemorySource
from tests.support.recording_observer import RecordingObserver

REQUEST_S = 30.0

# Partition and offset of an input.
Coordinates = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Member:
    """One reader and writer of the stream; for Kafka a member of the group."""

    source: Source
    sink: Sink[ReadableRecords]
    # What it holds of its group now.
    membership: Callable[[], object] = lambda: None


class StreamUnderTest(Protocol):
    """A stream of three partitions that the test fills, and looks at from outside."""

    def append(self, partition: int, *values: bytes) -> None:
        """Store input; returns when it is there to be read."""

    def join(self, read_to: ReadTo = ReadTo.FOREVER) -> Member:
        """Start to read where the group stands."""

    def leave(self, member: Member) -> None:
        """End a member."""

    def labelled(self) -> Counter[Coordinates]:
        """Return how many labels are stored for each input."""

    def dead_lettered(self) -> Counter[Coordinates]:
        """Return how many dead letters are stored for each input."""

    def committed(self) -> dict[int, int]:
        """Return the offset at which the group stands in each partition where it stands anywhere."""


class MemoryStream:
    """The twins in memory."""

    def __init__(self) -> None:
        self._log = MemoryLog()
        self._sinks: list[MemorySink] = []

    def append(self, partition: int, *values: bytes) -> None:
        for value in values:
            self._log.append(value, partition)

    def join(self, read_to: ReadTo = ReadTo.FOREVER) -> Member:
        source = MemorySource(self._log, read_to)
        self._sinks.append(MemorySink(source))
        return Member(source, self._sinks[-1])

    def leave(self, member: Member) -> None:
        pass

    def labelled(self) -> Counter[Coordinates]:
        records = [labelled.record for sink in self._sinks for labelled in sink.labelled]
        return Counter((record.partition(), record.offset()) for record in records)

    def dead_lettered(self) -> Counter[Coordinates]:
        records = [letter.record for sink in self._sinks for letter in sink.dead_letters]
        return Counter((record.partition(), record.offset()) for record in records)

    def committed(self) -> dict[int, int]:
        return {number: offset for (topic, number), offset in self._log.committed.items() if topic == TOPIC}


@dataclass
class KafkaStream:
    """The real pair, on topics of its own."""

    kafka: KafkaSettings
    topics: TopicSettings
    protocol: str = "consumer"
    delivery: Delivery = Delivery.AT_LEAST_ONCE
    start: str = "earliest"
    group: str = field(default_factory=lambda: f"contract-{uuid.uuid4().hex[:10]}")
    members: dict[int, KafkaSource] = field(default_factory=dict)
    sinks: list[ExactlyOnceSink] = field(default_factory=list)
    lanes: ExitStack = field(default_factory=ExitStack)

    def append(self, partition: int, *values: bytes) -> None:
        producer = Producer(self.kafka.producer_config())
        for value in values:
            producer.produce(self.topics.input_topic, value, partition=partition)
        assert producer.flush(REQUEST_S) == 0

    def join(self, read_to: ReadTo = ReadTo.FOREVER) -> Member:
        observer = RecordingObserver()
        group = GroupSettings(self.group, self.protocol, self.start, read_to, self.delivery)
        source = KafkaSource(self.kafka, group, self.topics.input_topic, observer)
        sink = self._sink(source, observer)
        member = Member(source, sink, source._consumer.consumer_group_metadata)
        self.members[id(member)] = source
        source.subscribe(before_revoke=lambda: sink.drain(REQUEST_S))
        return member

    def _sink(self, source: KafkaSource, observer: RecordingObserver) -> Sink[ReadableRecords]:
        settings = DeliverySettings(self.topics.output_topic, self.topics.dead_letters)
        clock = SystemClock()
        if self.delivery is Delivery.AT_LEAST_ONCE:
            producer = Producer(self.kafka.producer_config())
            return AtLeastOnceSink(producer, source, settings, observer, observer, clock)
        producer = Producer(self.kafka.transactional_config(f"{self.group}-{uuid.uuid4().hex[:8]}", 15))
        lane = self.lanes.enter_context(ThreadLane("transactions"))
        sink = ExactlyOnceSink(producer, settings, observer, observer, clock, lane, source.note_delivered)
        self.sinks.append(sink)
        sink.start()
        return sink

    def leave(self, member: Member) -> None:
        self.members.pop(id(member)).close()

    def stand_at(self, partition: int, offset: int) -> None:
        """Move the group, which has no member, as somebody with a tool would."""
        consumer = Consumer(self.kafka.client_config() | {"group.id": self.group})
        consumer.commit(offsets=[TopicPartition(self.topics.input_topic, partition, offset)], asynchronous=False)
        consumer.close()

    def leave_all(self) -> None:
        """End every member that is left."""
        while self.members:
            self.members.popitem()[1].close()
        while self.sinks:
            self.sinks.pop().close()
        self.lanes.close()

    def labelled(self) -> Counter[Coordinates]:
        sources = [decode_label(message.value or b"").source for message in self._stored(self.topics.output_topic)]
        return Counter((source.partition, source.offset) for source in sources)

    def dead_lettered(self) -> Counter[Coordinates]:
        stored = self._stored(self.topics.dead_letters)
        wrong = [read_dead_letter_headers(message.headers) for message in stored]
        return Counter((int(about["partition"]), int(about["offset"])) for about in wrong)

    def committed(self) -> dict[int, int]:
        consumer = Consumer(self.kafka.client_config() | {"group.id": self.group})
        try:
            asked = [TopicPartition(self.topics.input_topic, number) for number in range(self.topics.partitions)]
            found = consumer.committed(asked, REQUEST_S)
            return {place.partition: place.offset for place in found if place.offset >= 0}
        finally:
            consumer.close()

    def _stored(self, topic: str) -> list[StoredMessage]:
        reader = RangeReader(self.kafka, topic)
        try:
            return list(reader.read(reader.bounds()))
        finally:
            reader.close()


class Deadline:
    """A generous one: only a defect reaches it."""

    def __init__(self, seconds: float = 60.0) -> None:
        self._seconds = seconds
        self._end_s = time.monotonic() + seconds

    def check(self, what: str) -> None:
        """Fail where it has passed."""
        assert time.monotonic() < self._end_s, f"{what} within {self._seconds:g} s"

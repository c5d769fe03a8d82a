"""A KafkaSource whose consumer is in the test's hands: what no broker does on demand."""

from collections.abc import Callable, Sequence
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, TopicPartition
from confluent_kafka.admin import ClusterMetadata, PartitionMetadata, TopicMetadata

from consumer.kafka.group import GroupSettings, ReadTo
from consumer.kafka.source import KafkaSource
from consumer.scoring.batching import BatchLimits
from shared.kafka_client import KafkaSettings
from tests.support.memory_records import TOPIC
from tests.support.recording_observer import RecordingObserver


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
        self.callbacks: dict[str, Any] = {}
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
        del topics
        self.callbacks = callbacks

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


class SourceBench:
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

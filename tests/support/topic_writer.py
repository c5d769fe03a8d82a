"""Stores records exactly where a test wants them, in a transaction where it wants one."""

import time
import uuid
from collections.abc import Iterable

from confluent_kafka import Producer

from consumer.kafka.range_reader import open_reader
from shared.kafka_client import KafkaSettings
from tests.support.memory_records import MemoryRecord
from tests.support.stream_under_test import Deadline

WAIT_S = 60.0


def store(kafka: KafkaSettings, topic: str, records: Iterable[MemoryRecord]) -> None:
    """Append records to the partitions they name, in order; their offsets are what they come to be."""
    producer = Producer(kafka.producer_config())
    put(producer, topic, records)
    assert producer.flush(WAIT_S) == 0


def put(producer: Producer, topic: str, records: Iterable[MemoryRecord]) -> None:
    """Queue records for the partitions they name."""
    for record in records:
        producer.produce(
            topic,
            record.content,
            record.name,
            partition=record.in_partition,
            timestamp=max(0, record.stamp_ms),
            headers=[*(record.pairs or ())],
        )


def begin_transaction(kafka: KafkaSettings) -> Producer:
    """Return a producer in a transaction that the test ends."""
    identity = {"transactional.id": f"test-{uuid.uuid4().hex}", "message.timeout.ms": 50_000}
    producer = Producer(kafka.producer_config() | identity)
    producer.init_transactions(WAIT_S)
    producer.begin_transaction()
    return producer


def wait_until_decided(kafka: KafkaSettings, topic: str) -> None:
    """Wait for the markers of transactions that ended: brokers write them after they have said that it did."""
    deadline = Deadline()
    with open_reader(kafka, topic) as reader:
        while reader.bounds() != reader.written_bounds():
            deadline.check("the markers are written")
            time.sleep(0.02)

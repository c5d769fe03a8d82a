"""Reads a topic from its first record to its end."""

import time
from collections.abc import Iterator

from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

SILENCE_S_MAX = 30.0


def read_topic(bootstrap_servers: str, topic: str) -> list[Message]:
    """Return every record that the topic holds now, in order in each partition."""
    consumer = Consumer({"bootstrap.servers": bootstrap_servers, "group.id": "reader", "enable.auto.commit": False})
    try:
        partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
        ends = {number: consumer.get_watermark_offsets(TopicPartition(topic, number))[1] for number in partitions}
        consumer.assign([TopicPartition(topic, number, 0) for number, end in ends.items() if end])
        return list(_until(consumer, sum(ends.values())))
    finally:
        consumer.close()


def await_record(bootstrap_servers: str, topic: str) -> None:
    """Return once the topic holds a record."""
    consumer = Consumer({"bootstrap.servers": bootstrap_servers, "group.id": "reader", "enable.auto.commit": False})
    try:
        partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
        consumer.assign([TopicPartition(topic, number, 0) for number in partitions])
        next(_until(consumer, 1))
    finally:
        consumer.close()


def _until(consumer: Consumer, count: int) -> Iterator[Message]:
    deadline = time.monotonic() + SILENCE_S_MAX
    seen = 0
    while seen < count:
        message = consumer.poll(1.0)
        if message is not None:
            error = message.error()
            if error is not None:
                raise KafkaException(error)
            seen += 1
            yield message
        elif time.monotonic() > deadline:
            raise TimeoutError(f"{seen} of {count} records came within {SILENCE_S_MAX} s")

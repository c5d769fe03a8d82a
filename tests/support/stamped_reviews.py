"""Writes reviews with any time stamp, none at all among them, which the client of our own would replace."""

import contextlib
from collections.abc import Iterable, Sequence

from kafka import KafkaProducer

REQUEST_S = 30.0
# What Kafka stores for a record that carries no time stamp.
NO_TIME_STAMP_MS = -1


def publish_stamped(bootstrap_servers: str, topic: str, values: Iterable[bytes], stamps_ms: Sequence[int]) -> list[int]:
    """Publish values under numbered keys, with these time stamps in turn; return those that the broker has stored."""
    with contextlib.closing(KafkaProducer(bootstrap_servers=bootstrap_servers)) as producer:
        sent = [
            producer.send(topic, value, key=f"r-{number:07d}".encode(), timestamp_ms=stamps_ms[number % len(stamps_ms)])
            for number, value in enumerate(values)
        ]
        return [each.get(REQUEST_S).timestamp for each in sent]

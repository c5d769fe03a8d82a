"""Numbered reviews, made up."""

import json
from collections.abc import Iterable

from confluent_kafka import KafkaError, Message, Producer

from shared.kafka_client import KafkaSettings

OPENINGS = ("What a wonderful", "What a dreadful", "A lovely", "A boring", "Such a clumsy", "Such a superb")
THINGS = ("soup", "jacket", "camera", "story", "hotel", "app", "battery")


def review_values(count: int, first: int = 0) -> list[bytes]:
    """Return the values of numbered reviews."""
    return [
        json.dumps(
            {
                "review_id": f"r-{number:07d}",
                "text": f"{OPENINGS[number % len(OPENINGS)]} {THINGS[number % len(THINGS)]}, number {number}",
            }
        ).encode()
        for number in range(first, first + count)
    ]


def publish(kafka: KafkaSettings, topic: str, values: Iterable[bytes]) -> None:
    """Publish values under numbered keys and wait until the broker has them all."""
    producer = Producer(kafka.producer_config())
    failed: list[KafkaError] = []

    def report(error: KafkaError | None, _message: Message) -> None:
        if error is not None:
            failed.append(error)

    for number, value in enumerate(values):
        while True:
            try:
                producer.produce(topic, value, f"r-{number:07d}", on_delivery=report)
                break
            except BufferError:
                producer.poll(0.1)
    assert producer.flush(120) == 0
    assert failed == []

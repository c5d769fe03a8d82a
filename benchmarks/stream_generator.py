"""Publishes reviews at a fixed rate from a process of its own, whatever becomes of them: an open loop.

python -m benchmarks.stream_generator RATE RECORDS     settings come from the environment, as those of `run`

A record's key is its number: it should be sent at `started_at_s` + number / rate, in monotonic seconds, which the
processes of one machine share. Prints that start, the end, and how late the generator itself was.
"""

import gc
import sys
import time
from collections.abc import Sequence
from itertools import cycle, islice

import click
import msgspec
import numpy as np
from confluent_kafka import KafkaError, Message, Producer
from numpy.typing import NDArray

from benchmarks.stream_topics import reviews
from shared.codec import encode_review, review_headers
from shared.errors import RetriableError
from shared.kafka_client import KafkaSettings, create_client
from shared.reviews import Review
from shared.settings import with_settings
from shared.topics import TopicSettings

# Until the first record is due: everything is made before.
LEAD_S = 0.2
DIFFERENT_TEXTS = 5000
FLUSH_S = 30.0

Event = tuple[bytes, bytes, list[tuple[str, str | bytes | None]]]


class Generation(msgspec.Struct, frozen=True):
    """When the schedule began and ended, monotonic seconds, and by how much records left too late."""

    started_at_s: float
    ended_at_s: float
    late_s_median: float
    late_s_p99: float
    late_s_max: float


def events(count: int) -> list[Event]:
    """Return keys, values and headers; the key is the record's number."""
    made: list[Event] = []
    for number, sample in enumerate(islice(cycle(reviews("one-liners", min(count, DIFFERENT_TEXTS))), count)):
        review = Review(str(number), sample.text, source=sample.source)
        made.append((review.review_id.encode(), encode_review(review), review_headers(review)))
    return made


def send(producer: Producer, topic: str, made: Sequence[Event], rate: float) -> tuple[float, NDArray[np.float64]]:
    """Send every event when it is due; return when the schedule began, and when each was handed to the client."""
    left_at_s = np.empty(len(made))
    started_at_s = time.monotonic() + LEAD_S
    number = 0
    while number < len(made):
        now_s = time.monotonic()
        while number < len(made) and started_at_s + number / rate <= now_s:
            key, value, headers = made[number]
            producer.produce(topic, value, key, headers=headers)
            left_at_s[number] = time.monotonic()
            number += 1
        producer.poll(0)
        time.sleep(max(0.0, started_at_s + number / rate - time.monotonic()))
    return started_at_s, left_at_s


@click.command()
@with_settings(KafkaSettings)
@with_settings(TopicSettings)
@click.argument("rate", type=float)
@click.argument("records", type=int)
def main(kafka_settings: KafkaSettings, topic_settings: TopicSettings, rate: float, records: int) -> None:
    """Send, and say how well the schedule was kept."""
    failures: list[str] = []

    def failed(error: KafkaError | None, _message: Message) -> None:
        failures.append(str(error))

    only_failures = {"delivery.report.only.error": True, "on_delivery": failed}
    # Sent at once: the generator's own waiting is no part of anybody's latency.
    config = kafka_settings.producer_config() | only_failures | {"linger.ms": 0}
    producer = create_client(Producer, config)
    made = events(records)
    gc.disable()
    started_at_s, left_at_s = send(producer, topic_settings.input_topic, made, rate)
    ended_at_s = time.monotonic()
    if producer.flush(FLUSH_S) or failures:
        raise RetriableError(f"the generator could not deliver: {failures[:1]}")
    late_s = left_at_s - started_at_s - np.arange(records) / rate
    median_s, p99_s = np.quantile(late_s, [0.5, 0.99]).tolist()
    generation = Generation(started_at_s, ended_at_s, median_s, p99_s, float(late_s.max()))
    sys.stdout.buffer.write(msgspec.json.encode(generation))


if __name__ == "__main__":
    main()

"""Topics to measure with: an input filled from the sample reviews, an output whose broker notes the time."""

import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count, cycle, islice

import numpy as np
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, Producer, TopicPartition
from numpy.typing import NDArray

from consumer.kafka.range_reader import RangeReader
from consumer.kafka.topic_admin import TopicAdmin
from producer.kafka.publisher import KafkaPublisher
from producer.traffic.replay import of_round
from producer.traffic.samples import SampleReviews
from shared.codec import encode_review, review_headers
from shared.datasets import Split
from shared.errors import FatalError, RetriableError
from shared.kafka_client import KafkaSettings, create_client
from shared.review_rows import ReviewRow
from shared.reviews import Review
from shared.topics import TopicSettings, TopicSpec

# Sample data by the length of their texts.
KINDS = {"one-liners": "rotten-tomatoes", "IMDB": "imdb"}
FILL_S_MAX = 600.0
READ_CHUNK = 10_000
READ_S_MAX = 30.0
KEEP = {"retention.ms": "-1"}


@dataclass(frozen=True, slots=True)
class Backlog:
    """A topic filled once: every way reads it from the start."""

    kind: str
    topic: str
    records: int
    partitions: int


def backlog_topic(kind: str, records: int, partitions: int) -> str:
    """Return the name under which a backlog is found again."""
    return f"bench.reviews.{kind.lower()}.{records}.{partitions}"


def fill(kafka: KafkaSettings, kind: str, records: int, partitions: int) -> Backlog:
    """Return a topic that holds so many reviews, as `review-producer replay` sends them; one that is there is kept."""
    backlog = Backlog(kind, backlog_topic(kind, records, partitions), records, partitions)
    spec = TopicSpec(backlog.topic, partitions, 1, KEEP)
    admin = TopicAdmin(kafka)
    if not admin.missing([spec]):
        if records_in(kafka, backlog.topic) == records:
            return backlog
        admin.delete([spec])
    admin.create([spec])
    print(f"filling {backlog.topic}", file=sys.stderr)
    publisher = KafkaPublisher.connect(kafka, backlog.topic)
    for review in reviews(kind, records):
        publisher.publish(review)
    publisher.drain(FILL_S_MAX)
    _require_all(kafka, backlog)
    return backlog


def new_input(kafka: KafkaSettings, partitions: int) -> Backlog:
    """Return an empty topic that nobody else uses."""
    backlog = Backlog("none", f"bench.reviews.{uuid.uuid4().hex[:10]}", 0, partitions)
    TopicAdmin(kafka).create([TopicSpec(backlog.topic, partitions, 1, KEEP)])
    return backlog


def fill_up(kafka: KafkaSettings, backlog: Backlog, kind: str, records: int) -> Backlog:
    """Add reviews until there are so many; made once and sent again and again, so that millions take a minute."""
    made = [
        (review.review_id.encode(), encode_review(review), review_headers(review)) for review in reviews(kind, 5000)
    ]
    producer: Producer = create_client(Producer, kafka.producer_config())
    for key, value, headers in islice(cycle(made), records - backlog.records):
        while True:
            try:
                producer.produce(backlog.topic, value, key, headers=headers)
            except BufferError:
                producer.poll(0.05)
            else:
                break
    producer.flush(FILL_S_MAX)
    filled = replace(backlog, kind=kind, records=records)
    _require_all(kafka, filled)
    return filled


def reviews(kind: str, limit: int) -> Iterator[Review]:
    """Yield so many sample reviews, round after round, each under an id of its own."""
    source = SampleReviews(KINDS[kind], Split.ALL)
    sent = 0
    for number in count(1):
        for row in source.read():
            if sent == limit:
                return
            if isinstance(row, ReviewRow):
                yield of_round(row.review, number)
                sent += 1


@contextmanager
def topics_for(kafka: KafkaSettings, backlog: Backlog) -> Iterator[TopicSettings]:
    """Give the backlog's topic, and new ones for what comes of it; removes the new ones."""
    name = f"bench.labels.{uuid.uuid4().hex[:10]}"
    topics = TopicSettings(
        input_topic=backlog.topic,
        output_topic=name,
        dead_letter_topic=f"{name}.dlq",
        partitions=backlog.partitions,
    )
    _, output, dead_letters = topics.specs()
    # The broker's clock stamps each label when it is stored.
    output = replace(output, config={**output.config, "message.timestamp.type": "LogAppendTime"})
    admin = TopicAdmin(kafka)
    admin.create([output, dead_letters])
    try:
        yield topics
    finally:
        admin.delete([output, dead_letters])


def remove(kafka: KafkaSettings, backlog: Backlog) -> None:
    """Delete a backlog's topic."""
    TopicAdmin(kafka).delete([TopicSpec(backlog.topic, backlog.partitions, 1)])


def _require_all(kafka: KafkaSettings, backlog: Backlog) -> None:
    found = records_in(kafka, backlog.topic)
    if found != backlog.records:
        raise FatalError(f"{backlog.topic} has {found} records, not {backlog.records}")


def records_in(kafka: KafkaSettings, topic: str) -> int:
    """Return how many offsets a topic spans."""
    reader = RangeReader(kafka, topic)
    try:
        return sum(high - low for low, high in reader.bounds().values())
    finally:
        reader.close()


def append_times_s(kafka: KafkaSettings, topic: str) -> NDArray[np.float64]:
    """Return when the broker stored each committed message of a topic, seconds since 1970 in ascending order."""
    config = {
        "group.id": "reviewstream-bench",
        "enable.auto.commit": False,
        "auto.offset.reset": "earliest",
        "enable.partition.eof": True,
        "fetch.queue.backoff.ms": 5,
    }
    consumer: Consumer = create_client(Consumer, config | kafka.client_config())
    try:
        partitions = consumer.list_topics(topic, READ_S_MAX).topics[topic].partitions
        consumer.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for number in partitions])
        return np.sort(np.concatenate(list(_times_ms(consumer, set(partitions))))) / 1000
    finally:
        consumer.close()


def _times_ms(consumer: Consumer, unfinished: set[int]) -> Iterator[NDArray[np.int64]]:
    while unfinished:
        messages = consumer.consume(READ_CHUNK, 0) or consumer.consume(1, READ_S_MAX)
        if not messages:
            raise RetriableError("the labels can't be read back: no more of them arrives")
        good = [message for message in messages if message.error() is None]
        yield np.fromiter((message.timestamp()[1] for message in good), np.int64, len(good))
        for message in messages:
            error = message.error()
            if error is not None and error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - librdkafka's local codes
                unfinished.discard(message.partition() or 0)
            elif error is not None:
                raise RetriableError(f"the labels can't be read back: {error.str()}")

"""Reads topics with another client library than ours (kafka-python), so both can't be wrong the same way."""

import contextlib
import gc
import json
import time
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from shared.topics import TopicSettings

DEADLINE_S = 120.0
RECORDS_AT_A_TIME = 5000


@dataclass
class Found:
    """What three topics hold; coordinates are (partition, offset) in the input topic.

    `models` holds the digest of the model that gave each label; `order`, for each partition of the labels and each of
    the input, the inputs' offsets as they were labelled; `stored_at_ms` the labels' time stamps, which are the broker's
    where their topic says LogAppendTime.
    """

    inputs: set[tuple[int, int]] = field(default_factory=set)
    texts: dict[tuple[int, int], str] = field(default_factory=dict)
    label_ids: dict[tuple[int, int], list[str]] = field(default_factory=lambda: defaultdict(list))
    labels: dict[tuple[int, int], str] = field(default_factory=dict)
    models: dict[tuple[int, int], str] = field(default_factory=dict)
    order: dict[tuple[int, int], list[int]] = field(default_factory=lambda: defaultdict(list))
    stored_at_ms: list[int] = field(default_factory=list)
    dead_letters: Counter[tuple[int, int]] = field(default_factory=Counter)
    reasons: dict[tuple[int, int], str] = field(default_factory=dict)

    @property
    def missing(self) -> set[tuple[int, int]]:
        """Inputs with neither label nor dead letter."""
        return self.inputs - set(self.label_ids) - set(self.dead_letters)

    @property
    def repeated(self) -> int:
        """Labels beyond the first of each input."""
        return sum(len(ids) - 1 for ids in self.label_ids.values())

    @property
    def conflicting(self) -> set[tuple[int, int]]:
        """Inputs whose repeated labels do not carry one and the same id."""
        return {place for place, ids in self.label_ids.items() if len(set(ids)) > 1}


@contextlib.contextmanager
def forgiving_its_leaks() -> Iterator[None]:
    """Let kafka-python leave a socket open, as its `close` does now and then; a decorator of functions that use it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        try:
            yield
        finally:
            # While nobody is told of them: what the function held is free by now.
            gc.collect()


@forgiving_its_leaks()
def read_everything(bootstrap_servers: str, topics: TopicSettings) -> Found:
    """Read input, labels and dead letters from their beginning to their end."""
    found = Found()
    for message in messages(bootstrap_servers, topics.input_topic):
        place = (message.partition, message.offset)
        found.inputs.add(place)
        with contextlib.suppress(ValueError, TypeError, KeyError):
            # What is no review has no text.
            found.texts[place] = json.loads(message.value)["text"]
    for message in messages(bootstrap_servers, topics.output_topic):
        label = json.loads(message.value)
        place = (label["source"]["partition"], label["source"]["offset"])
        found.label_ids[place].append(dict(message.headers)["ce_id"].decode())
        found.labels[place] = label["label"]
        found.models[place] = label["model"]["digest"]
        found.order[message.partition, place[0]].append(place[1])
        found.stored_at_ms.append(message.timestamp)
    for message in messages(bootstrap_servers, topics.dead_letters):
        headers = dict(message.headers)
        place = (int(headers["__dlq.errors.partition"]), int(headers["__dlq.errors.offset"]))
        found.dead_letters[place] += 1
        found.reasons[place] = headers["__dlq.errors.reason"].decode()
    return found


def messages(bootstrap_servers: str, topic: str) -> Iterator[Any]:
    """Yield all committed messages of a topic."""
    consumer = KafkaConsumer(
        bootstrap_servers=bootstrap_servers,
        isolation_level="read_committed",
        enable_auto_commit=False,
        max_poll_records=RECORDS_AT_A_TIME,
    )
    with contextlib.closing(consumer):
        partitions = [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic))]
        consumer.assign(partitions)
        consumer.seek_to_beginning(*partitions)
        ends = consumer.end_offsets(partitions)
        deadline = time.monotonic() + DEADLINE_S
        while any(consumer.position(partition) < ends[partition] for partition in partitions):
            assert time.monotonic() < deadline, f"{topic} could not be read to its end"
            for batch in consumer.poll(500).values():
                # It is silence that counts, not the length of the topic.
                deadline = time.monotonic() + DEADLINE_S
                yield from batch


@forgiving_its_leaks()
def ends_of(bootstrap_servers: str, topic: str) -> dict[int, int]:
    """Return where each partition of a topic ends."""
    with contextlib.closing(KafkaConsumer(bootstrap_servers=bootstrap_servers)) as consumer:
        partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic)]
        return {partition.partition: end for partition, end in consumer.end_offsets(partitions).items()}


class LabelCount:
    """How many labels there are."""

    def __init__(self, bootstrap_servers: str, topics: TopicSettings) -> None:
        self._bootstrap_servers = bootstrap_servers
        self._topic = topics.output_topic

    @forgiving_its_leaks()
    def now(self) -> int:
        """Return how many labels the output topic holds."""
        with contextlib.closing(KafkaConsumer(bootstrap_servers=self._bootstrap_servers)) as consumer:
            return _count(consumer, self._topic)

    @forgiving_its_leaks()
    def wait_for(self, labels: int) -> None:
        """Wait until there are at least so many."""
        deadline = time.monotonic() + DEADLINE_S
        with contextlib.closing(KafkaConsumer(bootstrap_servers=self._bootstrap_servers)) as consumer:
            while (found := _count(consumer, self._topic)) < labels:
                assert time.monotonic() < deadline, f"{found} labels, {labels} expected"


def _count(consumer: Any, topic: str) -> int:
    partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic)]
    return sum(consumer.end_offsets(partitions).values())

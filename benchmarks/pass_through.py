"""The references: the same clients as `run` with as little work in between as a good engineer would write.

Every record becomes a label that was made before, under the record's key; nothing is decoded, scored or measured. One
label for all compresses to next to nothing; many in turn are the bytes that `run` makes client and broker carry.
"""

import hashlib
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import cycle
from typing import Any, Final, Protocol

import numpy as np
from confluent_kafka import Consumer, KafkaError, Message, Producer, TopicPartition

from shared.codec import encode_label, label_headers, label_id
from shared.errors import RetriableError
from shared.reviews import Label, Model, Source

BATCH_RECORDS = 1000
INFLIGHT_RECORDS_MAX = 50_000
COMMIT_EVERY_S = 0.1
# As the loop waits: without anything in flight, and while an acknowledgement is due.
IDLE_WAIT_S, BUSY_WAIT_S = 0.1, 0.002
ROOM_WAIT_S = 0.05
FLUSH_S = 30.0
COMMITS_KEPT = 200_000

StopRequested = Callable[[], bool]
# A label's value and headers.
ReadyLabel = tuple[bytes, list[tuple[str, str | bytes | None]]]


def ready_labels(count: int) -> list[ReadyLabel]:
    """Return so many labels as `run` would publish them, no two alike."""
    model = Model("default", "1", hashlib.sha256(b"default").hexdigest())
    made = []
    for number, share in enumerate(np.random.default_rng(7).random(count).tolist()):
        scores = {"negative": 1 - share, "positive": share}
        source = Source("bench.reviews.one-liners.500000.6", number % 6, number * 37)
        name = f"rotten-tomatoes-{number * 7 % 10_000:05d}#12"
        now = datetime.fromtimestamp(1_700_000_000 + number / 977, UTC)
        label = Label(name, max(scores, key=scores.__getitem__), max(scores.values()), scores, model, now, source)
        ce_id = label_id(source.topic, source.partition, source.offset, model.digest)
        made.append((encode_label(label), label_headers(ce_id, None)))
    return made


def usable(messages: Sequence[Message]) -> list[Message]:
    """Return the records; an error that librdkafka does not mend ends the measurement."""
    for message in messages:
        error = message.error()
        if error is not None:
            raise RetriableError(f"reading: {error.str()}")
    return list(messages)


def next_offsets(topic: str, messages: Sequence[Message]) -> list[TopicPartition]:
    """Return where the group stands after these records."""
    last: dict[Any, Any] = {message.partition(): message.offset() for message in messages}
    return [TopicPartition(topic, partition, offset + 1) for partition, offset in last.items()]


def natural_batch(consumer: Consumer, wait_s: float, records_max: int) -> list[Message]:
    """Return what is there; waits only where nothing is there."""
    first = consumer.poll(wait_s)
    return [] if first is None else usable([first, *consumer.consume(records_max - 1, 0)])


class PassThrough(Protocol):
    """Moves records from the input topic to the output topic."""

    def run(self, stop_requested: StopRequested) -> Iterator[int]:
        """Yield the size of each batch as it is handed over; end when told to, with everything delivered."""
        ...


class ConsumeOnly:
    """Reads and drops."""

    def __init__(self, consumer: Consumer) -> None:
        self._consumer = consumer

    def run(self, stop_requested: StopRequested) -> Iterator[int]:
        """Yield the size of each batch."""
        while not stop_requested():
            messages = usable(self._consumer.consume(BATCH_RECORDS, IDLE_WAIT_S))
            if messages:
                yield len(messages)


class Flushed:
    """Publishes a batch, waits for all its acknowledgements, commits."""

    def __init__(self, consumer: Consumer, config: dict[str, Any], topic: str, labels: Sequence[ReadyLabel]) -> None:
        self._consumer = consumer
        # No callback where all is well: flushing tells that.
        self._producer = Producer(config | {"delivery.report.only.error": True, "on_delivery": self._failed})
        self._topic = topic
        self._labels = cycle(labels)
        self._failures: list[str] = []

    def run(self, stop_requested: StopRequested) -> Iterator[int]:
        """Yield the size of each batch."""
        while not stop_requested():
            messages = usable(self._consumer.consume(BATCH_RECORDS, IDLE_WAIT_S))
            if not messages:
                continue
            for message, (value, headers) in zip(messages, self._labels, strict=False):
                # By position, as `run` does: partition, callback (twice), time stamp, headers.
                self._producer.produce(self._topic, value, message.key(), -1, None, None, 0, headers)
            if self._producer.flush(FLUSH_S) or self._failures:
                raise RetriableError(f"not delivered: {self._failures[:1]}")
            self._consumer.commit(offsets=next_offsets(str(messages[0].topic()), messages), asynchronous=True)
            yield len(messages)

    def _failed(self, error: KafkaError | None, _message: Message) -> None:
        self._failures.append(str(error))


@dataclass(slots=True)
class _Batch:
    """What waits for acknowledgements, and where the group stands when all are in."""

    offsets: list[TopicPartition]
    pending: int
    failures: list[str] = field(default_factory=list)

    def report(self, error: KafkaError | None, _message: Message) -> None:
        """Count one acknowledgement."""
        self.pending -= 1
        if error is not None:
            self.failures.append(str(error))


class Pipelined:
    """Publishes batch after batch; offsets are committed as acknowledgements come in, ten times a second."""

    def __init__(self, consumer: Consumer, config: dict[str, Any], topic: str, labels: Sequence[ReadyLabel]) -> None:
        self._consumer = consumer
        self._producer = Producer(config)
        self._topic = topic
        self._labels = cycle(labels)
        self._batches: deque[_Batch] = deque()
        self._in_flight = 0
        self._committed_at_s = 0.0
        self._acknowledged: dict[Any, TopicPartition] = {}

    def run(self, stop_requested: StopRequested) -> Iterator[int]:
        """Yield the size of each batch that was handed over."""
        while not stop_requested():
            self._note_acknowledged()
            wait_s = BUSY_WAIT_S if self._batches else IDLE_WAIT_S
            messages = natural_batch(self._consumer, wait_s, BATCH_RECORDS)
            if messages:
                self._hand_over(messages)
                yield len(messages)
        while self._batches:
            self._producer.poll(ROOM_WAIT_S)
            self._note_acknowledged()
        if self._acknowledged:
            self._consumer.commit(offsets=list(self._acknowledged.values()), asynchronous=False)

    def _hand_over(self, messages: list[Message]) -> None:
        while self._in_flight + len(messages) > INFLIGHT_RECORDS_MAX:
            self._producer.poll(ROOM_WAIT_S)
            self._note_acknowledged()
        batch = _Batch(next_offsets(str(messages[0].topic()), messages), len(messages))
        self._batches.append(batch)
        self._in_flight += batch.pending
        produce: Final = self._producer.produce
        for message, (value, headers) in zip(messages, self._labels, strict=False):
            produce(self._topic, value, message.key(), -1, batch.report, None, 0, headers)

    def _note_acknowledged(self) -> None:
        self._producer.poll(0)
        while self._batches and self._batches[0].pending == 0:
            batch = self._batches.popleft()
            if batch.failures:
                raise RetriableError(f"not delivered: {batch.failures[0]}")
            self._acknowledged |= {place.partition: place for place in batch.offsets}
        self._in_flight = sum(batch.pending for batch in self._batches)
        if self._acknowledged and time.monotonic() - self._committed_at_s >= COMMIT_EVERY_S:
            self._consumer.commit(offsets=list(self._acknowledged.values()), asynchronous=True)
            self._acknowledged = {}
            self._committed_at_s = time.monotonic()


class Transacted:
    """Publishes each batch and its offsets in one transaction; with a backlog the next is read while one is committed.

    `commits` keeps when each commit began (monotonic seconds) and how long it took.
    """

    def __init__(
        self, consumer: Consumer, config: dict[str, Any], topic: str, labels: Sequence[ReadyLabel], records_max: int
    ) -> None:
        self._consumer = consumer
        self._producer = Producer(config)
        self._topic = topic
        self._labels = cycle(labels)
        self._records_max = records_max
        self.commits: deque[tuple[float, float]] = deque(maxlen=COMMITS_KEPT)

    def run(self, stop_requested: StopRequested) -> Iterator[int]:
        """Yield the size of each batch that was handed over."""
        self._producer.init_transactions(FLUSH_S)
        with ThreadPoolExecutor(1) as background:
            committed = background.submit(lambda: None)
            more_is_waiting = False
            while not stop_requested():
                if not more_is_waiting:
                    # What comes until the commit is done joins the next transaction.
                    committed.result()
                messages = natural_batch(self._consumer, IDLE_WAIT_S, self._records_max)
                more_is_waiting = len(messages) == self._records_max
                if not messages:
                    continue
                membership = self._consumer.consumer_group_metadata()
                committed.result()
                self._produce(messages)
                offsets = next_offsets(str(messages[0].topic()), messages)
                committed = background.submit(self._commit, offsets, membership)
                yield len(messages)
            committed.result()

    def _produce(self, messages: list[Message]) -> None:
        self._producer.begin_transaction()
        for message, (value, headers) in zip(messages, self._labels, strict=False):
            # By position, as `run` does: partition, callback (twice), time stamp, headers.
            self._producer.produce(self._topic, value, message.key(), -1, None, None, 0, headers)

    def _commit(self, offsets: list[TopicPartition], membership: object) -> None:
        began = time.monotonic()
        self._producer.send_offsets_to_transaction(offsets, membership)
        self._producer.commit_transaction()
        self.commits.append((began, time.monotonic() - began))

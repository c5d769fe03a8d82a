"""The topics of a measurement: made, filled with reviews, read, and removed."""

import itertools
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence

from confluent_kafka import TIMESTAMP_LOG_APPEND_TIME, Consumer, KafkaError, KafkaException, Message, Producer
from confluent_kafka import TopicPartition as Place
from confluent_kafka.admin import AdminClient, NewTopic, OffsetSpec

from shared.codec import encode_review
from shared.datasets import read_dataset
from shared.reviews import Review

PARTITIONS = 6
REQUEST_S_MAX = 30.0
ANSWER_S_MAX = 5.0
LOOK_EVERY_S = 0.05
READ_RECORDS_MAX = 10_000
# So many different reviews are repeated to fill a topic; each gets an id of its own.
DIFFERENT_REVIEWS = 5000


class Topics:
    """Makes topics with names of their own, and removes all of them at the end."""

    def __init__(self, bootstrap_servers: str) -> None:
        self.bootstrap_servers = bootstrap_servers
        # Topics come and go: only what is a warning or worse is worth a line.
        self._admin = AdminClient({"bootstrap.servers": bootstrap_servers, "log_level": 4})
        self._made: list[str] = []

    def make(self, name: str) -> str:
        """Make a topic and return its name; the broker stamps what it appends."""
        config = {"message.timestamp.type": "LogAppendTime"}
        for made in self._admin.create_topics([NewTopic(name, PARTITIONS, 1, config=config)]).values():
            made.result(REQUEST_S_MAX)
        self._made.append(name)
        self._wait_for_leaders(name)
        return name

    def remove(self, names: Sequence[str]) -> None:
        """Remove topics; the broker deletes their files soon after."""
        for removed in self._admin.delete_topics(list(names)).values():
            removed.result(REQUEST_S_MAX)
        self._made = [name for name in self._made if name not in names]

    def remove_all(self) -> None:
        """Remove what was made and is still there."""
        if self._made:
            self.remove(self._made)

    def ends(self, topic: str) -> int:
        """Return the sum of a topic's end offsets."""
        latest = OffsetSpec.latest()  # type: ignore[no-untyped-call]  # the client's own gap
        wanted = {Place(topic, number): latest for number in range(PARTITIONS)}
        found = self._admin.list_offsets(wanted, request_timeout=ANSWER_S_MAX).values()
        return sum(each.result(REQUEST_S_MAX).offset for each in found)

    def committed(self, group: str, topic: str) -> dict[int, int]:
        """Return the offset a group has committed in each partition; 0 where it has committed none."""
        consumer = Consumer({"bootstrap.servers": self.bootstrap_servers, "group.id": group})
        try:
            places = consumer.committed([Place(topic, number) for number in range(PARTITIONS)], REQUEST_S_MAX)
        finally:
            consumer.close()
        return {place.partition: max(0, place.offset) for place in places}

    def _wait_for_leaders(self, topic: str) -> None:
        # A topic that was made a moment ago may have partitions that nobody answers for yet; and this client asks for
        # its metadata again only when told to.
        deadline = time.monotonic() + REQUEST_S_MAX
        while True:
            try:
                self._admin.list_topics(topic, REQUEST_S_MAX)
                self.ends(topic)
            except KafkaException:
                if time.monotonic() > deadline:
                    raise
                time.sleep(LOOK_EVERY_S)
            else:
                return

    def fill(self, topic: str, values: Iterable[tuple[str, bytes]]) -> None:
        """Write reviews, keyed by their ids, and wait until the broker has them all."""
        producer = Producer(
            {"bootstrap.servers": self.bootstrap_servers, "linger.ms": 20, "compression.type": "lz4", "acks": "all"}
        )
        for key, value in values:
            while True:
                try:
                    producer.produce(topic, value, key)
                    break
                except BufferError:
                    producer.poll(0.1)
        if producer.flush(REQUEST_S_MAX):
            raise TimeoutError(f"{topic} could not be filled within {REQUEST_S_MAX:g} s")


class Reader:
    """Reads all of a topic's records from the start; belongs to no group."""

    def __init__(self, bootstrap_servers: str, topic: str, isolation: str) -> None:
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap_servers,
                "group.id": "peers-reader",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "isolation.level": isolation,
                "fetch.wait.max.ms": 10,
                "fetch.queue.backoff.ms": 5,
            }
        )
        self._consumer.assign([Place(topic, number, 0) for number in range(PARTITIONS)])
        self._at_end: set[int] = set()

    def read(self, wait_s: float) -> list[Message]:
        """Return what is there, or comes within the time."""
        first = self._consumer.poll(wait_s)
        if first is None:
            return []
        return [
            message for message in (first, *self._consumer.consume(READ_RECORDS_MAX, 0)) if self._is_record(message)
        ]

    def read_to_end(self) -> Iterator[Message]:
        """Yield everything up to the end of every partition."""
        while len(self._at_end) < PARTITIONS:
            yield from self.read(REQUEST_S_MAX)

    def close(self) -> None:
        """Leave."""
        self._consumer.close()

    def _is_record(self, message: Message) -> bool:
        error = message.error()
        partition = message.partition()
        if error is None:
            return True
        if error.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001 - the client names its own events so
            raise KafkaException(error)
        if partition is not None:
            self._at_end.add(partition)
        return False


def unique_name(purpose: str) -> str:
    """Return a name that nobody else uses, for a topic or a group."""
    return f"peers-{purpose}-{uuid.uuid4().hex[:8]}"


def append_times_ms(messages: Iterable[Message]) -> list[int]:
    """Return the times, in milliseconds since 1970, at which the broker appended records."""
    stamps = [message.timestamp() for message in messages]
    if any(kind != TIMESTAMP_LOG_APPEND_TIME for kind, _ in stamps):
        raise ValueError("the topic's time stamps are not the broker's")
    return [time_ms for _, time_ms in stamps]


def reviews(dataset: str, count: int) -> Iterator[tuple[str, bytes]]:
    """Yield the ids and events of so many sample reviews; texts come again, ids do not."""
    texts = [review.text for review in itertools.islice(read_dataset(dataset), DIFFERENT_REVIEWS)]
    for number, text in zip(range(count), itertools.cycle(texts), strict=False):
        review_id = f"{dataset}-{number:07d}"
        yield review_id, encode_review(Review(review_id, text))

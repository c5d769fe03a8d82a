"""Reads what a topic holds between given offsets, once, in partition order; belongs to no group."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias, TypeVar, cast

from confluent_kafka import Consumer, IsolationLevel, KafkaError, KafkaException, Message, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from consumer.scoring.record import Record, readable_headers
from shared.errors import ConfigurationError, RecordError, RetriableError
from shared.kafka_client import KafkaSettings, create_client
from shared.logs import get_logger

# By partition: the first offset, and the one after the last.
Ranges: TypeAlias = Mapping[int, tuple[int, int]]
Answer = TypeVar("Answer")

REQUEST_S = 10.0
# Without a record for so long, and the end not reached, the broker is away or a transaction stays open.
SILENCE_S_MAX = 30.0
# Calls into librdkafka end so often, so that Ctrl-C is noticed.
WAIT_S = 1.0
CHUNK_RECORDS = 1000
# A topic that was just made may not be known to every broker yet.
APPEARS_S_MAX = 2.0
PAUSE_S = 0.1


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """One message as the broker keeps it, without headers where a name is unreadable; the time in ms since 1970."""

    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]
    timestamp_ms: int


class RangeReader:
    """A topic read from outside any group, committed records only."""

    def __init__(self, kafka: KafkaSettings, topic: str) -> None:
        config = {
            "group.id": "reviewstream-range-reader",
            "enable.auto.commit": False,
            "auto.offset.reset": "error",
            "enable.partition.eof": True,
            "isolation.level": "read_committed",
            # Bounds memory; a range that ends leaves at most this much fetched in vain.
            "queued.max.messages.kbytes": 32_768,
            "fetch.queue.backoff.ms": 5,
        }
        self._kafka = kafka
        self._consumer: Consumer = create_client(Consumer, config | kafka.client_config())
        self.topic = topic

    def bounds(self) -> dict[int, tuple[int, int]]:
        """Return, for each partition, its first offset and the one after its last committed record."""
        return {number: self._watermarks(number) for number in self._partitions()}

    def written_bounds(self) -> dict[int, tuple[int, int]]:
        """Return the same with open transactions included: who reads to that end waits for what becomes of them."""
        asked = [TopicPartition(self.topic, number) for number in self._partitions()]
        admin: AdminClient = create_client(AdminClient, self._kafka.client_config())
        latest = OffsetSpec.latest()  # type: ignore[no-untyped-call]
        options: dict[str, Any] = {
            "isolation_level": IsolationLevel.READ_UNCOMMITTED,
            "request_timeout": REQUEST_S,
        }
        found = self._ask(lambda: admin.list_offsets(dict.fromkeys(asked, latest), **options))
        return {
            place.partition: (self._watermarks(place.partition)[0], self._ask(future.result).offset)
            for place, future in found.items()
        }

    def offsets_at(self, moment: datetime) -> dict[int, int]:
        """Return each partition's first offset whose record is not older; its end where there is none."""
        ends = self.bounds()
        stamp_ms = round(moment.timestamp() * 1000)
        asked = [TopicPartition(self.topic, number, stamp_ms) for number in ends]
        found = self._ask(lambda: self._consumer.offsets_for_times(asked, REQUEST_S))
        return {place.partition: place.offset if place.offset >= 0 else ends[place.partition][1] for place in found}

    def read_chunks(self, ranges: Ranges) -> Iterator[Sequence[Record]]:
        """Yield every committed record from each partition's first offset up to, not including, the second."""
        open_ends = {number: end for number, (start, end) in ranges.items() if end > start}
        self._consumer.assign([TopicPartition(self.topic, number, ranges[number][0]) for number in open_ends])
        while open_ends:
            messages = self._next_messages(open_ends)
            yield cast("list[Record]", [message for message in messages if self._belongs(message, open_ends)])
        self._consumer.unassign()

    def read(self, ranges: Ranges) -> Iterator[StoredMessage]:
        """Yield the same one by one, as plain values."""
        for chunk in self.read_chunks(ranges):
            for record in chunk:
                yield StoredMessage(
                    record.partition(),
                    record.offset(),
                    record.key(),
                    record.value(),
                    headers_or_none(record),
                    record.timestamp()[1],
                )

    def close(self) -> None:
        """Let go of the connection."""
        self._consumer.close()

    def _next_messages(self, open_ends: Mapping[int, int]) -> list[Message]:
        deadline = time.monotonic() + SILENCE_S_MAX
        # What is there, else the next one: a chunk with a timeout would wait for the whole of it.
        messages = self._consumer.consume(CHUNK_RECORDS, 0)
        while not messages:
            if time.monotonic() >= deadline:
                raise RetriableError(
                    f"for {SILENCE_S_MAX:g} s no more of {self.topic} came; "
                    f"partitions {sorted(open_ends)} are not at their end",
                    hint="is the broker up? a transaction that is still open holds readers back, too",
                )
            messages = self._consumer.consume(1, WAIT_S)
        return messages

    def _belongs(self, message: Message, open_ends: dict[int, int]) -> bool:
        number, offset = message.partition(), message.offset()
        if number is None or offset is None or number not in open_ends:
            return False
        error = message.error()
        if error is not None:
            self._react(error)
            # Where the last offsets are transaction markers, only this tells that the end is reached.
            if offset >= open_ends[number]:
                del open_ends[number]
            return False
        belongs = offset < open_ends[number]
        if offset + 1 >= open_ends[number]:
            del open_ends[number]
        return belongs

    def _react(self, error: KafkaError) -> None:
        if error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - librdkafka's local error codes start with _
            return
        if error.code() == KafkaError._AUTO_OFFSET_RESET:  # noqa: SLF001
            raise RetriableError(
                f"retention removed records of {self.topic} while they were read", hint="start again, or later in it"
            )
        if error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED:
            raise ConfigurationError(f"Kafka refuses access to {self.topic}", hint="grant Read on the topic")
        if error.fatal():
            raise RetriableError(f"reading {self.topic}: {error.str()}", hint="is the broker up?")
        # librdkafka goes on by itself; where that leads nowhere, the silence ends the reading.
        get_logger("reader").info("reader_error", topic=self.topic, error=error.name(), message=error.str())

    def _partitions(self) -> list[int]:
        deadline = time.monotonic() + APPEARS_S_MAX
        while True:
            found = self._ask(lambda: self._consumer.list_topics(self.topic, REQUEST_S)).topics[self.topic]
            missing = found.error is not None or not found.partitions
            if not missing or time.monotonic() >= deadline:
                break
            time.sleep(PAUSE_S)
        if missing:
            raise ConfigurationError(
                f"there is no topic {self.topic} on {self._kafka.bootstrap_servers}",
                hint="--input-topic, --output-topic and --dead-letter-topic name them; "
                "`review-consumer topics apply` makes them",
            )
        return sorted(found.partitions)

    def _watermarks(self, number: int) -> tuple[int, int]:
        place = TopicPartition(self.topic, number)
        watermarks = self._ask(lambda: self._consumer.get_watermark_offsets(place, REQUEST_S))
        if watermarks is None:
            raise RetriableError(f"the broker did not say where {self.topic}/{number} begins and ends")
        return watermarks

    def _ask(self, question: Callable[[], Answer]) -> Answer:
        deadline = time.monotonic() + SILENCE_S_MAX
        while True:
            try:
                return question()
            except KafkaException as exception:
                if time.monotonic() >= deadline:
                    raise RetriableError(
                        f"the broker did not answer about {self.topic}: {exception.args[0].str()}", hint="is it up?"
                    ) from exception
                time.sleep(PAUSE_S)


@contextmanager
def open_reader(kafka: KafkaSettings, topic: str) -> Iterator[RangeReader]:
    """Give a reader that lets go of its connection whatever happens."""
    reader = RangeReader(kafka, topic)
    try:
        yield reader
    finally:
        reader.close()


def headers_or_none(record: Record) -> tuple[tuple[str, bytes | None], ...]:
    """Return a record's headers, none where a name among them is unreadable."""
    try:
        return tuple(readable_headers(record) or ())
    except RecordError:
        return ()


def offsets_in(ranges: Ranges) -> int:
    """Return how many offsets the ranges span."""
    return sum(max(0, end - start) for start, end in ranges.values())

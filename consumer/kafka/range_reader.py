"""Reads what a topic holds between given offsets, once, in partition order; belongs to no group."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from confluent_kafka import Consumer, KafkaError, TopicPartition

from shared.errors import RetriableError
from shared.kafka_client import KafkaSettings, create_client

REQUEST_S = 10.0
# Without a record for so long, and the end not reached, the broker is away.
SILENCE_S_MAX = 30.0
CHUNK_RECORDS = 1000


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """One message as the broker keeps it; the time stamp in milliseconds since 1970."""

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
            "fetch.queue.backoff.ms": 5,
        }
        self._consumer: Consumer = create_client(Consumer, config | kafka.client_config())
        self._topic = topic

    def bounds(self) -> dict[int, tuple[int, int]]:
        """Return, for each partition, its first offset and the one after its last."""
        partitions = self._consumer.list_topics(self._topic, REQUEST_S).topics[self._topic].partitions
        return {number: self._watermarks(number) for number in partitions}

    def read(self, ranges: Mapping[int, tuple[int, int]]) -> Iterator[StoredMessage]:
        """Yield every message from each partition's first offset up to, not including, the second."""
        open_ends = {number: end for number, (start, end) in ranges.items() if end > start}
        self._consumer.assign([TopicPartition(self._topic, number, ranges[number][0]) for number in open_ends])
        while open_ends:
            # What is there, else the next one: a chunk with a timeout would wait for the whole of it.
            messages = self._consumer.consume(CHUNK_RECORDS, 0) or self._consumer.consume(1, SILENCE_S_MAX)
            if not messages:
                raise RetriableError(
                    f"no more of {self._topic} arrives; partitions {sorted(open_ends)} are not at their end"
                )
            for message in messages:
                number, offset = message.partition(), message.offset()
                if number is None or offset is None or number not in open_ends:
                    continue
                error = message.error()
                if error is None and offset < open_ends[number]:
                    pairs = cast("list[tuple[str, bytes | None]]", message.headers() or [])
                    yield StoredMessage(
                        number, offset, message.key(), message.value(), tuple(pairs), message.timestamp()[1]
                    )
                elif error is not None and error.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001
                    raise RetriableError(f"reading {self._topic}: {error.str()}")
                if error is not None or offset + 1 >= open_ends[number]:
                    del open_ends[number]

    def close(self) -> None:
        """Let go of the connection."""
        self._consumer.close()

    def _watermarks(self, number: int) -> tuple[int, int]:
        watermarks = self._consumer.get_watermark_offsets(TopicPartition(self._topic, number), REQUEST_S)
        if watermarks is None:
            raise RetriableError(f"the broker did not say where {self._topic}/{number} begins and ends")
        return watermarks

"""Puts dead letters back into a topic as they came, and counts the broker's answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from confluent_kafka import KafkaError, KafkaException, Message

from consumer.kafka.dead_letters import DEAD_LETTER_PREFIX, REPLAYED_PREFIX, OutgoingMessage, read_headers
from consumer.kafka.replay_plan import ReplayTarget
from consumer.kafka.stored_dead_letters import StoredDeadLetter
from shared.clock import Clock
from shared.codec import MessageHeaders
from shared.errors import RetriableError
from shared.reviews import Source

ROOM_WAIT_S = 0.1
ROOM_WAIT_S_MAX = 120.0
# A little longer than one message may take.
FLUSH_S_MAX = 130.0
FAILURES_KEPT_MAX = 20
# librdkafka's sign for: choose the partition by the key.
ANY_PARTITION = -1


class ReplayProducer(Protocol):
    """What is used of `confluent_kafka.Producer`."""

    def produce(self, topic: str, **message: Any) -> None:
        """Queue a message; BufferError when the queue is full, KafkaException when it can't be queued at all."""
        ...

    def poll(self, timeout: float) -> int:
        """Serve delivery reports, waiting for the first at most `timeout` seconds."""
        ...

    def flush(self, timeout: float) -> int:
        """Send what is queued, at most `timeout` seconds long; returns how many messages are left."""
        ...


@dataclass(frozen=True, slots=True)
class ReplayFailure:
    """One dead letter that did not get back: its own place, and the error's name."""

    partition: int
    offset: int
    error: str


class ReplaySender:
    """Sends replayed records and counts the broker's answers."""

    def __init__(self, producer: ReplayProducer, target: ReplayTarget, clock: Clock) -> None:
        self._producer = producer
        self._target = target
        self._clock = clock
        self.acknowledged = 0
        self.failed = 0
        self.failures: list[ReplayFailure] = []

    def send(self, letter: StoredDeadLetter, replayed_at: datetime) -> None:
        """Queue the record; waits for room in the queue."""
        message = replayed_message(letter, replayed_at)
        partition = letter.source.partition if letter.source and self._target.is_source else ANY_PARTITION

        def report(error: KafkaError | None, _message: Message) -> None:
            if error is None:
                self.acknowledged += 1
            else:
                self._note_failure(letter, error.name())

        deadline = self._clock.monotonic() + ROOM_WAIT_S_MAX
        while True:
            try:
                self._producer.produce(
                    self._target.topic,
                    value=message.value,
                    key=message.key,
                    partition=partition,
                    timestamp=message.timestamp_ms,
                    headers=message.headers,
                    on_delivery=report,
                )
            except BufferError:
                self._producer.poll(ROOM_WAIT_S)
                if self._clock.monotonic() >= deadline:
                    raise RetriableError("the producer's queue stays full: is the broker up?") from None
            except KafkaException as exception:
                self._note_failure(letter, exception.args[0].name())
                return
            else:
                self._producer.poll(0)
                return

    def finish(self) -> None:
        """Wait for the broker's answers; what is not answered in time has failed."""
        deadline = self._clock.monotonic() + FLUSH_S_MAX
        while (left := self._producer.flush(1.0)) and self._clock.monotonic() < deadline:
            pass
        self.failed += left

    def _note_failure(self, letter: StoredDeadLetter, error: str) -> None:
        self.failed += 1
        if len(self.failures) < FAILURES_KEPT_MAX:
            self.failures.append(ReplayFailure(letter.stored.partition, letter.stored.offset, error))


def replayed_message(letter: StoredDeadLetter, replayed_at: datetime) -> OutgoingMessage:
    """Return the record as it came, key, value, headers and time stamp, with where it comes from in headers.

    `of` names the record that failed last; topic, partition and offset the one that failed first.
    """
    stored, source = letter.stored, letter.source or Source("", 0, 0)
    before = read_headers(stored.headers, REPLAYED_PREFIX)
    origin: Mapping[str, str] = {
        "topic": before.get("topic", source.topic),
        "partition": before.get("partition", str(source.partition)),
        "offset": before.get("offset", str(source.offset)),
        "of": f"{source.topic}@{source.partition}:{source.offset}",
        "attempts": str(letter.attempts),
        "at": replayed_at.isoformat(),
    }
    headers: MessageHeaders = [pair for pair in stored.headers if not is_added(pair[0])]
    headers += [(REPLAYED_PREFIX + name, text.encode()) for name, text in origin.items()]
    return OutgoingMessage(stored.key, stored.value, headers, max(0, stored.timestamp_ms))


def is_added(name: str) -> bool:
    """Return whether a header was added by a dead letter or by its replay."""
    return name.startswith((DEAD_LETTER_PREFIX, REPLAYED_PREFIX))
